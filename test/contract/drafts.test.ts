import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Compose } from '../../src/domain/compose.ts';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import type { Draft } from '../../src/providers/contract/mail-session.ts';
import { type Account, interactive, type Lab, openLab, WRITING_PROVIDER_IDS } from '../support/app/lab.ts';
import { compose, file } from '../support/mail/compose.ts';

const MB = 1024 * 1024;

describe.each(WRITING_PROVIDER_IDS)('%s: drafts', (id) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('drafter');
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(() => lab.close());

  const save = (given: Partial<Compose> = {}, draftId: string | null = null, ifVersion: string | null = null) =>
    account.session.saveDraft({ id: draftId, ifVersion, compose: compose(given) }, interactive());
  const get = async (draftId: string): Promise<Draft> => {
    const [draft] = await account.session.getDrafts([draftId], interactive());
    if (!draft || isMailError(draft)) throw draft;
    return draft;
  };
  const full = async (messageId: string): Promise<Message & { content: NonNullable<Message['content']> }> => {
    const [message] = await account.session.getMessages([messageId], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    if (!message.content) throw new Error('no content');
    return { ...message, content: message.content };
  };
  const bytesOf = async (message: Message): Promise<[string | null, Buffer][]> =>
    Promise.all(
      (message.content?.attachments ?? []).map(async (attachment): Promise<[string | null, Buffer]> => {
        const body = await account.session.readAttachment(message.id, attachment.id, interactive());
        return [attachment.filename, Buffer.from(await new Response(body).arrayBuffer())];
      }),
    );
  const listed = async (): Promise<string[]> => {
    const { items } = await account.session.listDrafts({ size: 100, after: null }, interactive());
    return items.map((item) => (isUnreadable(item) ? 'unreadable' : item.id));
  };

  it('stores one, lists it, and gives one slot per id', async () => {
    const draft = await save();
    expect(draft.message).toMatchObject({ subject: 'Grüße 日本', isDraft: true, to: [{ name: 'Böhm, Zoë' }] });
    expect(await listed()).toContain(draft.id);
    const [found, missing] = await account.session.getDrafts([draft.id, 'AAAAgone'], interactive());
    expect(found).toMatchObject({ id: draft.id, version: draft.version, message: { id: draft.message.id } });
    expect(isMailError(missing) && missing.code).toBe('NOT_FOUND');
  });

  it('keeps the id and changes the version with each revision, which is the whole message again', async () => {
    const first = await save({ cc: [{ name: null, address: 'cc@example.org' }] });
    const before = await listed();
    let { version } = first;
    const versions = new Set([version]);
    for (const subject of ['second', 'third']) {
      const revised = await save({ subject, html: `<p>${subject}</p>` }, first.id, version);
      expect(revised.id).toBe(first.id);
      version = revised.version;
      versions.add(version);
    }
    expect(versions.size).toBe(3);
    expect(await listed()).toEqual(expect.arrayContaining(before));
    expect(await listed()).toHaveLength(before.length);
    const draft = await get(first.id);
    expect(draft).toMatchObject({ version, message: { subject: 'third', cc: [] } });
    expect((await full(draft.message.id)).content.html).toContain('<p>third</p>');
  });

  it('overwrites nothing that was changed elsewhere, and says so', async () => {
    const draft = await save({ subject: 'read here' });
    const elsewhere = await save({ subject: 'changed elsewhere' }, draft.id);
    await expect(save({ subject: 'mine' }, draft.id, draft.version)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(account.session.deleteDraft(draft.id, draft.version, interactive())).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await get(draft.id)).toMatchObject({
      version: elsewhere.version,
      message: { subject: 'changed elsewhere' },
    });
    expect((await save({ subject: 'mine' }, draft.id, elsewhere.version)).message.subject).toBe('mine');
  });

  it('says NOT_FOUND of one that was deleted or sent', async () => {
    const [deleted, sent] = [await save(), await save({ subject: 'goes' })];
    await account.session.deleteDraft(deleted.id, deleted.version, interactive());
    await account.session.send(sent.id, interactive());
    for (const { id: gone, version } of [deleted, sent]) {
      const [slot] = await account.session.getDrafts([gone], interactive());
      expect(isMailError(slot) && slot.code).toBe('NOT_FOUND');
      for (const ifVersion of [null, version]) {
        await expect(save({}, gone, ifVersion)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(account.session.deleteDraft(gone, ifVersion, interactive())).rejects.toMatchObject({
          code: 'NOT_FOUND',
        });
      }
      expect(await listed()).not.toContain(gone);
    }
  });

  it('attaches files byte for byte, whatever they are called, and drops those of the revision before', async () => {
    const files = [
      file('plain.bin', randomBytes(5_000)),
      file('報告書 🎉 für Zoë.pdf', randomBytes(70_000), { mimeType: 'application/pdf' }),
      file('empty.txt', Buffer.alloc(0), { mimeType: 'text/plain' }),
      file('crlf.txt', Buffer.from('a\nb\r\nc\rd'), { mimeType: 'text/plain' }),
    ];
    const draft = await save({ attachments: files, html: '<p>see the files</p>' });
    const message = await full(draft.message.id);
    const found = await bytesOf(message);
    expect(found.map(([name]) => name)).toEqual(files.map(({ filename }) => filename));
    for (const [index, sent] of files.entries()) {
      const bytes = Buffer.from(await new Response(await sent.open(new AbortController().signal)).arrayBuffer());
      expect(found[index]?.[1].equals(bytes)).toBe(true);
    }
    const revised = await save({ attachments: [file('only.bin', Buffer.from('one'))] }, draft.id, draft.version);
    expect(await bytesOf(await full(revised.message.id))).toEqual([['only.bin', Buffer.from('one')]]);
  });

  it('shows an image inside the HTML, and derives the text', async () => {
    const logo = file('logo.png', randomBytes(900), { mimeType: 'image/png', contentId: 'logo-1@postern.test' });
    const html = '<h1>Look</h1><p>here: <img src="cid:logo-1@postern.test"> &amp; there</p>';
    const draft = await save({ text: null, html, attachments: [logo, file('beside.bin', Buffer.from('x'))] });
    const { content } = await full(draft.message.id);
    expect(content.html).toContain('cid:logo-1@postern.test');
    expect(content.text).toMatch(/Look[\s\S]*& there/i);
    const shown = content.attachments.map(({ filename, isInline, contentId }) => [filename, isInline, contentId]);
    expect(shown).toContainEqual(['logo.png', true, 'logo-1@postern.test']);
    expect(shown.find(([name]) => name === 'beside.bin')?.[1]).toBe(false);
  });

  it('takes a large file in pieces, also when an answer is lost on the way', async () => {
    const bytes = randomBytes(9 * MB);
    const operation = lab.operations.upload;
    await lab.control('/faults', {
      vendor: lab.vendor,
      account: account.address,
      operation,
      loseAnswer: true,
      times: 1,
    });
    const before = await listed();
    const draft = await save({ subject: 'large', attachments: [file('large.bin', bytes)] });
    // The fault is used up, so it has applied to a piece.
    expect(await lab.control('/faults')).toEqual([]);
    expect(await listed()).toHaveLength(before.length + 1);
    const [found] = await bytesOf(await full(draft.message.id));
    expect(found?.[1].equals(bytes)).toBe(true);
    await account.session.deleteDraft(draft.id, null, interactive());
  });

  it('refuses files that come to more than the provider takes before it asks anything of it', async () => {
    const { maxAttachmentBytes } = lab.capabilities;
    const big = file('big.bin', Buffer.from('x'), { sizeBytes: maxAttachmentBytes });
    await lab.control('/log', undefined, 'DELETE');
    await expect(save({ attachments: [big, file('more.bin', Buffer.from('more'))] })).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/\d MB.*\d MB/),
    });
    expect(big.opened).toBe(0);
    expect((await lab.control<{ totals: { requests: number } }>('/log?limit=0')).totals.requests).toBe(0);
  });

  it('puts a reply into the conversation that it answers, and keeps it there when it is revised and sent', async () => {
    const originalId = '<question@example.org>';
    const original = await account.deliver({
      from: 'zoe@example.org',
      subject: 'Question',
      text: '?',
      messageId: originalId,
      receivedAt: new Date(Date.now() - 60_000).toISOString(),
    });
    const [question] = await account.session.getMessages([original], 'envelope', interactive());
    if (!question || isMailError(question)) throw question;
    const answer: Partial<Compose> = {
      to: [{ name: null, address: 'zoe@example.org' }],
      subject: 'Re: Question',
      text: 'An answer 日本',
      inReplyTo: ['question@example.org'],
      references: ['question@example.org'],
      origin: { kind: 'reply', messageId: original, threadId: question.threadId },
    };
    const draft = await save({ ...answer, attachments: [file('a.bin', Buffer.from('abc'))] });
    expect(draft.message.threadId).toBe(question.threadId);
    const revised = await save(
      { ...answer, text: 'A better one', html: '<p>A better one</p>' },
      draft.id,
      draft.version,
    );
    expect(revised.message.threadId).toBe(question.threadId);
    const { content } = await full(revised.message.id);
    expect(content.inReplyTo).toEqual(['question@example.org']);
    expect(content.references).toContain('question@example.org');
    expect(content.html).toContain('A better one');
    await account.session.send(draft.id, interactive());
    const [thread] = await account.session.getThreads([question.threadId ?? ''], interactive());
    if (!thread || isMailError(thread)) throw thread;
    expect(thread.messages.map((m) => [m.subject, m.isDraft])).toEqual([
      ['Question', false],
      ['Re: Question', false],
    ]);
  });

  it('lets no value begin a header of its own', async () => {
    const evil = 'x\r\nBcc: victim@example.org';
    const hostile: Partial<Compose>[] = [
      { subject: evil },
      { to: [{ name: evil, address: 'a@example.org' }] },
      { cc: [{ name: null, address: `a@example.org\nBcc: victim@example.org` }] },
      { replyTo: [{ name: evil, address: 'a@example.org' }] },
      { attachments: [file(evil, Buffer.from('x'))] },
      { attachments: [file('x', Buffer.from('x'), { mimeType: `text/plain${evil}` })] },
      { html: '<img src="cid:x">', attachments: [file('x', Buffer.from('x'), { contentId: evil })] },
      { inReplyTo: [evil], references: [evil] },
    ];
    const before = await listed();
    for (const given of hostile) await expect(save(given)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await listed()).toEqual(before);
  });

  it('leaves one draft behind when the answer to saving is lost', async () => {
    const operation = lab.operations.save;
    await lab.control('/faults', {
      vendor: lab.vendor,
      account: account.address,
      operation,
      loseAnswer: true,
      times: 1,
    });
    const written = { subject: `lost ${randomBytes(4).toString('hex')}` };
    const before = await listed();
    const outcome = await save(written).catch((error: unknown) => error);
    const after = await listed();
    expect(after.length - before.length).toBeLessThanOrEqual(1);
    if (isMailError(outcome)) expect(outcome.code).toBe('PROVIDER_UNAVAILABLE');
    else expect(after).toContain((outcome as Draft).id);
  });

  it('refuses all of it where only reading was granted', async () => {
    const reader = await lab.account('draft-reader', 'READ');
    const refusal = { code: 'FORBIDDEN', message: expect.stringContaining('WRITE') };
    await expect(
      reader.session.saveDraft({ id: null, ifVersion: null, compose: compose() }, interactive()),
    ).rejects.toMatchObject(refusal);
    await expect(reader.session.deleteDraft('any', null, interactive())).rejects.toMatchObject(refusal);
    await expect(reader.session.send('any', interactive())).rejects.toMatchObject(refusal);
  });
});
