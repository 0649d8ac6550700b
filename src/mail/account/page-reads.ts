import { setMaxListeners } from 'node:events';
import type { ReadNotes } from '../../domain/dated-read.ts';
import { abortable } from '../../platform/abort.ts';
import {
  type Detail,
  isUnreadable,
  type Page,
  type PageRequest,
  type Unreadable,
} from '../../providers/contract/list.ts';

/** The requirements of one list for a page. */
export interface SharedReadRequest {
  readonly size: number;
  readonly detail: Detail;
  /** See PageRequest. All requests with the same key skip the same items. */
  readonly skip: (id: string) => boolean;
  /** Aborts when this list no longer waits. */
  readonly signal: AbortSignal;
}
/** A page, with what was noted while it was read. Without notes it was read for an answer that nobody keeps, or only in part. */
export interface NotedPage<T> extends Page<T> {
  readonly notes?: ReadNotes | undefined;
  /** When the read of its oldest item began, by the clock of the memory. Absent: now. */
  readonly readAt?: number | undefined;
}
interface PageRead<T> {
  readonly page: NotedPage<T>;
  /** The size with which the page was requested: that of the longest list. */
  readonly size: number;
  /** The detail that was requested for each item. */
  readonly detail: Detail;
}
/** Requests the page from the provider. */
type FetchPage<T> = (
  request: Required<Pick<PageRequest, 'size' | 'detail' | 'skip'>>,
  signal: AbortSignal,
) => Promise<NotedPage<T>>;

/**
 * The pages of one account that one request reads. A page that a query needs in several places is requested once: lists
 * that begin together share one read, which is as long as the longest of them, and a longer list that comes later reads
 * only the rest. A list that stops waiting does not affect the others. An error of a read is the error of all lists that
 * share it.
 */
export class PageReads {
  private readonly reads = new Map<string, SharedRead<unknown>[]>();

  /** `key` identifies the list of the account and the page in it; `idOf` returns the id of an item. */
  read<T>(
    key: string,
    wanted: SharedReadRequest,
    idOf: (item: T) => string,
    fetch: FetchPage<T>,
  ): Promise<PageRead<T>> {
    const known = (this.reads.get(key) ?? []) as SharedRead<T>[];
    let read = known.find((one) => one.isOpen || one.covers(wanted));
    if (!read) {
      const made = new SharedRead(idOf, fetch, known.at(-1) ?? null, () => this.drop(key, made as SharedRead<unknown>));
      read = made;
      this.reads.set(key, [...known, made] as SharedRead<unknown>[]);
    }
    return read.join(wanted);
  }

  /** Drops all pages after a change to the account. */
  clear(): void {
    this.reads.clear();
  }

  private drop(key: string, read: SharedRead<unknown>): void {
    const left = (this.reads.get(key) ?? []).filter((one) => one !== read);
    this.reads.set(key, left);
  }
}

class SharedRead<T> {
  /** Other lists may still join, with any requirements. The read begins with the next iteration of the event loop. */
  isOpen = true;
  private readonly controller = new AbortController();
  private readonly wanted: SharedReadRequest[] = [];
  private readonly skipped = new Set<string>();
  private size = 0;
  private detail: Detail = 'envelope';
  private waiting = 0;
  private result: PageRead<T> | null = null;
  private readonly reading: Promise<PageRead<T>>;

  constructor(
    private readonly idOf: (item: T) => string,
    private readonly fetch: FetchPage<T>,
    /** A shorter read of the same page, which may still be in progress. */
    private readonly shorter: SharedRead<T> | null,
    /** Called when all lists have stopped waiting before the read is complete. */
    private readonly abandoned: () => void,
  ) {
    setMaxListeners(0, this.controller.signal);
    this.reading = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.begin());
    // The lists may have stopped waiting, and then nobody handles a rejection.
    this.reading.catch(() => {});
  }

  /**
   * Whether this read satisfies the requirements. It may lack the content when the list needs the content of few of its
   * items: the content is then loaded message by message.
   */
  covers({ size, detail }: Pick<SharedReadRequest, 'size' | 'detail'>): boolean {
    if (!(this.result?.page.next === null || size <= this.size)) return false;
    return this.detail === 'full' || detail === 'envelope' || 2 * size <= this.size;
  }

  async join(wanted: SharedReadRequest): Promise<PageRead<T>> {
    if (this.isOpen) this.wanted.push(wanted);
    this.waiting++;
    try {
      const read = await abortable(this.reading, wanted.signal);
      for (const id of this.skipped) wanted.skip(id);
      return read;
    } finally {
      this.waiting--;
      if (this.waiting === 0 && wanted.signal.aborted && !this.result && !this.controller.signal.aborted) {
        this.isOpen = false;
        this.abandoned();
        this.controller.abort(wanted.signal.reason);
      }
    }
  }

  private async begin(): Promise<PageRead<T>> {
    this.isOpen = false;
    this.controller.signal.throwIfAborted();
    const largest = (some: readonly SharedReadRequest[]) => Math.max(0, ...some.map(({ size }) => size));
    this.size = largest(this.wanted);
    this.detail = 2 * largest(this.wanted.filter(({ detail }) => detail === 'full')) > this.size ? 'full' : 'envelope';
    const { size, detail, controller } = this;
    const known = await this.shorter?.join({ size, detail, skip: () => false, signal: controller.signal });
    const page = await this.read(known ?? null);
    this.result = { page, size, detail: this.detail };
    return this.result;
  }

  private async read(known: PageRead<T> | null): Promise<NotedPage<T>> {
    const { size, detail } = this;
    const usable = known && (known.detail === 'full' || detail === 'envelope') ? known.page.items : [];
    const have = new Map(
      usable.flatMap((item) => (isUnreadable(item as object) ? [] : [[this.idOf(item as T), item]])),
    );
    // Only items that are listed now belong to this page: new mail may have moved the others to the next page.
    const still = new Set<T | Unreadable>();
    const skip = (id: string): boolean => {
      const item = have.get(id);
      if (item) still.add(item);
      else if (this.wanted[0]?.skip(id)) this.skipped.add(id);
      else return false;
      return true;
    };
    const page = await this.fetch({ size, detail, skip }, this.controller.signal);
    return still.size > 0
      ? { ...page, items: [...still, ...page.items], notes: undefined, readAt: known?.page.readAt }
      : page;
  }
}

/**
 * The number of messages that a search may read for each item of its page, whatever other searches of the request have
 * read.
 */
export const MIN_READS_PER_ITEM = 4;

/**
 * The number of messages that all searches of one request may read in one account without listing them, in addition to the
 * few that each search may read for its page. Many searches in one request then cost little more than as many lists without
 * a condition.
 */
export class ScanPool {
  private reading = 0;
  private wasted = 0;

  /** Registers a search. The returned function ends it. */
  begin(): () => void {
    this.reading++;
    return () => {
      this.reading--;
    };
  }

  /** Counts messages that were read but not listed. */
  charge(messages: number): void {
    this.wasted += Math.max(0, messages);
  }

  isEmpty(budget: number): boolean {
    return this.wasted >= budget;
  }

  /** The share of the remaining budget for one of the searches in progress. */
  share(budget: number): number {
    return Math.max(0, Math.floor((budget - this.wasted) / Math.max(1, this.reading)));
  }
}
