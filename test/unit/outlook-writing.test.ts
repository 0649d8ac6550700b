import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComposeAttachment } from '../../src/domain/compose.ts';
import { isMailError } from '../../src/domain/error.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';
import { compose, file, filesOf, noise, read } from '../support/mail/composing.ts';

let lab: Lab;
let account: Account;
beforeAll(async () => {
  lab = await openLab('OUTLOOK');
  account = await lab.account('writer');
});
afterAll(() => lab.close());

const MB = 1024 * 1024;
const save = (given: Parameters<typeof compose>[0], id: string | null = null, ifVersion: string | null = null) =>
  account.session.saveDraft({ id, ifVersion, compose: compose(given) }, interactive());
const fault = (operation: string, what: object) =>
  lab.control('/faults', { vendor: 'microsoft', account: account.address, operation, times: 1, ...what });
const operations = async (): Promise<string[]> =>
  (await lab.control<{ records: { operation: string }[] }>('/log')).records.map(({ operation }) => operation);

/** A file that is generated while it is read, and is never in memory as a whole. */
function endless(filename: string, sizeBytes: number): ComposeAttachment {
  return {
    filename,
    mimeType: 'video/mp4',
    sizeBytes,
    contentId: null,
    async open() {
      let left = sizeBytes;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = new Uint8Array(Math.min(65_536, left)).fill(7);
          left -= piece.length;
          if (piece.length === 0) controller.close();
          else controller.enqueue(piece);
        },
      });
    },
  };
}

describe('a large file', () => {
  const bytes = noise(9 * MB + 11);
  const large = () => file('large.bin', bytes);

  it.each([
    ['a piece whose answer is lost', 'PUT (uploadUrl)', { loseAnswer: true }],
    ['a piece that is refused for now', 'PUT (uploadUrl)', { status: 503 }],
    ['the answer to the last piece lost', 'PUT (uploadUrl)', { loseAnswer: true, share: 1 / 3 }],
    ['a lost answer to how far it has come', 'GET (uploadUrl)', { loseAnswer: true }],
  ])('survives %s', async (_, operation, what) => {
    await fault(operation, what);
    if (operation.startsWith('GET')) await fault('PUT (uploadUrl)', { loseAnswer: true });
    const draft = await save({ subject: 'survivor', attachments: [large()] });
    const files = await filesOf(account.session, await read(account.session, draft.id));
    expect([...files.keys()]).toEqual(['large.bin']);
    expect(files.get('large.bin')?.equals(bytes)).toBe(true);
    expect(await lab.control('/faults')).toEqual([]);
  });

  it('is given up when its pieces keep failing, and leaves no draft', async () => {
    await fault('PUT (uploadUrl)', { status: 503, times: 50 });
    await expect(save({ subject: 'hopeless', attachments: [large()] })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
    await lab.control('/faults', undefined, 'DELETE');
    expect(await operations()).toContain('DELETE (uploadUrl)');
    const { items } = await account.session.listDrafts({ size: 50, after: null }, interactive());
    expect(items.filter((d) => 'message' in d && d.message.subject === 'hopeless')).toEqual([]);
  });

  it('is limited by what the mailbox accepts, which its administrator decides', async () => {
    const attachments = [endless('film.mp4', 40 * MB)];
    await expect(save({ subject: 'film', attachments })).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/40\.0 MB.*35\.0 MB/),
    });
    await lab.control('/limits', { vendor: 'microsoft', account: account.address, maxMessageBytes: 60 * MB });
    const draft = await save({ subject: 'film', attachments });
    expect((await read(account.session, draft.id)).content?.attachments).toMatchObject([
      { filename: 'film.mp4', sizeBytes: 40 * MB, mimeType: 'video/mp4' },
    ]);
    // The mailbox has no room for both files, so the old one is deleted before the new one is uploaded.
    const again = await save(
      { subject: 'film 2', attachments: [endless('film 2.mp4', 40 * MB)] },
      draft.id,
      draft.version,
    );
    expect((await read(account.session, again.id)).content?.attachments.map((a) => a.filename)).toEqual(['film 2.mp4']);
  });
});

describe('a draft', () => {
  it('keeps one of two simultaneous revisions, and refuses the other', async () => {
    const { id, version } = await save({ subject: 'both' });
    const both = await Promise.allSettled([
      save({ subject: 'one' }, id, version),
      save({ subject: 'two' }, id, version),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const lost = both.find((r) => r.status === 'rejected');
    expect(lost?.reason).toMatchObject({ code: 'CONFLICT' });
  });

  it('is found by its Message-ID when its creation was not answered, and is created once', async () => {
    await fault('POST /me/messages', { loseAnswer: true });
    const draft = await save({ subject: 'made once' });
    expect(draft.message.isDraft).toBe(true);
    const { items } = await account.session.listDrafts({ size: 50, after: null }, interactive());
    expect(items.filter((d) => 'message' in d && d.message.subject === 'made once')).toHaveLength(1);
  });

  it('that replies to a missing message becomes a message of its own', async () => {
    const original = await read(
      account.session,
      await account.deliver({ from: 'a@x.example', subject: 'Gone', text: 'x' }),
    );
    await account.session.deleteForever([original.id], interactive());
    const origin = { kind: 'reply', messageId: original.id, threadId: original.threadId } as const;
    const draft = await save({ subject: 'Re: Gone', origin, inReplyTo: [original.internetMessageId ?? ''] });
    expect((await read(account.session, draft.id)).content?.inReplyTo).toEqual([original.internetMessageId]);
  });

  it('that forwards contains the files it was given, and not those of the original as well', async () => {
    const attachments = [{ filename: 'old.txt', contentBase64: 'b2xk' }];
    const messageId = await account.deliver({ from: 'a@x.example', subject: 'Files', text: 'x', attachments });
    const original = await read(account.session, messageId);
    const origin = { kind: 'forward', messageId, threadId: original.threadId } as const;
    for (const given of [[file('new.bin', noise(10))], [file('new.bin', noise(4 * MB))]]) {
      const draft = await save({ subject: 'Fwd: Files', origin, attachments: given });
      const { content, threadId } = await read(account.session, draft.id);
      expect(threadId).toBe(original.threadId);
      expect(content?.attachments.map((a) => a.filename)).toEqual(['new.bin']);
    }
  });

  it('marks the message that it replies to when it is sent', async () => {
    const messageId = await account.deliver({ from: 'a@x.example', subject: 'Answer me', text: 'x' });
    expect((await read(account.session, messageId)).isAnswered).toBe(false);
    const origin = { kind: 'reply', messageId, threadId: null } as const;
    const draft = await save({ subject: 'Re: Answer me', to: [{ name: null, address: 'a@x.example' }], origin });
    await account.session.send(draft.id, interactive());
    expect((await read(account.session, messageId)).isAnswered).toBe(true);
  });
});

describe('changing many messages', () => {
  it('keeps hundreds within the limits, and retries what is refused for now', async () => {
    const ids = await Promise.all(
      Array.from({ length: 400 }, (_, n) => account.deliver({ from: 'a@x.example', subject: `n${n}`, text: 'x' })),
    );
    const deletedIds = new Set(ids.filter((_, n) => n % 100 === 7));
    await account.session.deleteForever([...deletedIds], interactive());
    await lab.control('/log', undefined, 'DELETE');
    await lab.control('/faults', {
      vendor: 'microsoft',
      account: account.address,
      operation: 'PATCH /me/messages/{id}',
      status: 429,
      retryAfterSeconds: 0,
      share: 0.05,
    });
    const patches = ids.map((id) => ({
      id,
      isRead: true,
      addMailboxIds: ['category:Read'],
      moveTo: 'ARCHIVE' as const,
    }));
    const results = await account.session.update(patches, { ...interactive(), priority: 'background' });
    await lab.control('/faults', undefined, 'DELETE');
    for (const [n, result] of results.entries()) {
      if (deletedIds.has(ids[n] ?? '')) expect(isMailError(result) && result.code).toBe('NOT_FOUND');
      else expect(result).toMatchObject({ id: ids[n], isRead: true, isAnswered: false });
    }
    const { records } = await lab.control<{ records: { operation: string; status: number }[] }>('/log?limit=20000');
    const throttled = records.filter((r) => r.status === 429 && !r.operation.startsWith('PATCH'));
    expect(throttled).toEqual([]);
  });

  it('sends no further batches after one was not answered, and reports it for every message', async () => {
    const ids = await Promise.all(
      Array.from({ length: 90 }, (_, n) => account.deliver({ from: 'a@x.example', subject: `s${n}`, text: 'x' })),
    );
    await lab.control('/log', undefined, 'DELETE');
    await fault('POST /$batch', { hang: 'release', times: 100 });
    // The log lacks what a busy machine has not sent within this time, so the timeout is generous.
    const impatient = { ...interactive(), attemptTimeoutMs: 3_000 };
    const results = await account.session.update(
      ids.map((id) => ({ id, isStarred: true })),
      impatient,
    );
    await lab.control('/faults', undefined, 'DELETE');
    expect(results.map((result) => isMailError(result) && result.code)).toEqual(ids.map(() => 'TIMEOUT'));
    await expect.poll(operations).toEqual(expect.arrayContaining(['POST /$batch']));
    expect((await operations()).filter((operation) => operation === 'POST /$batch')).toHaveLength(1);
  });

  it('moves messages into the added folder, and refuses two folders, or none', async () => {
    const messageId = await account.deliver({ from: 'a@x.example', subject: 'move', text: 'x' });
    const [one, two] = await Promise.all(
      ['One', 'Two'].map((name) => account.session.saveMailbox({ id: null, name }, interactive())),
    );
    const change = (patch: object) => account.session.update([{ id: messageId, ...patch }], interactive());
    const [moved] = await change({ addMailboxIds: [one?.id, 'category:Blue'], isImportant: true });
    expect(moved).toMatchObject({ mailboxIds: [one?.id, 'category:Blue'], isImportant: true });
    const [between] = await change({ addMailboxIds: [one?.id, two?.id] });
    expect(between).toMatchObject({ code: 'INVALID' });
    const [nowhere] = await change({ removeMailboxIds: [one?.id] });
    expect(nowhere).toMatchObject({ code: 'INVALID' });
    const [relabelled] = await change({ moveTo: { mailboxId: two?.id, fromMailboxId: 'category:Blue' } });
    expect(relabelled).toMatchObject({ mailboxIds: [two?.id] });
  });

  it('leaves what was deleted meanwhile deleted', async () => {
    const messageId = await account.deliver({ from: 'a@x.example', subject: 'dead', text: 'x' });
    const touched = { vendor: 'microsoft', account: account.address, id: messageId, change: 'delete' };
    await lab.control('/touch', touched);
    const [result] = await account.session.update([{ id: messageId, moveTo: 'INBOX' }], interactive());
    expect(result).toMatchObject({ code: 'NOT_FOUND' });
    const [message] = await account.session.getMessages([messageId], 'envelope', interactive());
    expect(message).toMatchObject({ code: 'NOT_FOUND' });
  });
});
