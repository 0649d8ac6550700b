import { isNotFound } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { isHidden, type Thread } from '../../../domain/thread.ts';
import { isUnreadable, type Page, type PageRequest, type Unreadable } from '../../contract/list.ts';
import { type HeadList, MAX_HEAD_PAGES } from './heads.ts';
import { markOf, type Resumption, sealThreadPosition, type ThreadPosition } from './thread-cursor.ts';
import type { ThreadSource } from './thread-source.ts';

interface PageItem {
  readonly id: string;
  readonly item: Thread | Unreadable;
  /** Unix milliseconds. */
  readonly at: number;
  /**
   * The thread's messages of the moment `at`, when several threads are sorted together. The first of them in the list
   * decides the thread's position.
   */
  readonly anchorIds?: readonly string[];
}

/** Collects the threads that are read for one page, and those that the page returns. */
export class ThreadReader {
  readonly items: PageItem[] = [];
  private readonly marks: Set<string>;
  private readonly settled: string[];
  /** The threads that the caller has already shown. They count towards the size of the page. */
  private readonly skipped = new Set<string>();
  private at: number | null;
  private start: number | null;

  constructor(
    readonly source: ThreadSource,
    readonly request: PageRequest,
    readonly opened: ThreadPosition,
  ) {
    this.settled = [...opened.settled];
    this.marks = new Set(opened.settled);
    this.at = opened.at;
    this.start = opened.start;
  }

  get room(): number {
    return this.request.size - this.items.length - this.skipped.size;
  }

  get isFull(): boolean {
    return this.room <= 0;
  }

  get isSpent(): boolean {
    const { budget } = this.request;
    return budget !== undefined && this.source.spent() >= budget;
  }

  /** Returns whether the budget allows this many more threads. One more is always allowed. */
  affords(threads: number): boolean {
    const { budget } = this.request;
    if (budget === undefined || threads <= 1) return true;
    return this.source.spent() + threads * this.source.threadCost <= budget;
  }

  isSettled(id: string): boolean {
    if (this.marks.has(markOf(id))) return true;
    if (!this.request.skip?.(id)) return false;
    this.skipped.add(id);
    this.settle(id);
    return true;
  }

  settle(id: string): void {
    const mark = markOf(id);
    if (!this.marks.has(mark)) this.settled.push(mark);
    this.marks.add(mark);
  }

  add(one: PageItem): void {
    this.items.push(one);
    this.settle(one.id);
    if (Number.isFinite(one.at)) this.at = Math.min(this.at ?? one.at, one.at);
  }

  /** Returns the threads of a list that were not returned yet. */
  remaining(list: HeadList): string[] {
    return [...list.byThread.keys()].filter((id) => !this.isSettled(id));
  }

  /**
   * Returns the message that decides a thread's position. Mail that arrived after the first page does not move it.
   * Returns null when all messages arrived later.
   */
  anchor(thread: Thread): Message | null {
    const { start } = this;
    const old =
      start === null ? thread.messages : thread.messages.filter(({ receivedAt }) => receivedAt.getTime() <= start);
    const shown = old.findLast((message) => !isHidden(message, thread.hidden));
    return shown ?? (this.source.isHidden() ? (old.at(-1) ?? thread.messages.at(-1) ?? null) : null);
  }

  /**
   * Returns whether a thread is above this page and was therefore returned before, although the cursor no longer holds
   * its hash.
   */
  isAbove(at: number): boolean {
    return this.opened.isPartial && this.opened.at !== null && at > this.opened.at;
  }

  /**
   * Returns the messages by which a thread is listed. `found` are the ids of its messages among the matching ones. Mail
   * since the first page makes no thread match, except in trash and junk, where a message may be newer than its
   * thread's position and cannot be distinguished from new mail.
   */
  meeting(thread: Thread, found: ReadonlySet<string> | undefined): readonly Message[] {
    const { source, start } = this;
    const isInTime = (message: Message) => start === null || message.receivedAt.getTime() <= start;
    return thread.messages.filter(
      (message) =>
        (source.isHidden() || (isInTime(message) && !isHidden(message, thread.hidden))) &&
        source.meets(message, found?.has(message.id) ?? false),
    );
  }

  /**
   * Returns whether a thread is listed. In a thread longer than what was read, the matching message may be beyond the
   * messages at hand.
   */
  isListed(thread: Thread, found: ReadonlySet<string> | undefined): boolean {
    if (this.meeting(thread, found).length > 0) return true;
    if (thread.messageCount <= thread.messages.length || !found) return false;
    const known = new Set(thread.messages.map(({ id }) => id));
    return [...found].some((id) => !known.has(id));
  }

  isTooNew(thread: Thread): boolean {
    const { before } = this.request;
    const at = this.anchor(thread)?.receivedAt ?? thread.lastMessageAt;
    return before !== undefined && at.getTime() >= before.getTime();
  }

  /**
   * Reads all of these threads, sorts them, and returns as many as the page has room for. Threads of the same moment
   * have their order from `orderList`. The last argument is the position at which the rest will be found.
   */
  async collect(
    ids: readonly string[],
    list: HeadList,
    orderList: HeadList,
    { order, found, last, met }: Resumption,
    isTruncated = false,
  ): Promise<Page<Thread>> {
    const answers = ids.length === 0 ? [] : await this.source.read(ids);
    const listed = ids.flatMap((id, n): PageItem[] => {
      const item = answers[n];
      if (item === undefined || isNotFound(item)) return [];
      if (item instanceof Error) return [{ id, item: { id, error: item }, at: Number.POSITIVE_INFINITY }];
      const anchor = this.anchor(item);
      const at = anchor?.receivedAt.getTime();
      if (at !== undefined && !this.isAbove(at) && !this.isTooNew(item) && this.isListed(item, list.byThread.get(id)))
        return [{ id, item, at, anchorIds: idsAt(item, at) }];
      this.settle(id);
      return [];
    });
    listed.sort(newestFirst);
    await sortWithinMoments(listed, orderList);
    const { room } = this;
    for (const one of listed.slice(0, room)) this.add(one);
    return this.page(listed.length > room ? { order, found, last, met } : null, isTruncated);
  }

  /** Sorts the page's threads and creates the cursor. */
  page(next: Resumption | null, isTruncated: boolean): Page<Thread> {
    const { source, opened, settled, at } = this;
    const start = this.start ?? newest(this.items);
    const position = next && { ...next, settled, isPartial: opened.isPartial, at, start };
    return {
      items: this.items.toSorted(newestFirst).map(({ item }) => item),
      next: position && sealThreadPosition(position, source.fingerprint),
      spent: source.spent(),
      ...(isTruncated ? { truncated: true } : {}),
    };
  }
}

const idsAt = ({ messages }: Thread, at: number): string[] =>
  messages.flatMap(({ id, receivedAt }) => (receivedAt.getTime() === at ? [id] : []));

/** Sorts threads of the same moment by the order list, which is read further as far as needed within its limit. */
async function sortWithinMoments(listed: PageItem[], order: HeadList): Promise<void> {
  const indexOf = ({ anchorIds = [] }: PageItem): number =>
    Math.min(...anchorIds.map((id) => order.indexOf(id) ?? Number.POSITIVE_INFINITY));
  const isOpen = (one: PageItem, n: number): boolean => {
    const next = listed[n + 1];
    if (next === undefined || next.at !== one.at || !Number.isFinite(one.at)) return false;
    return [one, next].every((each) => indexOf(each) === Number.POSITIVE_INFINITY);
  };
  while (listed.some(isOpen) && !order.ended && order.reads < MAX_HEAD_PAGES) await order.readMore();
  listed.sort((a, b) => newestFirst(a, b) || byIndex(indexOf(a), indexOf(b)));
}

const byIndex = (a: number, b: number): number => (a === b ? 0 : a - b);

/** Compares by time, newest first. Threads of the same moment keep their order. */
const newestFirst = (a: PageItem, b: PageItem): number => (a.at === b.at ? 0 : a.at > b.at ? -1 : 1);

function newest(items: readonly PageItem[]): number | null {
  const times = items.flatMap(({ item, at }) => (isUnreadable(item) ? [] : [at]));
  return times.length > 0 ? Math.max(...times) : null;
}
