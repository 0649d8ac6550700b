import { isNotFound } from '../../../domain/error.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Unreadable } from '../../contract/provider.ts';
import { type Head, type HeadList, MAX_HEAD_PAGES } from './heads.ts';
import { MAX_LAST, markOf, type Resumption } from './thread-cursor.ts';
import type { ThreadReader } from './thread-reader.ts';

/** Threads that are read for one page only because they may have an older message that matches. */
const MIN_DOUBTFUL = 10;

interface Asked {
  readonly head: Head;
  readonly place: number;
}
/** A thread that is due, and where in the order. */
interface Due {
  readonly id: string;
  readonly place: number;
  readonly at: number;
  readonly item: Thread | Unreadable;
}

/** Goes through the messages of an account, newest first: a thread stands where it comes up for the first time. */
export class ThreadWalk {
  isAtEnd = false;
  /** More pages of heads may not be read for this page of threads. */
  isAtBound = false;
  /** A thread is out of its order: given too early, or passed over though it may match, and to come up again where it does. */
  isTruncated = false;
  private at: number;
  private readonly seen = new Set<string>();
  /** Threads that have come up too early, by a message that does not count or arrived since the first page, and the message they stand at. */
  private readonly waiting = new Map<string, string>();
  /** The place, among what was found, of the last message above where this page begins; -1: none is known. */
  private readonly met: number;
  private known = { sizes: '', frontier: 0 };

  constructor(
    private readonly reader: ThreadReader,
    private readonly order: HeadList,
    /** What matches, as far as it was read; null: every message of the order may. */
    private readonly found: HeadList | null,
  ) {
    const marks = new Set(reader.opened.last);
    this.at = marks.size === 0 ? 0 : 1 + order.heads.findLastIndex(({ id }) => marks.has(markOf(id)));
    const met = new Set(reader.opened.met);
    this.met = found?.heads.findLastIndex(({ id }) => met.has(markOf(id))) ?? -1;
  }

  /** The next threads to be read: as many as the page has room for, and some of which it is not known whether they match. */
  async gather(): Promise<Asked[]> {
    const { order, reader, found } = this;
    const asked: Asked[] = [];
    let room = reader.room;
    const isOwed = reader.source.isFoundExact === true && found !== null;
    let doubtful = isOwed && !reader.affords(2) ? MIN_DOUBTFUL : Math.max(MIN_DOUBTFUL, reader.request.size);
    for (;;) {
      const head = order.heads[this.at];
      if (head === undefined) {
        this.isAtEnd = order.ended;
        this.isAtBound = !order.ended && (order.reads >= MAX_HEAD_PAGES || reader.isSpent);
        if (order.ended || room <= 0 || this.isAtBound) return asked;
        await order.more();
        continue;
      }
      if (await this.isAheadOfFound()) {
        this.isAtBound = true;
        return asked;
      }
      const verdict = await this.judge(head);
      if (verdict !== 'no') {
        if (room <= 0 || (verdict === 'doubtful' && doubtful <= 0)) return asked;
        if (!isOwed && !reader.affords(asked.length + 1)) return asked;
        if (verdict === 'doubtful') doubtful--;
        else room--;
        asked.push({ head, place: this.at });
        this.seen.add(head.threadId);
        this.waiting.delete(head.threadId);
      }
      this.at++;
    }
  }

  /** Whether the walk would pass by what only the list of what matches can tell to match, because that was not read so far. */
  private async isAheadOfFound(): Promise<boolean> {
    const { found, order, reader } = this;
    if (found === null || reader.source.isDecidable) return false;
    const isAhead = () => {
      const last = found.heads.at(-1);
      if (found.ended || last === undefined) return false;
      // What is not in the order lies above it as far as was met by earlier pages, and else below what was read of it.
      const unread = found.heads.length - 1 <= this.met ? -1 : Number.POSITIVE_INFINITY;
      return (order.placeOf(last.id) ?? unread) < this.at;
    };
    while (isAhead() && found.reads < MAX_HEAD_PAGES) await found.more();
    return isAhead();
  }

  private async judge(head: Head): Promise<'no' | 'likely' | 'doubtful'> {
    const { found, reader } = this;
    const id = head.threadId;
    const until = this.waiting.get(id);
    if (until === undefined ? this.seen.has(id) : until !== head.id) return 'no';
    if (reader.isSettled(id)) return 'no';
    if (found === null || found.byThread.has(id)) return 'likely';
    if (await this.isWithoutMatch(id, found)) return 'no';
    if (found.byThread.has(id)) return 'likely';
    const { isDecidable, isFoundFirst } = reader.source;
    if (isDecidable && !isFoundFirst) return 'doubtful';
    while (!found.ended && found.reads < MAX_HEAD_PAGES) {
      await found.more();
      if (found.byThread.has(id)) return 'likely';
    }
    if (found.ended) return 'no';
    if (isDecidable) return 'doubtful';
    this.isTruncated = true;
    return 'no';
  }

  /** Whether nothing of a thread matches, as far as lists tell: all of it lies where what matches is known. */
  private async isWithoutMatch(id: string, found: HeadList): Promise<boolean> {
    const { order } = this;
    for (;;) {
      if (found.byThread.has(id)) return false;
      if (found.ended) return true;
      const first = this.firstOf(id);
      if (first === undefined) return false;
      if (first < this.frontier(found)) return true;
      const last = found.heads.at(-1);
      const isAhead = last !== undefined && order.placeOf(last.id) === undefined && this.frontier(found) > 0;
      if (!isAhead && found.reads < MAX_HEAD_PAGES) await found.more();
      else if (isAhead && !order.ended && order.reads < MAX_HEAD_PAGES) await order.more();
      else return false;
    }
  }

  private firstOf(id: string): number | undefined {
    const first = this.reader.source.firstMessageOf?.(id);
    return first === undefined ? undefined : this.order.placeOf(first);
  }

  /** Above this place everything that matches is known: the lowest place of what was found. */
  private frontier(found: HeadList): number {
    const { order } = this;
    const sizes = `${order.heads.length} ${found.heads.length}`;
    if (this.known.sizes !== sizes) {
      const lowest = found.heads.findLast(({ id }) => order.placeOf(id) !== undefined);
      this.known = { sizes, frontier: lowest === undefined ? 0 : (order.placeOf(lowest.id) ?? 0) };
    }
    return this.known.frontier;
  }

  /** Reads these threads and gives those that are listed, as many as the page has room for; the walk goes on behind the last. */
  async take(asked: readonly Asked[]): Promise<void> {
    const { reader } = this;
    const answers = await reader.source.read(asked.map(({ head }) => head.threadId));
    const due: Due[] = [];
    let at = Number.POSITIVE_INFINITY;
    for (const [n, one] of asked.entries()) {
      const item = answers[n];
      if (item === undefined || isNotFound(item)) continue;
      const id = one.head.threadId;
      // What could not be read keeps the place it was listed at.
      const next =
        item instanceof Error ? { id, place: one.place, at, item: { id, error: item } } : await this.due(item, one);
      if (next === null) continue;
      due.push(next);
      at = next.at;
    }
    due.sort((a, b) => a.place - b.place);
    for (const [n, one] of due.entries()) {
      if (reader.isFull) {
        for (const { id } of due.slice(n)) this.seen.delete(id);
        this.at = one.place;
        this.isAtEnd = false;
        return;
      }
      reader.give({ id: one.id, item: one.item, at: one.at });
    }
  }

  /** Null: it is not listed, or not here. */
  private async due(thread: Thread, { head, place }: Asked): Promise<Due | null> {
    const { reader, order } = this;
    const id = head.threadId;
    const found = (this.found ?? order).byThread.get(id);
    const anchor = reader.anchor(thread);
    const at = anchor?.receivedAt.getTime() ?? 0;
    if (anchor === null || !reader.isListed(thread, found) || reader.isAbove(at) || reader.isTooNew(thread)) {
      if (this.isDecided(id)) reader.settle(id);
      return null;
    }
    const here = thread.messages.find((message) => message.id === head.id);
    const own = order.placeOf(anchor.id);
    const isLower = here ? at < here.receivedAt.getTime() : own === undefined || own > place;
    if (anchor.id === head.id || !isLower) return { id, place, at, item: thread };
    // The message that it came up by lies in trash or junk, arrived since the first page, or went: the thread stands lower.
    if (own !== undefined && own < this.at) return { id, place: own, at, item: thread };
    if (!reader.source.isDecidable && reader.source.isHidden() && !(await this.isFoundWhole())) {
      // What made it match lies above, where the list of what matches will have been passed by then: it is given now or never.
      this.isTruncated = true;
      return { id, place, at: here?.receivedAt.getTime() ?? at, item: thread };
    }
    this.waiting.set(id, anchor.id);
    return null;
  }

  /** Whether all that matches can be known, so that the next page reads it from the top again. */
  private async isFoundWhole(): Promise<boolean> {
    const { found, reader } = this;
    if (found === null || reader.opened.found !== null) return false;
    while (!found.ended && found.reads < MAX_HEAD_PAGES) await found.more();
    return found.ended;
  }

  /** Whether no message of a thread can still be found to match, so that it need not be read again. */
  private isDecided(id: string): boolean {
    const { found, reader } = this;
    if (found === null || found.ended || reader.source.isDecidable) return true;
    const first = this.firstOf(id);
    return first !== undefined && first < this.frontier(found);
  }

  /** Whether anything follows, as far as that is known without reading more. */
  lookAhead(): void {
    const { order, reader, found } = this;
    for (let head = order.heads[this.at]; head !== undefined; head = order.heads[++this.at]) {
      const id = head.threadId;
      const until = this.waiting.get(id);
      const isOver = (until === undefined ? this.seen.has(id) : until !== head.id) || reader.isSettled(id);
      if (!isOver && (found === null || !found.ended || found.byThread.has(id))) return;
    }
    this.isAtEnd = order.ended;
  }

  place(): Resumption {
    const { order, found, at } = this;
    const isMet = ({ id }: Head) => (order.placeOf(id) ?? at) < at;
    const met = Math.max(this.met, found?.heads.findLastIndex(isMet) ?? -1);
    const { source, opened } = this.reader;
    // In trash and junk a thread may stand below all that matches of it: what can be read at once is read from the top, also
    // where this page did not need all of what an earlier one did.
    const isShort = found !== null && (found.ended || (opened.last.length > 0 && found.reads < MAX_HEAD_PAGES));
    const isReadAgain = source.isHidden() && opened.found === null && isShort;
    return {
      order: order.tokenAt(at),
      found: found === null || isReadAgain ? null : found.tokenAt(Math.max(met, 0)),
      last: lastMarks(order.heads, at),
      met: found === null || isReadAgain ? [] : lastMarks(found.heads, met + 1),
    };
  }
}

const lastMarks = (heads: readonly Head[], place: number): string[] =>
  heads.slice(Math.max(0, place - MAX_LAST), place).map(({ id }) => markOf(id));
