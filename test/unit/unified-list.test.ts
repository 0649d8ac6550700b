import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Shape } from '../../src/mail/list/list-kind.ts';
import { ListCursors, type ListPosition, START } from '../../src/mail/list/list-position.ts';
import { mergePage } from '../../src/mail/list/merge.ts';
import { NativeList, type ReadPage } from '../../src/mail/list/native-list.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';

interface Item {
  readonly id: string;
  readonly at: number;
}
const shape: Shape<Item> = { id: (i) => i.id, at: (i) => i.at, timeAsOf: (i) => i.at, createdAt: (i) => i.at };
/** A deadline that never ends. */
const ENDLESS = { signal: new AbortController().signal, run: <T>(work: () => Promise<T>) => work() };
/** A wait before reading ahead that no test reaches. */
const NOT_AHEAD = 60_000;
const FAULTS = ['fails', 'forgets', 'tires'] as const;
const list = { userId: 'ada', query: ['messages'] };
const cursors = new ListCursors(new Sealer([{ version: 1, bytes: randomBytes(32) }]));

/** A small random generator with a seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * An account in memory: newest first, in no particular order within a second, with cursors that stay valid while mail
 * arrives.
 */
class Mailbox {
  items: Item[] = [];
  next: 'fine' | 'fails' | 'forgets' | 'tires' = 'fine';
  keep: (item: Item) => boolean = () => true;
  requests = 0;
  /** How many reads succeed before every read fails. */
  goodFor = Number.POSITIVE_INFINITY;
  /** After how many timer turns of the event loop an answer comes. */
  turns = 0;
  /** What every answer waits for. */
  held: Promise<unknown> = Promise.resolve();

  constructor(readonly key: string) {}

  add(at: number): string {
    const id = `${this.key}-${this.items.length}-${at}`;
    this.items.push({ id, at });
    return id;
  }

  private sorted(): Item[] {
    const second = (at: number) => Math.floor(at / 1000);
    return [...this.items].sort((a, b) => second(b.at) - second(a.at) || (a.id < b.id ? 1 : -1));
  }

  readonly read: ReadPage<Item> = async ({ after, before, size, skip }) => {
    this.requests++;
    for (let turn = 0; turn < this.turns; turn++) await setTimeout(0);
    await this.held;
    if (this.next === 'fails' || this.requests > this.goodFor) throw new MailError('PROVIDER_UNAVAILABLE', 'down');
    if (this.next === 'forgets' && after !== null) {
      this.next = 'fine';
      throw new MailError('CURSOR_EXPIRED', 'forgotten');
    }
    const all = this.sorted().filter((item) => before === null || item.at < before.getTime());
    const start = after === null ? 0 : all.findIndex((item) => item.id === after) + 1;
    if (after !== null && start === 0) throw new MailError('CURSOR_EXPIRED', 'gone');
    const page = all.slice(start, start + size);
    const fresh = page.filter((item) => !skip(item.id));
    const kept = fresh.filter(this.keep);
    const read = this.next === 'tires' ? Math.floor(kept.length / 2) : kept.length;
    const error = new MailError('RATE_LIMITED', 'too much');
    return {
      items: kept.map((item, index) => (index < read ? item : { id: item.id, error })),
      next: start + size < all.length ? (page.at(-1)?.id ?? null) : null,
    };
  };
}

interface Page {
  readonly items: Item[];
  readonly cursors: string[];
  readonly end: string;
  readonly more: boolean;
  readonly failed: string[];
}

async function readPage(
  boxes: readonly Mailbox[],
  first: number,
  after: string | null,
  aheadAfterMs = NOT_AHEAD,
): Promise<Page> {
  const positions = after === null ? new Map<string, ListPosition>() : cursors.open(list, after);
  const sources = boxes.map(
    (box) => new NativeList(box.key, positions.get(box.key) ?? START, shape, box.read, ENDLESS),
  );
  const merged = await mergePage(sources, first, aheadAfterMs);
  const cursorAt = (count: number) =>
    cursors.seal(
      list,
      new Map(
        sources.map((s) => [s.key, s.positionAfter(merged.slice(0, count).filter((m) => m.source === s).length)]),
      ),
    );
  return {
    items: merged.map(({ head }) => head.item as Item),
    cursors: merged.map((_, index) => cursorAt(index + 1)),
    end: cursorAt(merged.length),
    more: sources.some((source) => source.hasMore),
    failed: sources.filter((source) => source.failure).map((source) => source.key),
  };
}

async function readAll(
  boxes: readonly Mailbox[],
  first: number,
  between: () => void = () => {},
  aheadAfterMs = NOT_AHEAD,
): Promise<Item[]> {
  const all: Item[] = [];
  let after: string | null = null;
  for (let pages = 0; pages < 2_000; pages++) {
    const page: Page = await readPage(boxes, first, after, aheadAfterMs);
    all.push(...page.items);
    if (!page.more) return all;
    after = page.end;
    between();
  }
  throw new Error('the list does not end');
}

const ids = (items: readonly Item[]) => items.map(({ id }) => id);
const isNewestFirst = (items: readonly Item[]) =>
  items.every((item, i) => i === 0 || item.at <= (items[i - 1]?.at ?? 0));

describe('the unified list', () => {
  it('is ordered by time, then account, and within a moment as the provider lists it', async () => {
    const [a, b] = [new Mailbox('a'), new Mailbox('b')];
    for (const at of [5_000, 3_000, 3_000]) a.add(at);
    for (const at of [4_000, 3_000]) b.add(at);
    const { items } = await readPage([b, a], 10, null);
    expect(ids(items)).toEqual(['a-0-5000', 'b-0-4000', 'a-2-3000', 'a-1-3000', 'b-1-3000']);
  });

  it('reads every account once when they can fill a page, and what is left of that page as it was', async () => {
    const boxes = [new Mailbox('a'), new Mailbox('b')];
    for (let i = 0; i < 200; i++) boxes[i % 2]?.add(i * 1_000);
    const first = await readPage(boxes, 50, null);
    expect(first.items).toHaveLength(50);
    expect(boxes.map((box) => box.requests)).toEqual([1, 1]);
    const second = await readPage(boxes, 50, first.end);
    expect(second.items).toHaveLength(50);
    // Nothing is in memory here. The first page is read again with its size, and one account has to go on behind it.
    expect(boxes.map((box) => box.requests)).toEqual([2, 3]);
  });

  it('continues from any edge, not only from the last', async () => {
    const boxes = [new Mailbox('a'), new Mailbox('b')];
    for (let i = 0; i < 40; i++) boxes[i % 2]?.add(i * 700);
    const allIds = ids(await readAll(boxes, 100));
    const { cursors: edges } = await readPage(boxes, 15, null);
    for (const [index, cursor] of edges.entries()) {
      const { items } = await readPage(boxes, 10, cursor);
      expect(ids(items)).toEqual(allIds.slice(index + 1, index + 11));
    }
  });

  it('neither repeats nor skips a flood of mail within one second', async () => {
    const boxes = [new Mailbox('a'), new Mailbox('b')];
    for (let i = 0; i < 700; i++) boxes[i % 2]?.add(10_000 + (i % 3 === 0 ? 0 : Math.floor(i / 10)));
    for (const first of [1, 7, 30, 100]) {
      const all = ids(await readAll(boxes, first));
      expect(new Set(all).size).toBe(700);
      expect(all).toHaveLength(700);
    }
  });

  it('keeps the mail of a failed account for later pages, and continues there', async () => {
    const [a, b] = [new Mailbox('a'), new Mailbox('b')];
    for (let i = 0; i < 30; i++) [a, b][i % 2]?.add(i * 1_000);
    b.next = 'fails';
    const first = await readPage([a, b], 10, null);
    expect(first.items.every(({ id }) => id.startsWith('a-'))).toBe(true);
    expect(first.more).toBe(true);
    b.next = 'fine';
    const rest: Item[] = [];
    for (let page = await readPage([a, b], 10, first.end); ; page = await readPage([a, b], 10, page.end)) {
      rest.push(...page.items);
      if (!page.more) break;
    }
    expect([...ids(first.items), ...ids(rest)].sort()).toEqual([...ids(a.items), ...ids(b.items)].sort());
  });

  it('returns a page that can be continued when no account answers', async () => {
    const box = new Mailbox('a');
    box.add(1_000);
    box.next = 'fails';
    const page = await readPage([box], 10, null);
    expect(page).toMatchObject({ items: [], more: true });
    box.next = 'fine';
    expect((await readPage([box], 10, page.end)).items).toHaveLength(1);
  });

  it('shows a list as it was when it was opened: new mail belongs to the next one', async () => {
    const box = new Mailbox('a');
    for (let i = 0; i < 50; i++) box.add(i * 1_000);
    const before = ids(box.items);
    let at = 100_000;
    const all = await readAll([box], 7, () => {
      for (let i = 0; i < 20; i++) {
        at += 1_000;
        box.add(at);
      }
    });
    expect(ids(all).sort()).toEqual([...before].sort());
    expect(isNewestFirst(all)).toBe(true);
  });

  it('continues below what it has shown when a provider forgets the cursor', async () => {
    const box = new Mailbox('a');
    for (let i = 0; i < 300; i++) box.add(Math.floor(i / 40) * 1_000 + i);
    let pages = 0;
    const all = await readAll([box], 20, () => {
      if (++pages % 4 === 0) box.next = 'forgets';
    });
    expect(ids(all).sort()).toEqual(ids(box.items).sort());
    expect(new Set(ids(all)).size).toBe(300);
  });

  it('keeps its position among items that do not match', async () => {
    const boxes = [new Mailbox('a'), new Mailbox('b')];
    for (const [index, box] of boxes.entries()) {
      for (let i = 0; i < 200; i++) box.add(i * 1_000 + index);
      box.keep = ({ at }) => Math.floor(at / 1_000) % 9 === 0;
    }
    const all = await readAll(boxes, 4);
    expect(all).toHaveLength(boxes.reduce((sum, box) => sum + box.items.filter(box.keep).length, 0));
    expect(new Set(ids(all)).size).toBe(all.length);
    expect(isNewestFirst(all)).toBe(true);
  });

  it.each([
    ['RATE_LIMITED', 1],
    ['TIMEOUT', 1],
    ['PROVIDER_UNAVAILABLE', 4],
  ] as const)('ends the part of an account that answers %s, and skips nothing', async (code, times) => {
    const all = Array.from({ length: 9 }, (_, i) => ({ id: `m${i}`, at: 9_000 - i * 1_000 }));
    const error = new MailError(code, 'not now');
    let isDown = true;
    const read: ReadPage<Item> = async ({ skip }) => ({
      items: all
        .map((item, i) => (isDown && i >= 3 && i < 3 + times ? { id: item.id, error } : item))
        .filter(({ id }) => !skip(id)),
      next: null,
    });
    const source = new NativeList('a', START, shape, read, ENDLESS);
    const merged = await mergePage([source], 9, NOT_AHEAD);
    expect(merged.map(({ head }) => head.id)).toEqual(['m0', 'm1', 'm2']);
    expect(source).toMatchObject({ failure: error, hasMore: true });
    isDown = false;
    const later = new NativeList('a', source.positionAfter(merged.length), shape, read, ENDLESS);
    const rest = await mergePage([later], 9, NOT_AHEAD);
    expect(rest.map(({ head }) => head.id)).toEqual(['m3', 'm4', 'm5', 'm6', 'm7', 'm8']);
    expect(later.hasMore).toBe(false);
  });

  it('continues an account that answers while another one hangs, and shows all of it when that one times out', async () => {
    const [hanging, well] = [new Mailbox('a'), new Mailbox('b')];
    for (let i = 0; i < 60; i++) hanging.add(i * 1_000);
    for (let i = 0; i < 60; i++) well.add(i * 1_000 + 500);
    // One message in four matches, so a page of them takes several reads.
    well.keep = ({ at }) => Math.floor(at / 1_000) % 4 === 0;
    let giveUp = () => {};
    hanging.held = new Promise((_, reject) => {
      giveUp = () => reject(new MailError('TIMEOUT', 'too slow'));
    });
    const reading = readPage([hanging, well], 10, null, 0);
    await expect.poll(() => well.requests).toBeGreaterThan(2);
    giveUp();
    const first = await reading;
    expect(first).toMatchObject({ failed: ['a'], more: true });
    expect(first.items).toHaveLength(10);
    hanging.held = Promise.resolve();
    let { end, more } = first;
    const rest: Item[] = [];
    while (more) {
      const page = await readPage([hanging, well], 10, end);
      rest.push(...page.items);
      ({ end, more } = page);
    }
    const expected = [...ids(hanging.items), ...ids(well.items.filter(well.keep))];
    expect([...ids(first.items), ...ids(rest)].sort()).toEqual(expected.sort());
  });

  it('reads no further than the page needs, and reports no failure beyond it', async () => {
    const [slow, well] = [new Mailbox('a'), new Mailbox('b')];
    for (let i = 0; i < 40; i++) slow.add(100_000 + i * 1_000);
    for (let i = 0; i < 40; i++) well.add(i * 1_000);
    let answer = () => {};
    slow.held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    well.keep = ({ at }) => at % 10_000 === 0;
    well.goodFor = 1;
    const reading = readPage([slow, well], 10, null, 0);
    await expect.poll(() => well.requests).toBe(2);
    answer();
    const page = await reading;
    expect(page.failed).toEqual([]);
    expect(page.items.every(({ id }) => id.startsWith('a-'))).toBe(true);
    expect(well.requests).toBe(2);
    well.goodFor = Number.POSITIVE_INFINITY;
    slow.held = Promise.resolve();
    const rest: Item[] = [];
    for (let { end, more } = page; more; ) {
      const next = await readPage([slow, well], 10, end);
      rest.push(...next.items);
      ({ end, more } = next);
    }
    expect(rest).toHaveLength(30 + 4);
    expect(new Set(ids(rest)).size).toBe(34);
  });

  it('has a node for an unreadable item, in its position', async () => {
    const error = new MailError('PROVIDER_UNAVAILABLE', 'cannot be read');
    const read: ReadPage<Item> = async ({ skip }) => ({
      items: [
        { id: 'x', at: 3_000 },
        { id: 'y', error },
        { id: 'z', at: 1_000 },
      ].filter(({ id }) => !skip(id)),
      next: null,
    });
    const source = new NativeList('a', START, shape, read, ENDLESS);
    const merged = await mergePage([source], 2, NOT_AHEAD);
    expect(merged.map(({ head }) => [head.id, isUnreadable(head.item)])).toEqual([
      ['x', false],
      ['y', true],
    ]);
    const again = await mergePage([new NativeList('a', source.positionAfter(2), shape, read, ENDLESS)], 2, NOT_AHEAD);
    expect(again.map(({ head }) => head.id)).toEqual(['z']);
  });

  it.each(Array.from({ length: Number(process.env.LIST_ROUNDS ?? 25) }, (_, seed) => seed))(
    'is complete for random accounts, arrivals and failures (seed %i)',
    async (seed) => {
      const next = random(seed);
      const upTo = (n: number) => Math.floor(next() * n);
      const boxes = Array.from({ length: 1 + upTo(4) }, (_, index) => new Mailbox(`box${index}`));
      const span = 1 + upTo(60_000);
      for (const box of boxes) for (let i = upTo(250); i > 0; i--) box.add(upTo(span));
      const expected = boxes.flatMap((box) => ids(box.items)).sort();
      let clock = span + 2_000;
      let pages = 0;
      const all = await readAll(
        boxes,
        1 + upTo(60),
        () => {
          for (const box of boxes) {
            box.turns = seed % 2 && next() < 0.02 ? upTo(4) : 0;
            // Everything works again after a while, since a list whose account never answers does not end.
            box.next = pages++ > 400 || next() > 0.3 ? 'fine' : (FAULTS[upTo(FAULTS.length)] ?? 'fine');
            if (next() >= 0.4) continue;
            for (let i = upTo(30); i > 0; i--) {
              clock += upTo(900);
              box.add(clock);
            }
          }
          // In every other seed, accounts that answer at once read ahead of those that do not.
        },
        seed % 2 ? 0 : NOT_AHEAD,
      );
      const shown = ids(all);
      expect(new Set(shown).size).toBe(shown.length);
      expect(expected.filter((id) => !shown.includes(id))).toEqual([]);
    },
  );
});

describe('a list cursor', () => {
  const position: ListPosition = {
    ...START,
    after: 'p2',
    seen: new Set(['abcdefgh', 'ijklmnop']),
    last: 5,
    lastSecond: ['abcdefgh'],
  };
  const sealed = cursors.seal(list, new Map([['a', position]]));

  it('is read as it was written', () => {
    expect(cursors.open(list, sealed).get('a')).toEqual(position);
  });

  it.each([
    ['of another user', { ...list, userId: 'eve' }, sealed],
    ['of another query', { ...list, query: ['messages', 'from:bob'] }, sealed],
    ['cut short', list, sealed.slice(0, -9)],
    ['changed', list, `${sealed.slice(0, 40)}AAAA${sealed.slice(44)}`],
    ['empty', list, ''],
    ['made up', list, 'https://evil.example/?page=2'],
  ])('%s is refused', (_, identity, cursor) => {
    expect(() => cursors.open(identity, cursor)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});
