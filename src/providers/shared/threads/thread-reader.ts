import { isNotFound } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { isHidden, type Thread } from '../../../domain/thread.ts';
import { isUnreadable, type Page, type PageRequest, type Unreadable } from '../../contract/provider.ts';
import { type HeadList, MAX_HEAD_PAGES } from './heads.ts';
import { markOf, type Resumption, sealThreadPlace, type ThreadPosition } from './thread-cursor.ts';
import type { ThreadSource } from './thread-source.ts';

interface Given {
  readonly id: string;
  readonly item: Thread | Unreadable;
  /** Unix milliseconds. */
  readonly at: number;
  /** Its messages of the moment that it stands at, where several threads are put in order at once: the first of them in the list is its place. */
  readonly anchorIds?: readonly string[];
}

/** What was read of threads for one page, and what of it is given. */
export class ThreadReader {
  readonly given: Given[] = [];
  private readonly marks: Set<string>;
  private readonly settled: string[];
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
    return this.request.size - this.given.length;
  }

  get isFull(): boolean {
    return this.room <= 0;
  }

  get isSpent(): boolean {
    const { budget } = this.request;
    return budget !== undefined && this.source.spent() >= budget;
  }

  /** Whether so many threads more can be paid for; one always can. */
  affords(threads: number): boolean {
    const { budget } = this.request;
    if (budget === undefined || threads <= 1) return true;
    return this.source.spent() + threads * this.source.threadCost <= budget;
  }

  isSettled(id: string): boolean {
    if (this.marks.has(markOf(id))) return true;
    if (!this.request.skip?.(id)) return false;
    this.settle(id);
    return true;
  }

  settle(id: string): void {
    const mark = markOf(id);
    if (!this.marks.has(mark)) this.settled.push(mark);
    this.marks.add(mark);
  }

  give(one: Given): void {
    this.given.push(one);
    this.settle(one.id);
    if (Number.isFinite(one.at)) this.at = Math.min(this.at ?? one.at, one.at);
  }

  /** Threads of a list that were not given yet. */
  open(list: HeadList): string[] {
    return [...list.byThread.keys()].filter((id) => !this.isSettled(id));
  }

  /** The message that its thread stands at, as of the first page: what came later does not move it. Null: all came later. */
  anchor(thread: Thread): Message | null {
    const { start } = this;
    const old =
      start === null ? thread.messages : thread.messages.filter(({ receivedAt }) => receivedAt.getTime() <= start);
    const shown = old.findLast((message) => !isHidden(message, thread.hidden));
    return shown ?? (this.source.isHidden() ? (old.at(-1) ?? thread.messages.at(-1) ?? null) : null);
  }

  /** Whether a thread stands above this page: it was given, though the cursor no longer tells. */
  isAbove(at: number): boolean {
    return this.opened.isPartial && this.opened.at !== null && at > this.opened.at;
  }

  /**
   * Messages by which a thread is listed; `found`: ids of its messages among those that matched. What came since the first page
   * makes no thread match; in trash and junk a message may be newer than its thread stands, and is not told from what came.
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

  /** Of a thread that is longer than is read, what was found may be behind the messages at hand. */
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
   * All of these threads, sorted, and as many of them as there is room for; `inOrderOf`: the list in which those of one moment
   * have their order, `place`: where the rest of them is to be found.
   */
  async collect(
    ids: readonly string[],
    list: HeadList,
    inOrderOf: HeadList,
    { order, found, last, met }: Resumption,
    isTruncated = false,
  ): Promise<Page<Thread>> {
    const answers = ids.length === 0 ? [] : await this.source.read(ids);
    const listed = ids.flatMap((id, n): Given[] => {
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
    listed.sort(inOrder);
    await sortWithinMoments(listed, inOrderOf);
    const { room } = this;
    for (const one of listed.slice(0, room)) this.give(one);
    return this.page(listed.length > room ? { order, found, last, met } : null, isTruncated);
  }

  /** Sorts what is given once the first page is read whole, and makes the cursor. */
  page(next: Resumption | null, isTruncated: boolean): Page<Thread> {
    const { source, opened, settled, at } = this;
    const start = this.start ?? newest(this.given);
    const place = next && { ...next, settled, isPartial: opened.isPartial, at, start };
    return {
      items: this.given.toSorted(inOrder).map(({ item }) => item),
      next: place && sealThreadPlace(place, source.print),
      spent: source.spent(),
      ...(isTruncated ? { truncated: true } : {}),
    };
  }
}

const idsAt = ({ messages }: Thread, at: number): string[] =>
  messages.flatMap(({ id, receivedAt }) => (receivedAt.getTime() === at ? [id] : []));

/** Sorts what stands at one moment as the order has it, which is read on as far as that takes and is worth it. */
async function sortWithinMoments(listed: Given[], order: HeadList): Promise<void> {
  const placeOf = ({ anchorIds = [] }: Given): number =>
    Math.min(...anchorIds.map((id) => order.placeOf(id) ?? Number.POSITIVE_INFINITY));
  const isOpen = (one: Given, n: number): boolean => {
    const next = listed[n + 1];
    if (next === undefined || next.at !== one.at || !Number.isFinite(one.at)) return false;
    return [one, next].every((each) => placeOf(each) === Number.POSITIVE_INFINITY);
  };
  while (listed.some(isOpen) && !order.ended && order.reads < MAX_HEAD_PAGES) await order.more();
  listed.sort((a, b) => inOrder(a, b) || byPlace(placeOf(a), placeOf(b)));
}

const byPlace = (a: number, b: number): number => (a === b ? 0 : a - b);

/** Newest first; of one moment as they were listed. */
const inOrder = (a: Given, b: Given): number => (a.at === b.at ? 0 : a.at > b.at ? -1 : 1);

function newest(given: readonly Given[]): number | null {
  const times = given.flatMap(({ item, at }) => (isUnreadable(item) ? [] : [at]));
  return times.length > 0 ? Math.max(...times) : null;
}
