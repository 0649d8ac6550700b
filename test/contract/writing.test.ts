import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compose } from '../../src/domain/compose.ts';
import { isMailError } from '../../src/domain/error.ts';
import type { MailboxRole } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, WRITING_PROVIDER_IDS } from '../support/app/lab.ts';

describe.each(WRITING_PROVIDER_IDS)('%s: writing', (id) => {
  let lab: Lab;
  let account: Account;
  const boxes: Partial<Record<MailboxRole, string>> = {};
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('writer');
    for (const box of await account.session.listMailboxes(interactive())) if (box.role) boxes[box.role] = box.id;
  });
  afterAll(() => lab.close());

  const arrives = (subject: string) => account.deliver({ from: 'a@example.org', subject, text: 'x' });
  const read = async (messageId: string): Promise<Message> => {
    const [message] = await account.session.getMessages([messageId], 'envelope', interactive());
    if (!message || isMailError(message)) throw message;
    return message;
  };
  const compose = (extra: Partial<Compose> = {}): Compose => ({
    from: null,
    to: [{ name: 'Böhm, Zoë', address: 'zoe@example.org' }],
    cc: [],
    bcc: [{ name: null, address: 'hidden@example.org' }],
    replyTo: [],
    subject: 'Grüße 日本',
    text: 'Erste Zeile\nzweite Zeile',
    html: null,
    attachments: [],
    inReplyTo: [],
    references: [],
    origin: null,
    internetMessageId: `made-${Math.random().toString(36).slice(2)}@postern.test`,
    ...extra,
  });

  it('marks read and starred, twice with the same outcome, and gives the message as it is then', async () => {
    const messageId = await arrives('mark me');
    for (let i = 0; i < 2; i++) {
      const [message] = await account.session.update([{ id: messageId, isRead: true, isStarred: true }], interactive());
      expect(message).toMatchObject({ id: messageId, isRead: true, isStarred: true, subject: 'mark me' });
    }
    const [undone] = await account.session.update([{ id: messageId, isStarred: false }], interactive());
    expect(undone).toMatchObject({ isRead: true, isStarred: false });
    expect(await read(messageId)).toMatchObject({ isRead: true, isStarred: false });
  });

  it('archives, trashes and brings back, keeping the id', async () => {
    const messageId = await arrives('move me');
    await account.session.update([{ id: messageId, moveTo: 'ARCHIVE' }], interactive());
    expect((await read(messageId)).mailboxIds).not.toContain(boxes.INBOX);
    await account.session.update([{ id: messageId, moveTo: 'TRASH' }], interactive());
    expect((await read(messageId)).mailboxIds).toContain(boxes.TRASH);
    const [again] = await account.session.update([{ id: messageId, moveTo: 'TRASH' }], interactive());
    expect(isMailError(again)).toBe(false);
    await account.session.update([{ id: messageId, moveTo: 'INBOX' }], interactive());
    const back = (await read(messageId)).mailboxIds;
    expect(back).toContain(boxes.INBOX);
    expect(back).not.toContain(boxes.TRASH);
  });

  it('changes many at once, each with its own outcome', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => arrives(`many ${i}`)));
    const patches = [...ids.slice(0, 15), 'AAAAgone', ...ids.slice(15)].map((x) => ({ id: x, isRead: true }));
    const results = await account.session.update(patches, interactive());
    expect(results).toHaveLength(31);
    expect(isMailError(results[15]) && results[15].code).toBe('NOT_FOUND');
    expect(results.filter((r) => !isMailError(r) && r.isRead)).toHaveLength(30);
    expect(results.map((r) => (isMailError(r) ? 'AAAAgone' : r.id))).toEqual(patches.map((p) => p.id));
  });

  it('stores a draft, sends it once, and can be asked what became of it', async () => {
    const written = compose();
    const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: written }, interactive());
    expect(draft.message).toMatchObject({
      subject: 'Grüße 日本',
      isDraft: true,
      internetMessageId: written.internetMessageId,
    });
    const submitted = { draftId: draft.id, internetMessageId: written.internetMessageId, since: new Date(0) };
    expect(await account.session.probe(submitted, interactive())).toEqual({ state: 'not-sent' });
    const drafts = await account.session.listDrafts({ size: 10, after: null }, interactive());
    expect(drafts.items.map((d) => (isUnreadable(d) ? null : d.id))).toContain(draft.id);
    await account.session.send(draft.id, interactive());
    expect(await account.session.probe(submitted, interactive())).toMatchObject({ state: 'sent' });
    const sent = await account.session.listMessages(
      { mailboxId: boxes.SENT ?? '', where: null },
      { size: 10, after: null },
      interactive(),
    );
    const copy = sent.items[0];
    if (!copy || isUnreadable(copy)) throw copy?.error;
    expect(copy).toMatchObject({ subject: 'Grüße 日本', isDraft: false });
    expect(copy.to).toEqual(written.to);
    const [full] = await account.session.getMessages([copy.id], 'full', interactive());
    if (!full || isMailError(full)) throw full;
    expect(full.content?.text?.trim().split(/\r?\n/)).toEqual(['Erste Zeile', 'zweite Zeile']);
    await expect(account.session.send(draft.id, interactive())).rejects.toMatchObject({ name: 'MailError' });
  });

  it('sends once when the answer is lost', async () => {
    const written = compose({ subject: 'lost answer' });
    const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: written }, interactive());
    const operation = lab.operations.send;
    await lab.control('/faults', {
      vendor: lab.vendor,
      account: account.address,
      operation,
      loseAnswer: true,
      times: 1,
    });
    await expect(account.session.send(draft.id, interactive())).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const submitted = { draftId: draft.id, internetMessageId: written.internetMessageId, since: new Date(0) };
    expect(await account.session.probe(submitted, interactive())).toMatchObject({ state: 'sent' });
    const sent = await account.session.listMessages(
      { mailboxId: boxes.SENT ?? '', where: null },
      { size: 50, after: null },
      interactive(),
    );
    const copies = sent.items.filter((m) => !isUnreadable(m) && m.subject === written.subject);
    expect(copies).toHaveLength(1);
    await lab.control('/faults', undefined, 'DELETE');
  });

  it('keeps both bodies and the reply address', async () => {
    const draft = await account.session.saveDraft(
      {
        id: null,
        ifVersion: null,
        compose: compose({
          html: '<p>Hallo <b>Welt</b></p>',
          replyTo: [{ name: null, address: 'answers@example.org' }],
        }),
      },
      interactive(),
    );
    const [full] = await account.session.getMessages([draft.message.id], 'full', interactive());
    if (!full || isMailError(full)) throw full;
    expect(full.content?.html).toContain('<b>Welt</b>');
    expect(full.replyTo.map((a) => a.address)).toEqual(['answers@example.org']);
  });

  it('refuses to write where only reading was granted, naming the access', async () => {
    const reader = await lab.account('only-reader', 'READ');
    const messageId = await reader.deliver({ from: 'a@example.org', subject: 'hands off', text: 'x' });
    const outcome = await reader.session.update([{ id: messageId, isRead: true }], interactive()).then(
      (results) => results[0],
      (error: unknown) => error,
    );
    expect(outcome).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('WRITE') });
    await expect(
      reader.session.saveDraft({ id: null, ifVersion: null, compose: compose() }, interactive()),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('names its identities', async () => {
    const identities = await account.session.identities(interactive());
    expect(identities.filter((i) => i.isDefault)).toMatchObject([{ address: account.address }]);
  });
});
