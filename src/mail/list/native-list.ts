import { isMailError, type MailError } from '../../domain/error.ts';
import { isUnreadable, type Unreadable } from '../../providers/contract/list.ts';
import type { Shape } from './list-kind.ts';
import {
  itemMarkOf,
  type ListPosition,
  MAX_PAGE_SIZE,
  nextPage,
  restartAt,
  type ShownItem,
  secondOf,
  withShown,
} from './list-position.ts';
import type { Head, MergeInput } from './merge.ts';
import type { PausableDeadline } from './pausable-deadline.ts';

export interface ReadRequest {
  readonly after: string | null;
  readonly before: Date | null;
  /** See PageRequest. */
  readonly start: Date | null;
  readonly size: number;
  /** See PageRequest. */
  readonly upTo: number;
  readonly skip: (id: string) => boolean;
  /** The marks of the items that `skip` accepts. */
  readonly seen: ReadonlySet<string>;
  /** True when this page has been read before. */
  readonly isReopened: boolean;
}
export interface ReadResult<T> {
  readonly items: readonly (T | Unreadable)[];
  readonly next: string | null;
  /** The size with which the page was requested, if that was not the size that this request has. */
  readonly size?: number;
}
/**
 * Reads one page of one account, and settles soon after `signal` aborts, either with the items read so far or with an
 * error. Null: no more is read for now although there are more items, because the scan budget is spent.
 */
export type ReadPage<T> = (request: ReadRequest, signal: AbortSignal) => Promise<ReadResult<T> | null>;

interface PageRead {
  /** The position at which the page was read, with the size of the page. */
  readonly opened: ListPosition;
  readonly met: ReadonlySet<string>;
  readonly newest: number | null;
  readonly isAboveStart: boolean;
  readonly count: number;
  readonly next: string | null;
}

/** One native list within one page of a merged list. It reads ahead, and remembers what was shown to compute its position. */
export class NativeList<T> implements MergeInput<T> {
  private readonly pages: PageRead[] = [];
  private readonly shown: ShownItem[] = [];
  private readonly buffer: Head<T>[] = [];
  /** The position to read from when the provider no longer knows the cursor. Null again once that page is read. */
  private restartPosition: ListPosition | null = null;
  private hasRestarted = false;
  /** The request budget is spent, so that this page of the merged list reads no more of it. */
  private isBudgetSpent = false;
  private filling: Promise<void> | null = null;
  /** Why reading ahead stopped. It becomes `failure` only when the missing items are needed. */
  private aheadFailure: unknown = null;
  /** Why reading stopped. Items that were read before are still shown. */
  failure: unknown = null;

  constructor(
    readonly key: string,
    private readonly start: ListPosition,
    private readonly shape: Shape<T>,
    private readonly read: ReadPage<T>,
    private readonly deadline: Pick<PausableDeadline, 'signal' | 'run'>,
  ) {}

  get head(): Head<T> | undefined {
    return this.buffer[0];
  }

  get shownCount(): number {
    return this.shown.length;
  }

  get isStarving(): boolean {
    return (
      this.buffer.length === 0 &&
      !this.failure &&
      !this.isBudgetSpent &&
      !this.positionAfter(this.shown.length).finished
    );
  }

  get hasMore(): boolean {
    return this.buffer.length > 0 || !this.positionAfter(this.shown.length).finished;
  }

  canReadAhead(wanted: number): boolean {
    if (this.buffer.length >= wanted || this.failure || this.aheadFailure || this.isBudgetSpent) return false;
    return !this.positionBehindAll().finished;
  }

  show(): Head<T> {
    const head = this.buffer.shift();
    if (!head) throw new RangeError('there is no head to show');
    this.shown.push(shownItem(head));
    return head;
  }

  /**
   * Reads the next page into the buffer, and up to `upTo` items that need no further request. An error is kept in
   * `failure`.
   */
  fill(size: number, upTo = size): Promise<void> {
    this.filling ??= this.fillOnce(size, upTo).finally(() => {
      this.filling = null;
    });
    return this.filling;
  }

  private async fillOnce(size: number, upTo: number): Promise<void> {
    if (this.aheadFailure) {
      this.failure = this.aheadFailure;
      return;
    }
    const opened = this.positionBehindAll();
    const isAhead = this.buffer.length > 0;
    try {
      const met = new Set<string>();
      const reading = await this.readAt(opened, size, upTo, met);
      if (reading) this.take({ ...opened, size: reading.size, upTo: reading.upTo }, reading, met, isAhead);
      else this.isBudgetSpent = true;
    } catch (error) {
      // The list restarts once in a page: a provider can reject the new cursor as well, and this must come to an end.
      if (isForgotten(error) && opened.after !== null && !this.hasRestarted) {
        this.restartPosition = restartAt(opened);
        this.hasRestarted = true;
      } else this.fail(error, isAhead);
    }
  }

  /** The position after the first `count` items that this list showed. */
  positionAfter(count: number): ListPosition {
    return this.positionIn(this.shown, count);
  }

  /** The position after all items that were read, including those that are only buffered. */
  private positionBehindAll(): ListPosition {
    const all = this.buffer.length > 0 ? [...this.shown, ...this.buffer.map(shownItem)] : this.shown;
    return this.positionIn(all, all.length);
  }

  private positionIn(items: readonly ShownItem[], count: number): ListPosition {
    let position = this.start;
    let before = 0;
    for (const page of this.pages) {
      const here = items.slice(before, Math.min(count, before + page.count));
      before += page.count;
      const opened = { ...page.opened, newest: page.opened.newest ?? page.newest };
      position = withShown(opened, here);
      if (here.length < page.count) return position;
      position = nextPage(position, page.opened, page);
      if (count < before) return position;
    }
    return this.restartPosition && count === this.shown.length + this.buffer.length ? this.restartPosition : position;
  }

  private fail(error: unknown, isAhead: boolean): void {
    if (isAhead) this.aheadFailure = error;
    else this.failure = error;
  }

  private async readAt(
    opened: ListPosition,
    size: number,
    upTo: number,
    met: Set<string>,
  ): Promise<(ReadResult<T> & { readonly size: number; readonly upTo: number | null }) | null> {
    const start = opened.after === null && opened.newest !== null ? new Date(opened.newest) : null;
    // A new page is larger by the skipped items. Otherwise every page would be short, and need a second read.
    const larger = opened.size ?? Math.min(MAX_PAGE_SIZE, size + opened.seen.size);
    const atMost = opened.size === null ? Math.min(MAX_PAGE_SIZE, upTo + opened.seen.size) : (opened.upTo ?? larger);
    const request: ReadRequest = {
      after: opened.after,
      before: opened.before === null ? null : new Date(opened.before),
      start,
      size: larger,
      upTo: atMost,
      skip: (id) => {
        const mark = opened.seen.size > 0 && itemMarkOf(id);
        if (!mark || !opened.seen.has(mark)) return false;
        met.add(mark);
        return true;
      },
      seen: opened.seen,
      isReopened: start !== null || opened.seen.size > 0,
    };
    const result = await this.deadline.run(() => this.read(request, this.deadline.signal));
    return result && { size: larger, upTo: atMost > larger ? atMost : null, ...result };
  }

  private take(opened: ListPosition, reading: ReadResult<T>, met: Set<string>, isAhead: boolean): void {
    const stop = stopsAt(reading.items);
    const heads = this.inOrder(stop ? reading.items.slice(0, stop.index) : reading.items, opened);
    const fromTheTop = opened.before === null && (opened.after === null || opened.isAboveStart);
    const kept = heads.filter(({ id, at, item }) => {
      const mark = opened.seen.size > 0 && itemMarkOf(id);
      if (mark && opened.seen.has(mark)) {
        met.add(mark);
        return false;
      }
      if (isUnreadable(item as object)) return true;
      if (opened.before !== null && at >= opened.before) return false;
      // No provider promises an order within one second, so mail of the newest second may be old.
      return !(
        fromTheTop &&
        opened.newest !== null &&
        secondOf(this.shape.createdAt(item as T)) > secondOf(opened.newest)
      );
    });
    const times = heads.map(({ at }) => at).filter(Number.isFinite);
    this.buffer.push(...kept);
    this.restartPosition = null;
    if (stop) this.fail(stop.error, isAhead);
    this.pages.push({
      opened,
      met,
      newest: opened.newest === null && fromTheTop && times.length > 0 ? Math.max(...times) : null,
      isAboveStart: fromTheTop && heads.length > 0 && kept.length === 0 && met.size === 0,
      // This count is not reached when the page breaks off: the next page then reads this one again.
      count: stop ? Number.POSITIVE_INFINITY : kept.length,
      next: reading.next,
    });
  }

  /**
   * The items in the order of the provider, which may know their times more exactly than it returns them. A thread that a
   * reply has moved up since the list began keeps its position, also among other lists. No item gets a later time than the
   * one before it, and an unreadable item, which has no time, gets the time of the one before it.
   */
  private inOrder(items: readonly (T | Unreadable)[], { last, newest }: ListPosition): Head<T>[] {
    let at = last ?? Number.POSITIVE_INFINITY;
    return items.map((item): Head<T> => {
      if (isUnreadable(item as object)) return { id: (item as Unreadable).id, at, item };
      at = Math.min(at, newest === null ? this.shape.at(item as T) : this.shape.timeAsOf(item as T, newest));
      return { id: this.shape.id(item as T), at, item };
    });
  }
}

export const shownItem = ({ id, at, item }: Head<unknown>): ShownItem => ({
  mark: itemMarkOf(id),
  at: isUnreadable(item as object) ? null : at,
});

/**
 * Whether the provider no longer accepts its own cursor. BAD_USER_INPUT counts too: our cursor was sealed for this very
 * list, so the provider now knows the list by other parameters than when the cursor was made.
 */
const isForgotten = (error: unknown): boolean =>
  isMailError(error) && (error.code === 'CURSOR_EXPIRED' || error.code === 'BAD_USER_INPUT');

/**
 * Up to this many unavailable messages may be permanently unreadable. More of them in one page mean that the provider is
 * unavailable.
 */
const MAX_UNAVAILABLE_ITEMS = 3;

/**
 * Where a page breaks off because the account, and not just one message, cannot be read for now. The items from there on
 * are neither shown nor skipped: a later read returns them.
 */
function stopsAt(items: readonly unknown[]): { index: number; error: MailError } | null {
  const errors = items.map((item) => (isUnreadable(item as object) ? (item as Unreadable).error : null));
  const down = errors.filter((error) => error?.code === 'PROVIDER_UNAVAILABLE').length;
  const index = errors.findIndex(
    (error) =>
      error?.code === 'RATE_LIMITED' ||
      error?.code === 'TIMEOUT' ||
      (error?.code === 'PROVIDER_UNAVAILABLE' && down > MAX_UNAVAILABLE_ITEMS),
  );
  const error = errors[index];
  return error ? { index, error } : null;
}
