import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Mailbox, MailboxKind, MailboxRole } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import type { MailboxPatch, Patch } from '../../src/providers/contract/mail-session.ts';
import { type Account, interactive, type Lab, openLab, WRITING_PROVIDER_IDS } from '../support/app/lab.ts';
import { FOREIGN_MAILBOX_IDS } from '../support/mail/foreign-mailboxes.ts';

describe.each(WRITING_PROVIDER_IDS)('%s: organising', (id) => {
  let lab: Lab;
  let account: Account;
  let boxes: Partial<Record<MailboxRole, string>>;
  let can: Lab['capabilities']['mailboxes'];
  beforeAll(async () => {
    lab = await openLab(id);
    can = lab.capabilities.mailboxes;
    account = await lab.account('organiser');
    boxes = Object.fromEntries((await list()).flatMap(({ role, id }) => (role ? [[role, id]] : [])));
  });
  afterAll(() => lab.close());

  const list = () => account.session.listMailboxes(interactive());
  const box = async (mailboxId: string): Promise<Mailbox | undefined> => (await list()).find((m) => m.id === mailboxId);
  const saveBox = (patch: Partial<MailboxPatch>) => account.session.saveMailbox({ id: null, ...patch }, interactive());
  const arrives = (subject: string, more: object = {}) =>
    account.deliver({ from: 'a@example.org', subject, text: 'x', ...more });
  const change = async (patch: Patch): Promise<Message> => {
    const [message] = await account.session.update([patch], interactive());
    if (!message || isMailError(message)) throw message;
    return message;
  };
  const requests = async () => (await lab.control<{ totals: { requests: number } }>('/log?limit=0')).totals.requests;
  const kinds = (verb: keyof typeof can): readonly MailboxKind[] => can[verb];
  let made = 0;
  const unsupported = { code: 'UNSUPPORTED' };
  const newName = () => `Made ${++made} für 日本`;

  it('files nothing under what is no mailbox of its list', async () => {
    const messageId = await arrives('a star', { isStarred: true });
    for (const foreign of FOREIGN_MAILBOX_IDS) {
      const [put] = await account.session.update([{ id: messageId, addMailboxIds: [foreign] }], interactive());
      expect(isMailError(put)).toBe(true);
    }
    expect(await change({ id: messageId })).toMatchObject({ isRead: false, isStarred: true });
  });

  it('makes mailboxes of every kind that it says it can, and lists them', async () => {
    if (can.create.length === 0) return expect(saveBox({ name: newName() })).rejects.toMatchObject(unsupported);
    for (const kind of can.create) {
      const name = newName();
      const saved = await saveBox({ name, kind });
      expect(saved).toMatchObject({ name, kind, role: null, parentId: null });
      expect(await box(saved.id)).toMatchObject({ id: saved.id, name, kind, parentId: null });
      await expect(saveBox({ name, kind })).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(saveBox({ name: name.toUpperCase(), kind })).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    const [first] = can.create.includes('FOLDER') ? (['FOLDER'] as const) : can.create;
    expect(await saveBox({ name: newName() })).toMatchObject({ kind: first });
  });

  it('gives another name where it says it can, and refuses clearly where not', async () => {
    for (const kind of can.create) {
      const saved = await saveBox({ name: newName(), kind });
      const name = newName();
      const renaming = saveBox({ id: saved.id, name });
      if (kinds('rename').includes(kind)) {
        expect(await renaming).toMatchObject({ id: saved.id, name });
        expect(await box(saved.id)).toMatchObject({ name });
        const other = await saveBox({ name: newName(), kind });
        await expect(saveBox({ id: other.id, name })).rejects.toMatchObject({ code: 'CONFLICT' });
        // A mailbox may keep its name, and change its case.
        expect(await saveBox({ id: saved.id, name: name.toUpperCase() })).toMatchObject({ name: name.toUpperCase() });
      } else {
        await expect(renaming).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('name') });
      }
    }
  });

  it('puts mailboxes below others, moves them, and takes what is below along', async () => {
    for (const kind of can.create) {
      const parent = await saveBox({ name: newName(), kind });
      const [childName, deepName] = [newName(), newName()];
      const nesting = saveBox({ name: childName, kind, parentId: parent.id });
      if (!kinds('nest').includes(kind)) {
        await expect(nesting).rejects.toMatchObject({ code: 'UNSUPPORTED' });
        continue;
      }
      const child = await nesting;
      expect(child).toMatchObject({ name: childName, parentId: parent.id });
      const deep = await saveBox({ name: deepName, kind, parentId: child.id });
      const renamed = await saveBox({ id: parent.id, name: newName() });
      expect(renamed.id).toBe(parent.id);
      expect(await box(child.id)).toMatchObject({ name: childName, parentId: parent.id });
      expect(await box(deep.id)).toMatchObject({ name: deepName, parentId: child.id });

      await expect(saveBox({ id: parent.id, parentId: deep.id })).rejects.toMatchObject({ name: 'MailError' });
      await expect(saveBox({ id: parent.id, parentId: parent.id })).rejects.toMatchObject({ name: 'MailError' });
      await expect(saveBox({ id: child.id, parentId: 'AAAAgone' })).rejects.toMatchObject({ code: 'NOT_FOUND' });

      expect(await saveBox({ id: child.id, parentId: null })).toMatchObject({ name: childName, parentId: null });
      expect(await box(deep.id)).toMatchObject({ name: deepName, parentId: child.id });
      // Two parents may each have a child with the same name.
      const twin = await saveBox({ name: childName, kind, parentId: parent.id });
      await expect(saveBox({ id: child.id, parentId: parent.id })).rejects.toMatchObject({ code: 'CONFLICT' });
      await account.session.deleteMailbox(twin.id, interactive());
      expect(await saveBox({ id: child.id, parentId: parent.id })).toMatchObject({ parentId: parent.id });
    }
  });

  it('takes the nearest colour', async () => {
    for (const kind of can.create) {
      if (!kinds('color').includes(kind)) {
        await expect(saveBox({ name: newName(), kind, color: '#cc0000' })).rejects.toMatchObject({
          code: 'UNSUPPORTED',
        });
        continue;
      }
      const saved = await saveBox({ name: newName(), kind, color: '#d01010' });
      const [red = 0, green = 0, blue = 0] = channels(saved.color);
      expect(red).toBeGreaterThan(green + 60);
      expect(red).toBeGreaterThan(blue + 60);
      const bluer = await saveBox({ id: saved.id, color: '#1020e0' });
      const [r = 0, , b = 0] = channels(bluer.color);
      expect(b).toBeGreaterThan(r);
      expect((await box(saved.id))?.color).toBe(bluer.color);
      expect((await saveBox({ id: saved.id, color: bluer.color })).color).toBe(bluer.color);
      expect((await saveBox({ id: saved.id, color: null })).color).toBeNull();
      expect((await box(saved.id))?.color).toBeNull();
      await expect(saveBox({ id: saved.id, color: 'reddish' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });

  it('deletes a mailbox, and what lies below it, and no other', async () => {
    for (const kind of can.create) {
      const saved = await saveBox({ name: newName(), kind });
      const below = kinds('nest').includes(kind) ? [await saveBox({ name: 'below', kind, parentId: saved.id })] : [];
      const before = await list();
      await account.session.deleteMailbox(saved.id, interactive());
      const gone = new Set([saved, ...below].map((m) => m.id));
      const left = (await list()).map((m) => m.id);
      // A provider may move a deleted folder to the trash, but it must no longer be in its old place.
      expect(before.filter((m) => !left.includes(m.id)).every((m) => gone.has(m.id))).toBe(true);
      expect((await list()).filter((m) => gone.has(m.id) && m.parentId === null)).toEqual([]);
    }
    const refusal = can.create.length > 0 ? { code: 'NOT_FOUND' } : unsupported;
    await expect(account.session.deleteMailbox('AAAAgone', interactive())).rejects.toMatchObject(refusal);
    await expect(saveBox({ id: 'AAAAgone', name: newName() })).rejects.toMatchObject(refusal);
  });

  it('takes what lies in a folder for trash while the folder is in the trash', async () => {
    if (!can.nest.includes('FOLDER')) return;
    const name = newName();
    const saved = await saveBox({ name, kind: 'FOLDER' });
    const below = await saveBox({ name: 'deeper', kind: 'FOLDER', parentId: saved.id });
    const messageId = await arrives('thrown away whole', { mailbox: { name: `${name}/deeper` } });
    const listed = async (mailboxId: string | null, where: Condition | null): Promise<string[]> => {
      const page = { size: 50, after: null };
      const [messages, threads] = await Promise.all([
        account.session.listMessages({ mailboxId, where }, page, interactive()),
        account.session.listThreads({ mailboxId, where }, page, interactive()),
      ]);
      const inThreads = threads.items.flatMap((thread) =>
        'messages' in thread ? thread.messages.map((m) => m.id) : [],
      );
      return [
        ...(messages.items.some((m) => m.id === messageId) ? ['message'] : []),
        ...(inThreads.includes(messageId) ? ['thread'] : []),
      ];
    };
    const subject: Condition = { kind: 'subject', value: 'thrown away' };
    const text: Condition = { kind: 'text', value: 'thrown' };
    const inside: Condition = { kind: 'mailbox', id: below.id };
    const trash: Condition = { kind: 'mailbox', id: boxes.TRASH ?? '' };
    const everywhere = async () => {
      const wheres: (Condition | null)[] = [
        null,
        { kind: 'read', value: false },
        subject,
        text,
        { kind: 'or', of: [subject, trash] },
      ];
      return Promise.all(wheres.map((where) => listed(null, where)));
    };
    const byName = () =>
      Promise.all([listed(below.id, null), listed(null, inside), listed(null, { kind: 'or', of: [inside, text] })]);
    const both = ['message', 'thread'];
    expect(await everywhere()).toEqual([both, both, both, both, both]);
    await account.session.deleteMailbox(saved.id, interactive());
    expect(await everywhere()).toEqual([[], [], [], [], []]);
    expect(await byName()).toEqual([both, both, both]);
    await saveBox({ id: saved.id, parentId: null });
    expect(await everywhere()).toEqual([both, both, both, both, both]);
    expect(await byName()).toEqual([both, both, both]);
  });

  it('leaves the mailboxes of the system alone, and says which it was', async () => {
    const system = (await list()).filter(({ role }) => role !== null);
    expect(system.length).toBeGreaterThanOrEqual(5);
    for (const { id: mailboxId, name } of system) {
      const refusal =
        can.create.length > 0 ? { code: 'FORBIDDEN', message: expect.stringContaining(name) } : unsupported;
      await expect(account.session.deleteMailbox(mailboxId, interactive())).rejects.toMatchObject(refusal);
      await expect(saveBox({ id: mailboxId, name: newName() })).rejects.toMatchObject(refusal);
    }
    expect((await list()).filter(({ role }) => role !== null)).toEqual(system);
  });

  it('refuses names that are none', async () => {
    const [kind] = can.create;
    for (const name of ['', '   ', 'two\nlines']) {
      const outcome = await saveBox({ name, ...(kind ? { kind } : {}) }).catch((error: unknown) => error);
      expect([name, isMailError(outcome)]).toEqual([name, true]);
    }
  });

  it('puts labels on and takes them off, twice with the same outcome', async () => {
    if (!can.create.includes('LABEL')) return;
    const [one, two] = [
      await saveBox({ name: newName(), kind: 'LABEL' }),
      await saveBox({ name: newName(), kind: 'LABEL' }),
    ];
    const messageId = await arrives('label me');
    for (let i = 0; i < 2; i++) {
      const message = await change({ id: messageId, addMailboxIds: [one.id, two.id] });
      expect(message.mailboxIds).toEqual(expect.arrayContaining([one.id, two.id, boxes.INBOX]));
    }
    for (let i = 0; i < 2; i++) {
      const message = await change({ id: messageId, removeMailboxIds: [one.id] });
      expect(message.mailboxIds).toContain(two.id);
      expect(message.mailboxIds).not.toContain(one.id);
    }
    await account.session.deleteMailbox(two.id, interactive());
    const gone = await account.session.update([{ id: messageId, addMailboxIds: ['AAAAgone'] }], interactive());
    expect(gone[0]).toMatchObject({ name: 'MailError' });
  });

  it('moves into a mailbox and out of the one before', async () => {
    const kind = can.create.includes('FOLDER') ? 'FOLDER' : 'LABEL';
    const make = async (role: MailboxRole) =>
      can.create.length > 0 ? (await saveBox({ name: newName(), kind })).id : (boxes[role] ?? '');
    const [one, two] = [await make('ARCHIVE'), await make('JUNK')];
    const messageId = await arrives('move me');
    const first = await change({ id: messageId, moveTo: { mailboxId: one, fromMailboxId: null } });
    expect(first.mailboxIds).toContain(one);
    expect(first.mailboxIds).not.toContain(boxes.INBOX);
    // A move may give the message another id, which identifies it from then on.
    const second = await change({ id: first.id, moveTo: { mailboxId: two, fromMailboxId: one } });
    expect(second.mailboxIds).toContain(two);
    expect(second.mailboxIds).not.toContain(one);
    expect((await change({ id: second.id, moveTo: 'INBOX' })).mailboxIds).toContain(boxes.INBOX);
  });

  it.each([
    ['sent', 'SENT'],
    ['drafts', 'DRAFTS'],
  ] as const)('takes what lay among the %s back from the trash and the junk', async (mailbox, role) => {
    const messageId = await arrives('there and back', { mailbox });
    for (const there of ['TRASH', 'JUNK'] as const) {
      expect((await change({ id: messageId, moveTo: there })).mailboxIds).toContain(boxes[there]);
      const { mailboxIds } = await change({ id: messageId, moveTo: role });
      expect(mailboxIds).toContain(boxes[role]);
      for (const other of ['INBOX', 'TRASH', 'JUNK'] as const) expect(mailboxIds).not.toContain(boxes[other]);
    }
  });

  it('marks as junk and takes it back, trashes and untrashes, whatever it was before', async () => {
    const messageId = await arrives('suspicious');
    const steps: [Patch['moveTo'], string | undefined, (string | undefined)[]][] = [
      ['JUNK', boxes.JUNK, [boxes.INBOX, boxes.TRASH]],
      ['INBOX', boxes.INBOX, [boxes.JUNK, boxes.TRASH]],
      ['TRASH', boxes.TRASH, [boxes.INBOX, boxes.JUNK]],
      ['JUNK', boxes.JUNK, [boxes.INBOX, boxes.TRASH]],
      ['TRASH', boxes.TRASH, [boxes.INBOX, boxes.JUNK]],
      ['INBOX', boxes.INBOX, [boxes.JUNK, boxes.TRASH]],
    ];
    for (const [moveTo, into, outOf] of steps) {
      for (let i = 0; i < 2; i++) {
        const { mailboxIds } = await change({ id: messageId, ...(moveTo ? { moveTo } : {}) });
        expect(mailboxIds).toContain(into);
        for (const other of outOf) expect(mailboxIds).not.toContain(other);
      }
    }
  });

  it('marks important and not', async () => {
    const messageId = await arrives('weighty');
    expect((await change({ id: messageId, isImportant: true })).isImportant).toBe(true);
    expect((await change({ id: messageId, isImportant: false })).isImportant).toBe(false);
  });

  it('changes 300 in different ways, a tenth of them gone, in few requests', async () => {
    const ids = await Promise.all(Array.from({ length: 300 }, (_, n) => arrives(`one of many ${n}`)));
    const gone = new Set(ids.filter((_, n) => n % 10 === 3));
    for (const messageId of gone)
      await lab.control('/touch', { vendor: lab.vendor, account: account.address, id: messageId, change: 'delete' });
    const ways: Omit<Patch, 'id'>[] = [
      { isRead: true },
      { isRead: true, isStarred: true },
      { moveTo: 'ARCHIVE' },
      { moveTo: 'TRASH' },
    ];
    const patches = ids.map((messageId, n) => ({ id: messageId, ...ways[n % ways.length] }));
    await lab.control('/log', undefined, 'DELETE');
    for (let i = 0; i < 2; i++) {
      const results = await account.session.update(patches, interactive());
      expect(results).toHaveLength(300);
      for (const [n, result] of results.entries()) {
        const messageId = ids[n] as string;
        if (gone.has(messageId)) {
          expect(result).toMatchObject({ code: 'NOT_FOUND' });
          continue;
        }
        if (isMailError(result)) throw result;
        expect(result.id).toBe(messageId);
        if (n % 4 < 2) expect(result).toMatchObject({ isRead: true, isStarred: n % 4 === 1 });
        if (n % 4 >= 2) expect(result.mailboxIds).not.toContain(boxes.INBOX);
        if (n % 4 === 3) expect(result.mailboxIds).toContain(boxes.TRASH);
      }
    }
    expect(await requests()).toBeLessThanOrEqual(lab.twin.bulkRequests?.update ?? 0);
  });

  it('deletes permanently, past the trash, and says what was gone already', async () => {
    const [one, two] = [await arrives('delete me'), await arrives('me too', { mailbox: 'trash' })];
    const results = await account.session.deleteForever([one, 'AAAAgone', two, one], interactive());
    expect(results.map((r) => (isMailError(r) ? r.code : r))).toEqual([true, 'NOT_FOUND', true, true]);
    const left = await account.session.getMessages([one, two], 'envelope', interactive());
    expect(left.map((m) => isMailError(m) && m.code)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    const again = await account.session.deleteForever([one, two], interactive());
    expect(again.map((r) => isMailError(r) && r.code)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
  });

  it('deletes many permanently in few requests, a tenth of them gone', async () => {
    const ids = await Promise.all(Array.from({ length: 120 }, (_, n) => arrives(`away ${n}`)));
    const gone = new Set(ids.filter((_, n) => n % 10 === 3));
    for (const messageId of gone)
      await lab.control('/touch', { vendor: lab.vendor, account: account.address, id: messageId, change: 'delete' });
    await lab.control('/log', undefined, 'DELETE');
    const results = await account.session.deleteForever(ids, interactive());
    expect(results.map((r) => (isMailError(r) ? r.code : r))).toEqual(
      ids.map((x) => (gone.has(x) ? 'NOT_FOUND' : true)),
    );
    expect(await requests()).toBeLessThanOrEqual(lab.twin.bulkRequests?.deleteForever ?? 0);
    const left = await account.session.getMessages(ids.slice(0, 20), 'envelope', interactive());
    expect(left.every((m) => isMailError(m) && m.code === 'NOT_FOUND')).toBe(true);
  });

  it('refuses what the access does not allow, naming the access that would', async () => {
    const writer = await lab.account('no-deleter', 'WRITE');
    const messageId = await writer.deliver({ from: 'a@example.org', subject: 'stays', text: 'x' });
    const outcome = await writer.session.deleteForever([messageId], interactive()).then(
      (results) => results[0],
      (error: unknown) => error,
    );
    expect(outcome).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('FULL') });
    const [message] = await writer.session.getMessages([messageId], 'envelope', interactive());
    expect(isMailError(message)).toBe(false);
    const reader = await lab.account('no-organiser', 'READ');
    const refusal =
      can.create.length > 0 ? { code: 'FORBIDDEN', message: expect.stringContaining('WRITE') } : unsupported;
    await expect(reader.session.saveMailbox({ id: null, name: 'x' }, interactive())).rejects.toMatchObject(refusal);
    await expect(reader.session.deleteMailbox('any', interactive())).rejects.toMatchObject(refusal);
  });
});

function channels(hex: string | null): number[] {
  expect(hex).toMatch(/^#[0-9a-f]{6}$/);
  return (
    (hex ?? '')
      .slice(1)
      .match(/../g)
      ?.map((pair) => Number.parseInt(pair, 16)) ?? []
  );
}
