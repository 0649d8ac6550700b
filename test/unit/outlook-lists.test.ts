import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/domain/message.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { isUnreadable, type Page, type PageRequest } from '../../src/providers/contract/list.ts';
import { toFilter } from '../../src/providers/outlook/list/filter.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

const NEWEST = Date.UTC(2026, 1, 1, 12);
const MAILS = 240;
const not = (of: Condition): Condition => ({ kind: 'not', of });
const from = (value: string): Condition => ({ kind: 'from', value });
const subject = (value: string): Condition => ({ kind: 'subject', value });
const text = (value: string): Condition => ({ kind: 'text', value });

describe('the cost of a list of Outlook', () => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab('OUTLOOK');
    account = await lab.account('costs');
    for (let n = 0; n < MAILS; n++) {
      await account.deliver({
        from: n % 80 === 79 ? 'Rare <rare@b.example>' : 'Often <often@b.example>',
        subject: `message ${n}`,
        text: n % 2 === 0 ? 'even' : 'odd',
        receivedAt: new Date(NEWEST - n * 3_600_000).toISOString(),
      });
    }
  });
  afterAll(() => lab.close());

  const list = (where: Condition | null, page: Partial<PageRequest> = {}) =>
    account.session.listMessages({ mailboxId: null, where }, { size: 25, after: null, ...page }, interactive());
  const numbers = ({ items }: Page<Message>): number[] =>
    items.map((item) => (isUnreadable(item) ? -1 : Number(item.subject.split(' ')[1])));
  /** Reads all pages, and counts the requests. Each part of a batch counts as one. */
  async function read(where: Condition | null, page: Partial<PageRequest> = {}) {
    await lab.control('/log', undefined, 'DELETE');
    const pages: Page<Message>[] = [];
    let after: string | null = null;
    do {
      const one: Page<Message> = await list(where, { ...page, after });
      pages.push(one);
      after = one.next;
    } while (after !== null);
    const { records } = await lab.control<{ records: { path: string; units: number }[] }>('/log');
    const messages = records.filter(({ path, units }) => units > 0 && /\/messages(?:\?|$)/.test(path));
    return { pages, found: pages.flatMap(numbers), asked: messages.length, paths: messages.map(({ path }) => path) };
  }

  it('is one request a page when Graph filters exactly', async () => {
    const { pages, asked } = await read({ kind: 'read', value: false });
    expect(pages.map(({ spent }) => spent)).toEqual(expect.arrayContaining([25]));
    expect(asked).toBe(pages.length);
    expect(new Set(pages.map(({ evaluation }) => evaluation))).toEqual(new Set(['NATIVE']));
    expect((await list(null)).evaluation).toBeUndefined();
  });

  it('is about one read of each message when envelopes exclude nearly all, and continues from there', async () => {
    const sparse: Condition = { kind: 'or', of: [subject('message 200'), { kind: 'starred', value: true }] };
    const { pages, found, asked } = await read(sparse, { budget: 60 });
    expect(found).toEqual([200]);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.reduce((sum, { spent = 0 }) => sum + spent, 0)).toBeLessThan(MAILS * 1.2);
    expect(asked).toBe(pages.length);
    expect(pages[0]).toMatchObject({ evaluation: 'FILTERED', spent: 60, items: [] });
  });

  it('is that of a search when few messages are by an author of that name', async () => {
    const { found, asked } = await read(from('rare'));
    expect(found).toEqual([79, 159, 239]);
    expect(asked).toBeLessThanOrEqual(2);
  });

  it('includes no body for words that are excluded', async () => {
    const { pages, found, paths } = await read(not(text('even')));
    expect(found).toEqual(Array.from({ length: MAILS / 2 }, (_, n) => n * 2 + 1));
    expect(pages[0]?.evaluation).toBe('INDEXED');
    expect(paths.filter((path) => /body(?!Preview)/.test(path))).toEqual([]);
    expect(paths.length).toBeLessThan(3 * pages.length);
  });

  it('is nothing when no word is searched for', async () => {
    for (const value of ['%%', '"', '()']) {
      const { found, asked } = await read(text(value));
      expect([found, asked]).toEqual([[], 0]);
    }
  });

  it.each<[string, Condition | null]>([
    ['by date', null],
    ['by search', text('even')],
    ['by exclusion', not(text('odd'))],
    ['by name', from('often')],
  ])('stays low before a moment %s', async (_, where) => {
    const before = new Date(NEWEST - 30 * 3_600_000);
    const meant = (await read(where)).found.filter((n) => n > 30).slice(0, 25);
    expect(numbers(await list(where, { before }))).toEqual(meant);
    const first = await list(where, { before, size: 5 });
    expect(numbers(await list(where, { before, size: 20, after: first.next }))).toEqual(meant.slice(5));
  });

  it('includes the same evaluation on every page, also when trash and junk were not known at first', async () => {
    const own = await lab.account('alike');
    for (let n = 0; n < 6; n++) await own.deliver({ from: 'a@b.example', subject: `message ${n}`, text: 'any' });
    const ids = Array.from({ length: 26 }, (_, n) => `${n}.${'x'.repeat(66)}@absent.example`);
    const isUnread: Condition = { kind: 'read', value: false };
    // As a filter this is nearly as long as Graph may be sent, and too long together with the exclusion of trash and
    // junk.
    const where: Condition = {
      kind: 'or',
      of: [isUnread, ...ids.map((value): Condition => ({ kind: 'internetMessageId', value }))],
    };
    expect(toFilter(where).isExact).toBe(true);
    for (const kind of ['listMessages', 'listThreads'] as const) {
      const evaluations: unknown[] = [];
      let after: string | null = null;
      do {
        const page: Page<unknown> = await own.session[kind](
          { mailboxId: null, where },
          { size: 2, after },
          interactive(),
        );
        evaluations.push(page.evaluation);
        after = page.next;
      } while (after !== null);
      expect(evaluations.length).toBeGreaterThan(2);
      expect(new Set(evaluations)).toEqual(new Set(['NATIVE']));
    }
  });

  it('includes no loss: name and subject find what the index lacks, also between pages', async () => {
    await lab.control('/search-lag', { vendor: lab.vendor, account: account.address, seconds: 3_600 });
    for (const n of [1001, 1002, 1003])
      await account.deliver({ from: 'Rare <rare@b.example>', subject: `message ${n}`, text: 'new' });
    await lab.control('/search-lag', { vendor: lab.vendor, account: account.address, seconds: 0 });
    const { found } = await read(from('rare'), { size: 1 });
    expect(found.toSorted((a, b) => a - b)).toEqual([79, 159, 239, 1001, 1002, 1003]);
    expect((await read(subject('message 1002'))).found).toEqual([1002]);
    const excluded = (await read(not(from('rare')))).found;
    expect(excluded).toHaveLength(MAILS - 3);
  });
});
