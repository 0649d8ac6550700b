import { describe, expect, it } from 'vitest';
import type { Shape } from '../../src/mail/list/list-kind.ts';
import { type ListPosition, START } from '../../src/mail/list/list-position.ts';
import { mergePage } from '../../src/mail/list/merge.ts';
import { NativeList, type ReadPage } from '../../src/mail/list/native-list.ts';

interface Thread {
  readonly id: string;
  /** When each of its messages was received. */
  readonly messages: readonly number[];
}
const shape: Shape<Thread> = {
  id: ({ id }) => id,
  at: ({ messages }) => Math.max(...messages),
  timeAsOf: ({ messages }, newest) => Math.max(...messages.filter((at) => at <= newest)),
  createdAt: ({ messages }) => Math.min(...messages),
};
const ENDLESS = { signal: new AbortController().signal, run: <T>(work: () => Promise<T>) => work() };
const NOT_AHEAD = 60_000;

/** The newest time on the first page, and the ids of all threads that were returned. */
interface Cursor {
  readonly start: number;
  readonly given: readonly string[];
}

/** An account whose cursors and repeated pages keep a thread at the time that it had when its list began. */
class Account {
  constructor(
    readonly key: string,
    public threads: readonly Thread[],
  ) {}

  answer(id: string, at: number): void {
    this.threads = this.threads.map((one) => (one.id === id ? { id, messages: [...one.messages, at] } : one));
  }

  readonly read: ReadPage<Thread> = async ({ after, start: asked, size, skip }) => {
    const newest = asked?.getTime() ?? Math.max(...this.threads.map(shape.at));
    const { start, given }: Cursor = after === null ? { start: newest, given: [] } : JSON.parse(after);
    const open = this.threads.filter(({ id }) => !given.includes(id));
    const page = open.toSorted((a, b) => shape.timeAsOf(b, start) - shape.timeAsOf(a, start)).slice(0, size);
    const cursor: Cursor = { start, given: [...given, ...page.map(({ id }) => id)] };
    return { items: page.filter(({ id }) => !skip(id)), next: open.length > size ? JSON.stringify(cursor) : null };
  };
}

async function readAll(accounts: readonly Account[], first: number, between: (page: number) => void) {
  let positions = new Map<string, ListPosition>();
  const shown: string[] = [];
  for (let page = 0; page < 50; page++) {
    const sources = accounts.map(
      ({ key, read }) => new NativeList(key, positions.get(key) ?? START, shape, read, ENDLESS),
    );
    const merged = await mergePage(sources, first, NOT_AHEAD);
    shown.push(...merged.map(({ head }) => head.id));
    if (!sources.some(({ hasMore }) => hasMore)) return shown;
    positions = new Map(
      sources.map((one) => [one.key, one.positionAfter(merged.filter(({ source }) => source === one).length)]),
    );
    between(page);
  }
  throw new Error('the list does not end');
}

const SECOND = 1000;
const threads = (...of: readonly (readonly [string, number])[]): Thread[] =>
  of.map(([id, at]) => ({ id, messages: [at * SECOND] }));

describe('a thread that is answered while its list is read', () => {
  it.each([1, 2, 3, 7])('keeps its position among those of other accounts, %i a page', async (first) => {
    const one = new Account('a', threads(['a1', 100], ['a2', 90], ['a3', 10], ['a4', 5]));
    const other = new Account('b', threads(['b1', 95], ['b2', 80], ['b3', 70], ['b4', 60], ['b5', 7]));
    const shown = await readAll([one, other], first, (page) => {
      if (page === 0) one.answer('a3', 200 * SECOND);
      if (page === 0) other.answer('b4', 300 * SECOND);
    });
    expect(shown).toEqual(['a1', 'b1', 'a2', 'b2', 'b3', 'b4', 'a3', 'b5', 'a4']);
  });
});
