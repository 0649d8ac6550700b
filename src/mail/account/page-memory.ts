import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import { entryBytes } from '../../cache/bytes.ts';
import { CHANGES_TOPIC, ChangesWake } from '../../changes/change.topic.ts';
import type { Hub } from '../../changes/hub.ts';
import type { Bus } from '../../platform/bus/bus.ts';
import type { NotedPage } from './page-reads.ts';

/** Milliseconds for which a page is kept. */
const LIFETIME_MS = 60_000;
/** The share of CACHE_BYTES that the pages of all accounts have. */
const CACHE_SHARE = 1 / 16;
/** What they have where nothing is cached, so that paging costs no more then. */
const UNCACHED_BYTES = 4 * 1024 * 1024;
/** The share of a small cache that they may have, so that it does not cost more requests than none. */
const MAX_SMALL_CACHE_SHARE = 1 / 2;
/** The number of accounts of which it is known when they last changed. The others count as changed when the last of them was. */
const MAX_CHANGED = 10_000;

interface Remembered {
  readonly integrationId: string;
  readonly page: NotedPage<unknown>;
  readonly until: number;
  readonly bytes: number;
}

interface PageMemoryOptions {
  /** Default: what is right where nothing is cached. */
  readonly maxBytes?: number | undefined;
  readonly now?: () => number;
}

/** The bytes of the remembered pages, of the bytes that all that is cached may occupy. */
export const pageBytes = (cacheBytes: number): number =>
  cacheBytes > 0
    ? Math.floor(Math.max(cacheBytes * CACHE_SHARE, Math.min(UNCACHED_BYTES, cacheBytes * MAX_SMALL_CACHE_SHARE)))
    : UNCACHED_BYTES;

/**
 * Pages of envelopes that were read but only partly shown. A merged page of two accounts shows about half of the items that
 * it reads, and without this memory the other half would be read, and charged to the provider's quota, a second time. This
 * is no LRUCache because the age of a page counts from its reading, however often it is used. A timer removes expired pages,
 * within two minutes. The first page of a list is always read from the provider, and a change to an account removes its pages
 * (`forgetOnChange`). It is used for accounts that are not live too, whose changes nothing announces: the rest of a page is then
 * as old as the part of it that was shown, for a minute at most, and a page of polled accounts does not cost twice.
 */
export class PageMemory {
  readonly now: () => number;
  private readonly pages = new Map<string, Remembered>();
  private readonly maxBytes: number;
  private bytes = 0;
  private bus: { readonly isConnected: boolean } = { isConnected: true };
  private expiring: NodeJS.Timeout | null = null;
  /** When each account was last changed, in this order. */
  private readonly changedAt = new Map<string, number>();
  /** All accounts may have changed until then. */
  private allChangedAt = Number.NEGATIVE_INFINITY;

  constructor({ maxBytes = UNCACHED_BYTES, now = Date.now }: PageMemoryOptions = {}) {
    this.maxBytes = maxBytes;
    this.now = now;
  }

  /**
   * Removes the pages of an account when any instance logs a change to it or changes its connection, and all pages when such a
   * message may have been lost. `logs` find the changes of followed accounts that nothing has announced. Null: nobody looks.
   */
  forgetOnChange(
    bus: Pick<Bus, 'subscribe' | 'onGap' | 'isConnected'>,
    directory: Pick<IntegrationDirectory, 'onChanged'>,
    logs: Pick<Hub, 'onUnannounced'> | null,
  ): void {
    this.bus = bus;
    directory.onChanged((integrationId) => (integrationId === null ? this.clear() : this.forget(integrationId)));
    bus.subscribe(CHANGES_TOPIC, (payload) => {
      const wake = ChangesWake.safeParse(payload);
      if (wake.success && wake.data.altered) this.forget(wake.data.integrationId);
    });
    logs?.onUnannounced((integrationId) => this.forget(integrationId));
    bus.onGap(() => this.clear());
  }

  /**
   * Remembers a page whose items occupy so many bytes, unless its account has changed since its read began. A replica may have
   * answered without an earlier change: the rest of the page is then as old as the part of it that was shown.
   */
  remember(integrationId: string, key: string, page: NotedPage<unknown>, itemBytes: number): void {
    this.drop(key);
    const changedAt = Math.max(this.changedAt.get(integrationId) ?? this.allChangedAt, this.allChangedAt);
    const { readAt = this.now(), notes } = page;
    if (readAt <= changedAt || notes?.hasChanged) return;
    // The key contains the whole query, so that an empty page is not free.
    const bytes = entryBytes(key) + itemBytes;
    this.pages.set(key, { integrationId, page, until: this.now() + LIFETIME_MS, bytes });
    this.bytes += bytes;
    for (const oldest of this.pages.keys()) {
      if (this.bytes <= this.maxBytes) break;
      this.drop(oldest);
    }
    this.expiring ??= setTimeout(() => this.expire(), LIFETIME_MS).unref();
  }

  recall(key: string): NotedPage<unknown> | null {
    const found = this.pages.get(key);
    return found && found.until > this.now() && this.bus.isConnected ? found.page : null;
  }

  forget(integrationId: string): void {
    this.changedAt.delete(integrationId);
    this.changedAt.set(integrationId, this.now());
    for (const [oldest, at] of this.changedAt) {
      if (this.changedAt.size <= MAX_CHANGED) break;
      this.changedAt.delete(oldest);
      this.allChangedAt = Math.max(this.allChangedAt, at);
    }
    for (const [key, remembered] of this.pages) if (remembered.integrationId === integrationId) this.drop(key);
  }

  private clear(): void {
    this.pages.clear();
    this.bytes = 0;
    this.changedAt.clear();
    this.allChangedAt = this.now();
  }

  /** Mail that nobody asks for again must not stay in memory. */
  private expire(): void {
    const now = this.now();
    for (const [key, { until }] of this.pages) {
      if (until > now) break;
      this.drop(key);
    }
    this.expiring = this.pages.size > 0 ? setTimeout(() => this.expire(), LIFETIME_MS).unref() : null;
  }

  private drop(key: string): void {
    const found = this.pages.get(key);
    if (!found) return;
    this.pages.delete(key);
    this.bytes -= found.bytes;
  }
}
