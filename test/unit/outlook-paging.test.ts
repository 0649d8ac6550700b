import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/domain/search.ts';
import { pathOf } from '../../src/providers/outlook/url.ts';
import { isUnreadable, type ListQuery, type Page } from '../../src/providers/provider.ts';
import { compose } from '../support/composing.ts';
import { type Account, interactive, type Lab, openLab } from '../support/lab.ts';

describe("Outlook's pages that are empty and have a link", () => {
  let lab: Lab;
  let account: Account;
  let inbox: string;
  const ids: string[] = [];
  beforeAll(async () => {
    lab = await openLab('OUTLOOK');
    account = await lab.account('sparse');
    for (let n = 0; n < 7; n++)
      ids.push(await account.deliver({ from: 'a@example.org', subject: `found ${n}`, text: 'x' }));
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

  it('are not followed without end, and are then no end of the list', async () => {
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
])('the link %s leads to %s', (link, path) => expect(pathOf(link)).toBe(path));
