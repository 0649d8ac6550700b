import { CHANGES_TOPIC, ChangesWake } from '../../changes/change.topic.ts';
import type { Bus } from '../../platform/bus.ts';
import type { Page } from '../../providers/contract/provider.ts';

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
 * Not an LRUCache: a page is as old as its reading, whoever looks at it, and what has expired goes at the next reading.
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
