import { isMailError, type MailError } from '../../domain/error.ts';
import { isUnreadable, type Unreadable } from '../../providers/contract/list.ts';
import type { Shape } from './list-kind.ts';
import { type ListPlace, markOf, nextPage, restartAt, type ShownItem, secondOf, withShown } from './list-place.ts';

export interface ReadRequest {
  readonly after: string | null;
  readonly before: Date | null;
  /** As in PageRequest. */
  readonly start: Date | null;
  readonly size: number;
  /** As in PageRequest. */
  readonly upTo: number;
  readonly skip: (id: string) => boolean;
  /** Marks of what is skipped. */
  readonly seen: ReadonlySet<string>;
  /** The page was opened before. */
  readonly again: boolean;
}
export interface Reading<T> {
  readonly items: readonly (T | Unreadable)[];
  readonly next: string | null;
}
/**
 * Reads one page of one account, and settles soon after `signal` aborts: with what it has by then, or by throwing. Null:
 * it will read no more for now, though there is more (the scan budget is spent).
 */
export type ReadPage<T> = (request: ReadRequest, signal: AbortSignal) => Promise<Reading<T> | null>;

/** What times the reads of one source. */
export interface Clock {
  /** Aborts when the time is used up, when the client goes away, and when the page is done. */
  readonly signal: AbortSignal;
  /** Does `work` while the clock runs. */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** An item at the front of its account, with its place in the merged order. */
export interface Head<T> {
  readonly id: string;
  readonly at: number;
  readonly item: T | Unreadable;
}

interface PageRead {
  readonly opened: ListPlace;
  readonly met: ReadonlySet<string>;
  readonly newest: number | null;
  readonly isAbove: boolean;
  readonly count: number;
  readonly next: string | null;
}

/** The largest page that a provider is asked for. */
const MAX_PAGE_SIZE = 100;

/** What the merge takes items from. */
export interface MergeSource<T> {
  /** The integration's id: breaks ties between accounts. */
  readonly key: string;
  readonly head: Head<T> | undefined;
  /** Has nothing to offer now, and has more: the merge waits for it. */
  readonly starving: boolean;
  /** Has fewer than `wanted` to offer, and could read on while the merge waits for another source. */
  canReadAhead(wanted: number): boolean;
  /** Takes the head as shown. */
  show(): Head<T>;
  /** Reads on, behind what is there. Never throws. One read at a time: who comes meanwhile waits for it. */
  fill(size: number): Promise<void>;
}

/** One native list's part in a merged list, for one page of it: reads ahead, remembers what was shown, and knows its place. */
export class NativeList<T> implements MergeSource<T> {
  private readonly pages: PageRead[] = [];
  private readonly shown: ShownItem[] = [];
  private readonly buffer: Head<T>[] = [];
  /** Where to read next, after the provider forgot the cursor; until that is read. */
  private restartPlace: ListPlace | null = null;
  private hasRestarted = false;
  private paused = false;
  private filling: Promise<void> | null = null;
  /** Why reading ahead stopped: no failure until what it would have brought is asked for. */
  private aheadFailure: unknown = null;
  /** Why it stopped; what it had read before still counts. */
  failure: unknown = null;

  constructor(
    readonly key: string,
    private readonly start: ListPlace,
    private readonly shape: Shape<T>,
    private readonly read: ReadPage<T>,
    private readonly clock: Clock,
  ) {}

  get head(): Head<T> | undefined {
    return this.buffer[0];
  }

  get shownCount(): number {
    return this.shown.length;
  }

  get starving(): boolean {
    return this.buffer.length === 0 && !this.failure && !this.paused && !this.place(this.shown.length).finished;
  }

  get unfinished(): boolean {
    return this.buffer.length > 0 || !this.place(this.shown.length).finished;
  }

  canReadAhead(wanted: number): boolean {
    if (this.buffer.length >= wanted || this.failure || this.aheadFailure || this.paused) return false;
    return !this.placeBehindAll().finished;
  }

  show(): Head<T> {
    const head = this.buffer.shift();
    if (!head) throw new RangeError('there is no head to show');
    this.shown.push(shownItem(head));
    return head;
  }

  /** Reads the next page into the buffer, and up to `upTo` of what is at hand. A failure is told by `failure`. */
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
    const opened = this.placeBehindAll();
    const isAhead = this.buffer.length > 0;
    try {
      const met = new Set<string>();
      const reading = await this.readAt(opened, size, upTo, met);
      if (reading) this.take(opened, reading, met, isAhead);
      else this.paused = true;
    } catch (error) {
      // Once a page: a provider that forgets what it has just said is not to be followed.
      if (isForgotten(error) && opened.after !== null && !this.hasRestarted) {
        this.restartPlace = restartAt(opened);
        this.hasRestarted = true;
      } else this.fail(error, isAhead);
    }
  }

  /** The place behind the first `count` items that this source showed. */
  place(count: number): ListPlace {
    return this.placeIn(this.shown, count);
  }

  /** The place behind everything that was read, shown or not. */
  private placeBehindAll(): ListPlace {
    const all = this.buffer.length > 0 ? [...this.shown, ...this.buffer.map(shownItem)] : this.shown;
    return this.placeIn(all, all.length);
  }

  private placeIn(items: readonly ShownItem[], count: number): ListPlace {
    let place = this.start;
    let before = 0;
    for (const page of this.pages) {
      const here = items.slice(before, Math.min(count, before + page.count));
      before += page.count;
      const opened = { ...page.opened, newest: page.opened.newest ?? page.newest };
      place = withShown(opened, here);
      if (here.length < page.count) return place;
      place = nextPage(place, page.opened, page);
      if (count < before) return place;
    }
    return this.restartPlace && count === this.shown.length + this.buffer.length ? this.restartPlace : place;
  }

  private fail(error: unknown, isAhead: boolean): void {
    if (isAhead) this.aheadFailure = error;
    else this.failure = error;
  }

  private readAt(opened: ListPlace, size: number, upTo: number, met: Set<string>): Promise<Reading<T> | null> {
    const start = opened.after === null && opened.newest !== null ? new Date(opened.newest) : null;
    const request: ReadRequest = {
      after: opened.after,
      before: opened.before === null ? null : new Date(opened.before),
      start,
      // What is skipped must not leave the page short, or every page would need a second read.
      size: Math.min(MAX_PAGE_SIZE, size + opened.seen.size),
      upTo: Math.min(MAX_PAGE_SIZE, upTo + opened.seen.size),
      skip: (id) => {
        const mark = opened.seen.size > 0 && markOf(id);
        if (!mark || !opened.seen.has(mark)) return false;
        met.add(mark);
        return true;
      },
      seen: opened.seen,
      again: start !== null || opened.seen.size > 0,
    };
    return this.clock.during(() => this.read(request, this.clock.signal));
  }

  private take(opened: ListPlace, reading: Reading<T>, met: Set<string>, isAhead: boolean): void {
    const stop = stopsAt(reading.items);
    const heads = this.inOrder(stop ? reading.items.slice(0, stop.index) : reading.items, opened);
    const fromTheTop = opened.before === null && (opened.after === null || opened.isAbove);
    const kept = heads.filter(({ id, at, item }) => {
      const mark = opened.seen.size > 0 && markOf(id);
      if (mark && opened.seen.has(mark)) {
        met.add(mark);
        return false;
      }
      if (isUnreadable(item as object)) return true;
      if (opened.before !== null && at >= opened.before) return false;
      // Within a second no provider promises an order, so mail of the newest second may be old.
      return !(
        fromTheTop &&
        opened.newest !== null &&
        secondOf(this.shape.createdAt(item as T)) > secondOf(opened.newest)
      );
    });
    const times = heads.map(({ at }) => at).filter(Number.isFinite);
    this.buffer.push(...kept);
    this.restartPlace = null;
    if (stop) this.fail(stop.error, isAhead);
    this.pages.push({
      opened,
      met,
      newest: opened.newest === null && fromTheTop && times.length > 0 ? Math.max(...times) : null,
      isAbove: fromTheTop && heads.length > 0 && kept.length === 0 && met.size === 0,
      // Never reached when it stopped short: the next page then opens this one again.
      count: stop ? Number.POSITIVE_INFINITY : kept.length,
      next: reading.next,
    });
  }

  /**
   * As the provider lists them: it may know more of the time than it shows, and a thread that an answer has moved up since
   * the list began keeps its place, between other lists as well. None has a later time than the one before it, nor has what
   * could not be read, which has none.
   */
  private inOrder(items: readonly (T | Unreadable)[], { last, newest }: ListPlace): Head<T>[] {
    let at = last ?? Number.POSITIVE_INFINITY;
    return items.map((item): Head<T> => {
      if (isUnreadable(item as object)) return { id: (item as Unreadable).id, at, item };
      at = Math.min(at, newest === null ? this.shape.at(item as T) : this.shape.stood(item as T, newest));
      return { id: this.shape.id(item as T), at, item };
    });
  }
}

export const shownItem = ({ id, at, item }: Head<unknown>): ShownItem => ({
  mark: markOf(id),
  at: isUnreadable(item as object) ? null : at,
});

/**
 * Whether the provider no longer takes its own cursor. One that it refuses as another list's is such a one: ours was
 * sealed for this very list, which is then asked for in other words than when the cursor was made.
 */
const isForgotten = (error: unknown): boolean =>
  isMailError(error) && (error.code === 'CURSOR_EXPIRED' || error.code === 'BAD_USER_INPUT');

/** Of that many the provider may be unable to tell more for good; more at once is the provider itself having a bad moment. */
const MAX_UNAVAILABLE_ITEMS = 3;

/**
 * Where a page breaks off because the account, and not one message, cannot be read for now. What is behind is neither
 * shown nor given up: it comes when the account is asked again.
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

/** The source whose head comes first; null where none has one. */
export function newest<S extends MergeSource<unknown>>(sources: readonly S[]): S | null {
  let best: S | null = null;
  for (const source of sources) {
    if (source.head && (!best?.head || before(source, best))) best = source;
  }
  return best;
}

function before(a: MergeSource<unknown>, b: MergeSource<unknown>): boolean {
  if (!a.head || !b.head) return false;
  if (a.head.at !== b.head.at) return a.head.at > b.head.at;
  return a.key === b.key ? compareHeads(a.head, b.head) < 0 : a.key < b.key;
}

/** Newest first; between lists then by id, so that mail of one instant has one order. */
function compareHeads(a: Head<unknown>, b: Head<unknown>): number {
  if (a.at !== b.at) return a.at > b.at ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
