import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import { type MessageState, type SnapshotPage, stateDigest } from '../../src/providers/contract/snapshot.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';

const PLACES = ['inbox', 'sent', 'archive', 'drafts', 'trash', 'junk', { name: 'Filed' }] as const;

describe.each(PROVIDER_IDS)('%s: snapshots', (id) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(id);
  });
  afterAll(() => lab.close());

  /** Reads the pages from a cursor on. `between` runs after each page but the last. */
  const pagesOf = async ({ session }: Account, limit?: number, between = async (_page: number) => {}) => {
    const pages: (readonly MessageState[])[] = [];
    let after: string | null = null;
    do {
      const page: SnapshotPage | undefined = await session.snapshot?.(after, interactive(), limit);
      if (!page || pages.length > 500) throw new Error('the snapshot has no end');
      pages.push(page.messages);
      after = page.next;
      if (after !== null) await between(pages.length);
    } while (after !== null);
    return pages;
  };
  const there = async ({ address, session }: Account): Promise<Message[]> => {
    const dump = await lab.control<{ id: string }[]>(`/dump?vendor=${lab.vendor}&account=${address}`);
    const ids = dump.map((one) => one.id);
    const read = await session.getMessages(ids, 'envelope', interactive());
    return read.flatMap((one) => (isMailError(one) ? [] : one));
  };
  const stated = (messages: readonly Message[]) => messages.map((one) => [one.id, stateDigest(one)]).sort();
  /** Delivers mail to every mailbox, with every flag, some of it within one second. */
  const fill = async (account: Account, count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      const at = n % 4 === 0 ? Date.UTC(2024, 2, 1) : Date.UTC(2025, 4, 1 + (n % 19), 8, 0, n);
      const flags = { isRead: n % 2 === 0, isStarred: n % 3 === 0, isImportant: n % 5 === 0 };
      const place = { mailbox: PLACES[n % PLACES.length], labels: n % 8 === 0 ? ['Red', 'Blue'] : [] };
      const mail = { from: 'a@example.org', subject: `mail ${n}`, text: 'x', receivedAt: new Date(at).toISOString() };
      ids.push(await account.deliver({ ...mail, ...flags, ...place }));
    }
    return ids;
  };

  it('has every message once, in trash, junk and drafts too, with the state that it is read with', async () => {
    const account = await lab.account('whole');
    if (!account.session.snapshot) return;
    const [deleted = ''] = await fill(account, 90);
    await account.deliver({ from: 'a@example.org', subject: 'now', text: 'x' });
    await account.touch(deleted, 'delete');
    // What the search index does not have yet is there too.
    await lab.control('/search-lag', { vendor: lab.vendor, account: account.address, seconds: 600 });
    await account.deliver({ from: 'a@example.org', subject: 'not indexed', text: 'x' });
    const messages = await there(account);
    expect(messages).toHaveLength(91);
    const received = new Map(messages.map((message) => [message.id, message.receivedAt]));
    for (const limit of [undefined, 13]) {
      const pages = await pagesOf(account, limit);
      if (limit !== undefined) expect(pages.length).toBeGreaterThan(3);
      const states = pages.flat();
      expect(states.map((one) => [one.id, one.state]).sort()).toEqual(stated(messages));
      for (const { id, receivedAt } of states) if (receivedAt) expect(receivedAt).toEqual(received.get(id));
    }
  });

  it('misses no message that was there all the time while others come and go', async () => {
    const account = await lab.account('moving');
    if (!account.session.snapshot) return;
    const ids = await fill(account, 70);
    const gone: string[] = [];
    const pages = await pagesOf(account, 9, async (page) => {
      await account.deliver({ from: 'a@example.org', subject: `meanwhile ${page}`, text: 'x' });
      // Both the oldest and the newest go, so that any list that counts messages is shifted.
      for (const id of [ids[gone.length], ids[ids.length - 1 - gone.length]]) {
        if (id === undefined || gone.includes(id)) continue;
        await account.touch(id, 'delete');
        gone.push(id);
      }
    });
    expect(gone.length).toBeGreaterThan(4);
    const found = new Set(pages.flat().map((one) => one.id));
    expect(ids.filter((one) => !gone.includes(one) && !found.has(one))).toEqual([]);
  });

  it('costs a small part of what reading each message would', async () => {
    const account = await lab.account('measured', undefined, 2_000);
    if (!account.session.snapshot) return;
    await lab.control('/log', undefined, 'DELETE');
    const found = (await pagesOf(account)).flat();
    expect(found).toHaveLength(2_000);
    const { totals } = await lab.control<{ totals: { requests: number; units: number } }>('/log?limit=0');
    expect(totals.requests).toBeLessThan(2_000 / 50);
    expect(totals.units).toBeLessThan(2_000 / 5);
  });

  it('refuses a cursor of another kind', async () => {
    const account = await lab.account('cursors');
    await expect(account.session.snapshot?.('nonsense', interactive()) ?? expired()).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
    });
  });
});

const expired = () => Promise.reject({ code: 'CURSOR_EXPIRED' });
