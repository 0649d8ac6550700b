import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search/condition.ts';
import { isUnreadable, type ListQuery, type Page } from '../../src/providers/contract/list.ts';
import { pathOf } from '../../src/providers/outlook/wire/url.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';
import { answer, compose, file, filesOf, noise, read } from '../support/mail/composing.ts';

describe("Outlook's pages that are empty and have a link", () => {
  let lab: Lab;
  let account: Account;
  let inbox: string;
  const ids: string[] = [];
  beforeAll(async () => {
    lab = await openLab('OUTLOOK');
    account = await lab.account('sparse');
    const receivedAt = new Date();
    for (let n = 0; n < 7; n++)
      ids.push(await account.deliver({ from: 'a@example.org', subject: `found ${n}`, text: 'x', receivedAt }));
    inbox = (await account.session.listMailboxes(interactive())).find(({ role }) => role === 'INBOX')?.id ?? '';
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(() => lab.close());

  async function readAll<T extends { readonly id: string }>(
    list: (size: number, after: string | null) => Promise<Page<T>>,
  ): Promise<string[]> {
    const found: string[] = [];
    let after: string | null = null;
    do {
      const page: Page<T> = await list(3, after);
      found.push(...page.items.map((item) => (isUnreadable(item) ? 'unreadable' : item.id)));
      after = page.next;
    } while (after !== null);
    return found;
  }
  const messages = (query: ListQuery) =>
    readAll((size, after) => account.session.listMessages(query, { size, after }, interactive()));
  const threads = (query: ListQuery) =>
    readAll((size, after) => account.session.listThreads(query, { size, after }, interactive()));

  const words: Condition = { kind: 'text', value: 'found' };
  const QUERIES: [string, () => ListQuery][] = [
    ['the whole account', () => ({ mailboxId: null, where: null })],
    ['a folder', () => ({ mailboxId: inbox, where: null })],
    ['a search', () => ({ mailboxId: null, where: words })],
  ];
  const empty = (which: { share?: number; times?: number }) =>
    lab.control('/faults', {
      vendor: lab.vendor,
      account: account.address,
      operation: 'GET /me/m*',
      emptyPage: true,
      ...which,
    });

  it.each(QUERIES)('are followed in messages of %s', async (_, query) => {
    await empty({ share: 0.5 });
    expect((await messages(query())).sort()).toEqual([...ids].sort());
  });

  it.each(QUERIES)('are followed in threads of %s', async (_, query) => {
    const before = await threads(query());
    expect(before).toHaveLength(7);
    await empty({ share: 0.5 });
    expect(await threads(query())).toEqual(before);
  });

  it.each(QUERIES)('may be shorter than what was given before: %s', async (_, query) => {
    // All messages have the same second, within which a position is a count.
    const before = [await messages(query()), await threads(query())];
    for (const pageSize of [1, 2]) {
      const fault = { vendor: lab.vendor, account: account.address, operation: 'GET /me/m*', pageSize };
      await lab.control('/faults', fault);
      expect([await messages(query()), await threads(query())]).toEqual(before);
      await lab.control('/faults', undefined, 'DELETE');
    }
  });

  it('hide no sent copy', async () => {
    const written = compose({ subject: 'named', to: [{ name: null, address: 'a@example.org' }] });
    const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: written }, interactive());
    await account.session.send(draft.id, interactive());
    const { internetMessageId } = written;
    const probe = (draftId: string | null, named: string) =>
      account.session.probe({ draftId, internetMessageId: named, since: new Date(0) }, interactive());
    await empty({ times: 2 });
    expect(await probe(null, internetMessageId)).toEqual({ state: 'sent', messageId: expect.any(String) });
    expect(await lab.control('/faults')).toEqual([]);
    await empty({ times: 1_000 });
    await expect(probe(null, 'nothing@example.org')).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  const only = (operation: string, times: number) =>
    lab.control('/faults', { vendor: lab.vendor, account: account.address, operation, emptyPage: true, times });
  const LISTS = ['GET /me/mailFolders/delta', 'GET /me/outlook/masterCategories'];

  it('are followed in folders and categories, and hide none when they do not end', async () => {
    const { session } = account;
    await session.saveMailbox({ id: null, kind: 'LABEL', name: 'Blue', color: '#0000ff' }, interactive());
    const names = async () => (await session.listMailboxes(interactive())).map(({ name }) => name);
    const before = await names();
    expect(before).toContain('Blue');
    for (const list of LISTS) {
      await only(list, 3);
      expect(await names()).toEqual(before);
      await only(list, 1_000);
      await expect(names()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
      await lab.control('/faults', undefined, 'DELETE');
    }
    await only(LISTS[1] ?? '', 3);
    const id = (await session.listMailboxes(interactive())).find(({ name }) => name === 'Blue')?.id ?? '';
    await only(LISTS[1] ?? '', 3);
    await session.deleteMailbox(id, interactive());
    expect(await names()).toEqual(before.filter((name) => name !== 'Blue'));
  });

  it('are followed within a conversation, which is not missing when they do not end', async () => {
    const { items } = await account.session.listThreads(
      { mailboxId: inbox, where: null },
      { size: 1, after: null },
      interactive(),
    );
    const id = items[0]?.id ?? '';
    const thread = async () => (await account.session.getThreads([id], interactive()))[0];
    await only('GET /me/messages', 3);
    expect(await thread()).toMatchObject({ id, messageCount: 1 });
    await only('GET /me/messages', 1_000);
    expect(await thread()).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('are followed in the files of a draft', async () => {
    const original = await account.deliver({
      from: 'a@example.org',
      subject: 'with a file',
      text: 'x',
      attachments: [{ filename: 'theirs.txt', mimeType: 'text/plain', contentBase64: 'dGhlaXJz' }],
    });
    const forward = answer('forward', await read(account.session, original), {
      attachments: [file('ours.bin', noise(2_300_000))],
    });
    await only('GET /me/messages/{id}/attachments', 2);
    const draft = await account.session.saveDraft({ id: null, ifVersion: null, compose: forward }, interactive());
    expect(await lab.control('/faults')).toEqual([]);
    expect([...(await filesOf(account.session, await read(account.session, draft.id))).keys()]).toEqual(['ours.bin']);
  });

  it('are not followed without end, and do not end the list then', async () => {
    await empty({ times: 1_000 });
    await expect(messages({ mailboxId: inbox, where: null })).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

it.each([
  ['https://graph.microsoft.com/v1.0/me/messages?$skip=3', '/me/messages?$skip=3'],
  [
    "http://127.0.0.1:1/microsoft/v1.0/me/mailFolders('A%3D')/messages?$top=2&$skip=4",
    "/me/mailFolders('A%3D')/messages?$top=2&$skip=4",
  ],
  ['https://graph.microsoft.com/v1.0/me/messages/../sendMail', null],
  ['https://graph.microsoft.com/v1.0/users/other/messages', null],
  ['https://graph.microsoft.com/v1.0/me/sendMail?x=/messages', null],
  ['/v1.0/me/messages', null],
  ['https://graph.microsoft.com/beta/me/messages', null],
  ['https://graph.microsoft.com/v1.0/x/v1.0/me/messages', null],
  // URLs of http treat backslashes as slashes.
  ['x://h/v1.0/me/mailFolders/..\\..\\..\\users\\other/messages', null],
  ['http://h/v1.0/me/mailFolders/..\\..\\users\\other/messages', null],
  ['ftp://h/v1.0/me/messages', null],
])('the link %s leads to %s', (link, path) => expect(pathOf(link)).toBe(path));
