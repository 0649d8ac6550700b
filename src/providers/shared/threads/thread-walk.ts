import { isNotFound } from '../../../domain/error.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Unreadable } from '../../contract/list.ts';
import { type HeadList, MAX_HEAD_PAGES, type ThreadHead } from './heads.ts';
import { MAX_LAST, markOf, type Resumption } from './thread-cursor.ts';
import type { ThreadReader } from './thread-reader.ts';

/** Minimum number of threads that one page may read only because an older message of theirs may match. */
const MIN_UNDECIDED = 10;

interface Candidate {
  readonly head: ThreadHead;
  readonly index: number;
}
/** A thread that the page returns, and its index in the order. */
interface ListedThread {
  readonly id: string;
  readonly index: number;
  readonly at: number;
  readonly item: Thread | Unreadable;
}

/** Walks through the messages of an account, newest first. A thread's position is where it first appears. */
export class ThreadWalk {
  isAtEnd = false;
  /** True when no more pages of heads may be read for this page of threads. */
  isAtBound = false;
  /**
   * True when a thread is out of order: it was returned too early, or it was passed although it may match and will
   * appear again elsewhere.
   */
  isTruncated = false;
  private at: number;
  private readonly seen = new Set<string>();
  /**
   * Threads that appeared too early, by a message that does not count or arrived since the first page. Each is mapped
   * to the message at which it belongs.
   */
  private readonly waiting = new Map<string, string>();
  /** The index, among the matching heads, of the last message above the start of this page. -1 means unknown. */
  private readonly met: number;
  private known = { sizes: '', frontier: 0 };

  constructor(
    private readonly reader: ThreadReader,
    private readonly order: HeadList,
    /** The matching heads read so far. Null means that every message of the order may match. */
    private readonly found: HeadList | null,
  ) {
    const marks = new Set(reader.opened.last);
    this.at = marks.size === 0 ? 0 : 1 + order.heads.findLastIndex(({ id }) => marks.has(markOf(id)));
    const met = new Set(reader.opened.met);
    this.met = found?.heads.findLastIndex(({ id }) => met.has(markOf(id))) ?? -1;
  }

  /** Returns the next threads to read: as many as the page has room for, and some that may or may not match. */
  async gather(): Promise<Candidate[]> {
    const { order, reader, found } = this;
    const candidates: Candidate[] = [];
    let room = reader.room;
    const isOwed = reader.source.isFoundExact === true && found !== null;
    let undecidedRoom = isOwed && !reader.affords(2) ? MIN_UNDECIDED : Math.max(MIN_UNDECIDED, reader.request.size);
    for (;;) {
      const head = order.heads[this.at];
      if (head === undefined) {
        this.isAtEnd = order.ended;
        this.isAtBound = !order.ended && (order.reads >= MAX_HEAD_PAGES || reader.isSpent);
        if (order.ended || room <= 0 || this.isAtBound) return candidates;
        await order.readMore();
        continue;
      }
      if (await this.isAheadOfFound()) {
        this.isAtBound = true;
        return candidates;
      }
      const verdict = await this.judge(head);
      if (verdict !== 'no') {
        if (room <= 0 || (verdict === 'undecided' && undecidedRoom <= 0)) return candidates;
        if (!isOwed && !reader.affords(candidates.length + 1)) return candidates;
        if (verdict === 'undecided') undecidedRoom--;
        else room--;
        candidates.push({ head, index: this.at });
        this.seen.add(head.threadId);
        this.waiting.delete(head.threadId);
      }
      this.at++;
    }
  }

  /**
   * Returns whether the walk would pass messages that only the list of matches can decide about, because that list was
   * not read far enough.
   */
  private async isAheadOfFound(): Promise<boolean> {
    const { found, order, reader } = this;
    if (found === null || reader.source.isDecidable) return false;
    const isAhead = () => {
      const last = found.heads.at(-1);
      if (found.ended || last === undefined) return false;
      // A message missing from the order is above it if earlier pages met it, and otherwise below the part that was
      // read.
      const unread = found.heads.length - 1 <= this.met ? -1 : Number.POSITIVE_INFINITY;
      return (order.indexOf(last.id) ?? unread) < this.at;
    };
    while (isAhead() && found.reads < MAX_HEAD_PAGES) await found.readMore();
    return isAhead();
  }

  private async judge(head: ThreadHead): Promise<'no' | 'likely' | 'undecided'> {
    const { found, reader } = this;
    const id = head.threadId;
    const until = this.waiting.get(id);
    if (until === undefined ? this.seen.has(id) : until !== head.id) return 'no';
    if (reader.isSettled(id)) return 'no';
    if (found === null || found.byThread.has(id)) return 'likely';
    if (await this.isWithoutMatch(id, found)) return 'no';
    if (found.byThread.has(id)) return 'likely';
    const { isDecidable, isFoundFirst } = reader.source;
    if (isDecidable && !isFoundFirst) return 'undecided';
    while (!found.ended && found.reads < MAX_HEAD_PAGES) {
      await found.readMore();
      if (found.byThread.has(id)) return 'likely';
    }
    if (found.ended) return 'no';
    if (isDecidable) return 'undecided';
    this.isTruncated = true;
    return 'no';
  }

  /**
   * Returns whether the lists prove that no message of a thread matches: all of them lie in the range in which every
   * match is known.
   */
  private async isWithoutMatch(id: string, found: HeadList): Promise<boolean> {
    const { order } = this;
    for (;;) {
      if (found.byThread.has(id)) return false;
      if (found.ended) return true;
      const first = this.firstOf(id);
      if (first === undefined) return false;
      if (first < this.frontier(found)) return true;
      const last = found.heads.at(-1);
      const isAhead = last !== undefined && order.indexOf(last.id) === undefined && this.frontier(found) > 0;
      if (!isAhead && found.reads < MAX_HEAD_PAGES) await found.readMore();
      else if (isAhead && !order.ended && order.reads < MAX_HEAD_PAGES) await order.readMore();
      else return false;
    }
  }

  private firstOf(id: string): number | undefined {
    const first = this.reader.source.firstMessageOf?.(id);
    return first === undefined ? undefined : this.order.indexOf(first);
  }

  /** Returns the index above which all matches are known: the lowest index of a matching head. */
  private frontier(found: HeadList): number {
    const { order } = this;
    const sizes = `${order.heads.length} ${found.heads.length}`;
    if (this.known.sizes !== sizes) {
      const lowest = found.heads.findLast(({ id }) => order.indexOf(id) !== undefined);
      this.known = { sizes, frontier: lowest === undefined ? 0 : (order.indexOf(lowest.id) ?? 0) };
    }
    return this.known.frontier;
  }

  /**
   * Reads these threads and returns the listed ones, as many as the page has room for. The walk continues after the
   * last of them.
   */
  async readCandidates(candidates: readonly Candidate[]): Promise<void> {
    const { reader } = this;
    const answers = await reader.source.read(candidates.map(({ head }) => head.threadId));
    const listed: ListedThread[] = [];
    let at = Number.POSITIVE_INFINITY;
    for (const [n, one] of candidates.entries()) {
      const item = answers[n];
      if (item === undefined || isNotFound(item)) continue;
      const id = one.head.threadId;
      // A thread that could not be read keeps the position at which it was listed.
      const next =
        item instanceof Error ? { id, index: one.index, at, item: { id, error: item } } : await this.listed(item, one);
      if (next === null) continue;
      listed.push(next);
      at = next.at;
    }
    listed.sort((a, b) => a.index - b.index);
    for (const [n, one] of listed.entries()) {
      if (reader.isFull) {
        for (const { id } of listed.slice(n)) this.seen.delete(id);
        this.at = one.index;
        this.isAtEnd = false;
        return;
      }
      reader.add({ id: one.id, item: one.item, at: one.at });
    }
  }

  /** Returns null when the thread is not listed, or not at this position. */
  private async listed(thread: Thread, { head, index }: Candidate): Promise<ListedThread | null> {
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
    const own = order.indexOf(anchor.id);
    const isLower = here ? at < here.receivedAt.getTime() : own === undefined || own > index;
    if (anchor.id === head.id || !isLower) return { id, index, at, item: thread };
    // The message by which the thread appeared is in trash or junk, arrived since the first page, or no longer exists.
    // The thread's position is lower.
    if (own !== undefined && own < this.at) return { id, index: own, at, item: thread };
    if (!reader.source.isDecidable && reader.source.isHidden() && !(await this.isFoundWhole())) {
      // The matching message is above, and the list of matches will have passed it by then, so the thread is returned
      // now.
      this.isTruncated = true;
      return { id, index, at: here?.receivedAt.getTime() ?? at, item: thread };
    }
    this.waiting.set(id, anchor.id);
    return null;
  }

  /** Returns whether all matches can be read, so that the next page reads them from the top again. */
  private async isFoundWhole(): Promise<boolean> {
    const { found, reader } = this;
    if (found === null || reader.opened.found !== null) return false;
    while (!found.ended && found.reads < MAX_HEAD_PAGES) await found.readMore();
    return found.ended;
  }

  /**
   * Returns whether no further message of a thread can turn out to match, so that the thread need not be read again.
   */
  private isDecided(id: string): boolean {
    const { found, reader } = this;
    if (found === null || found.ended || reader.source.isDecidable) return true;
    const first = this.firstOf(id);
    return first !== undefined && first < this.frontier(found);
  }

  /** Finds out whether anything follows, as far as that is known without reading more. */
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

  position(): Resumption {
    const { order, found, at } = this;
    const isMet = ({ id }: ThreadHead) => (order.indexOf(id) ?? at) < at;
    const met = Math.max(this.met, found?.heads.findLastIndex(isMet) ?? -1);
    const { source, opened } = this.reader;
    // In trash and junk a thread's position may be below all of its matches. A list that can be read completely is
    // therefore read from the top again, even if this page needed less of it than an earlier one.
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

const lastMarks = (heads: readonly ThreadHead[], index: number): string[] =>
  heads.slice(Math.max(0, index - MAX_LAST), index).map(({ id }) => markOf(id));
