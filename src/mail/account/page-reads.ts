import { setMaxListeners } from 'node:events';
import { CHANGES_TOPIC, ChangesWake } from '../../changes/change.topic.ts';
import { abortable } from '../../platform/abort.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import {
  type Detail,
  isUnreadable,
  type Page,
  type PageRequest,
  type Unreadable,
} from '../../providers/contract/list.ts';

/** What one list wants of a page. */
export interface Wanted {
  readonly size: number;
  readonly detail: Detail;
  /** As in PageRequest. All who read under one key skip the same. */
  readonly skip: (id: string) => boolean;
  /** When this list no longer waits. */
  readonly signal: AbortSignal;
}
interface PageRead<T> {
  readonly page: Page<T>;
  /** What was asked of each item. */
  readonly detail: Detail;
}
/** Asks the provider for the page. */
type FetchPage<T> = (
  request: Required<Pick<PageRequest, 'size' | 'detail' | 'skip'>>,
  signal: AbortSignal,
) => Promise<Page<T>>;

/**
 * The pages of one account that one request reads. The same page in many places of a query is asked for once: lists that
 * begin together share one read, as long as the longest of them; a longer one that comes later asks for the rest alone.
 * A list that stops waiting takes nothing from the others; a read that failed has failed for all of them.
 */
export class PageReads {
  private readonly reads = new Map<string, SharedRead<unknown>[]>();

  /** `key` names the account's list and the place in it; `idOf` tells the items of its kind apart. */
  read<T>(key: string, wanted: Wanted, idOf: (item: T) => string, fetch: FetchPage<T>): Promise<PageRead<T>> {
    const known = (this.reads.get(key) ?? []) as SharedRead<T>[];
    let read = known.find((one) => one.isOpen || one.covers(wanted));
    if (!read) {
      const made = new SharedRead(idOf, fetch, known.at(-1) ?? null, () => this.drop(key, made as SharedRead<unknown>));
      read = made;
      this.reads.set(key, [...known, made] as SharedRead<unknown>[]);
    }
    return read.join(wanted);
  }

  /** After a change to the account: what was read before it is no longer so. */
  clear(): void {
    this.reads.clear();
  }

  private drop(key: string, read: SharedRead<unknown>): void {
    const left = (this.reads.get(key) ?? []).filter((one) => one !== read);
    this.reads.set(key, left);
  }
}

class SharedRead<T> {
  /** Others may still join, whatever they want: it begins with the next turn of the event loop. */
  isOpen = true;
  private readonly controller = new AbortController();
  private readonly wanted: Wanted[] = [];
  private readonly skipped = new Set<string>();
  private size = 0;
  private detail: Detail = 'envelope';
  private waiting = 0;
  private result: PageRead<T> | null = null;
  private readonly reading: Promise<PageRead<T>>;

  constructor(
    private readonly idOf: (item: T) => string,
    private readonly fetch: FetchPage<T>,
    /** A shorter read of the same page, which need not be over. */
    private readonly shorter: SharedRead<T> | null,
    /** Called when the last one who waited has gone before the answer came. */
    private readonly abandoned: () => void,
  ) {
    setMaxListeners(0, this.controller.signal);
    this.reading = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.begin());
    // Everybody may have gone by then.
    this.reading.catch(() => {});
  }

  /** Whether it brings what is wanted. An envelope stands in for content where few of many are wanted whole: these are then read by themselves. */
  covers({ size, detail }: Pick<Wanted, 'size' | 'detail'>): boolean {
    if (!(this.result?.page.next === null || size <= this.size)) return false;
    return this.detail === 'full' || detail === 'envelope' || 2 * size <= this.size;
  }

  async join(wanted: Wanted): Promise<PageRead<T>> {
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
    const largest = (some: readonly Wanted[]) => Math.max(0, ...some.map(({ size }) => size));
    this.size = largest(this.wanted);
    this.detail = 2 * largest(this.wanted.filter(({ detail }) => detail === 'full')) > this.size ? 'full' : 'envelope';
    const { size, detail, controller } = this;
    const known = await this.shorter?.join({ size, detail, skip: () => false, signal: controller.signal });
    const page = await this.read(known ?? null);
    this.result = { page, detail: this.detail };
    return this.result;
  }

  private async read(known: PageRead<T> | null): Promise<Page<T>> {
    const { size, detail } = this;
    const usable = known && (known.detail === 'full' || detail === 'envelope') ? known.page.items : [];
    const have = new Map(
      usable.flatMap((item) => (isUnreadable(item as object) ? [] : [[this.idOf(item as T), item]])),
    );
    // Only what is listed now is on this page: mail that came meanwhile moves the rest onto the next one.
    const still = new Set<T | Unreadable>();
    const skip = (id: string): boolean => {
      const item = have.get(id);
      if (item) still.add(item);
      else if (this.wanted[0]?.skip(id)) this.skipped.add(id);
      else return false;
      return true;
    };
    const page = await this.fetch({ size, detail, skip }, this.controller.signal);
    return still.size > 0 ? { ...page, items: [...still, ...page.items] } : page;
  }
}

/** How long a page that was read is good for showing its rest, in milliseconds. */
const LIFETIME_MS = 60_000;
/** Items of all accounts together. */
const MAX_ITEMS = 10_000;

interface Remembered {
  readonly integrationId: string;
  readonly page: Page<unknown>;
  readonly until: number;
}

/**
 * Pages of envelopes that were read whole and shown in part. A merged page shows about half of what it reads of each of
 * two accounts; without this the other half would be read, and paid for in the provider's quota, a second time.
 * Not an LRUCache: a page is as old as its reading, however often it is looked at, and what has expired goes at the next reading.
 * A list that is opened from its top never looks in here, and a change to the account empties its part (`forgetOnChange`).
 */
export class PageMemory {
  private readonly pages = new Map<string, Remembered>();
  private items = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** A change that any instance logs empties the account's part; where such news may have been missed, all goes. */
  forgetOnChange(bus: Pick<Bus, 'subscribe' | 'onGap'>): void {
    bus.subscribe(CHANGES_TOPIC, (payload) => {
      const wake = ChangesWake.safeParse(payload);
      if (wake.success && wake.data.altered) this.forget(wake.data.integrationId);
    });
    bus.onGap(() => {
      this.pages.clear();
      this.items = 0;
    });
  }

  remember(integrationId: string, key: string, page: Page<unknown>): void {
    this.drop(key);
    this.pages.set(key, { integrationId, page, until: this.now() + LIFETIME_MS });
    this.items += page.items.length;
    for (const [oldest, { until }] of this.pages) {
      if (this.items <= MAX_ITEMS && until > this.now()) break;
      this.drop(oldest);
    }
  }

  recall(key: string): Page<unknown> | null {
    const found = this.pages.get(key);
    return found && found.until > this.now() ? found.page : null;
  }

  forget(integrationId: string): void {
    for (const [key, remembered] of this.pages) if (remembered.integrationId === integrationId) this.drop(key);
  }

  private drop(key: string): void {
    const found = this.pages.get(key);
    if (!found) return;
    this.pages.delete(key);
    this.items -= found.page.items.length;
  }
}

/** Messages that a search may read for each item of its page, whatever others of its request have read. */
export const MIN_READS_PER_ITEM = 4;

/**
 * What all searches of one request may read of one account without listing it, beside the little that each may read for its
 * page: many searches in one request cost little more than as many lists that ask for nothing.
 */
export class ScanPool {
  private reading = 0;
  private wasted = 0;

  /** A search begins; the function that is returned ends it. */
  begin(): () => void {
    this.reading++;
    return () => {
      this.reading--;
    };
  }

  /** What was read without being listed. */
  charge(messages: number): void {
    this.wasted += Math.max(0, messages);
  }

  isEmpty(budget: number): boolean {
    return this.wasted >= budget;
  }

  /** The part of it that one of the searches under way may read now. */
  share(budget: number): number {
    return Math.max(0, Math.floor((budget - this.wasted) / Math.max(1, this.reading)));
  }
}
