import type { EntryStore } from '../cache/entry-store.ts';
import type { Message } from '../domain/message.ts';

/** A read that is as new as an entry of the account's change log. */
export interface MessageRead {
  /** The sequence of that entry. */
  readonly asOf: bigint;
  readonly reading: Promise<Message>;
}

/** A read that is kept, and until when by the clock of `performance.now`. */
export interface KeptMessage {
  readonly read: MessageRead;
  readonly until: number;
}

const LIFETIME_MS = 30_000;

/**
 * The messages of one account that were read for events, for a short time, because their flags change and this is no cache of
 * mail. One timer drops all of them, each in its time: a timer for each would keep what the store has given up for its bytes.
 */
export class KeptMessages {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly store: Pick<EntryStore<{ readonly message: KeptMessage }>, 'all' | 'delete' | 'get' | 'set'>,
  ) {}

  get(messageId: string): MessageRead | undefined {
    return this.store.get('message', messageId)?.read;
  }

  keep(messageId: string, read: MessageRead, bytes: number): void {
    this.store.set('message', messageId, { read, until: performance.now() + LIFETIME_MS }, bytes);
    // It is not kept when it is too large, or when nobody follows the account any more.
    if (this.get(messageId)) this.timer ??= this.expiry(LIFETIME_MS);
  }

  /** Drops nothing any more, because the store is closed. */
  stop(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private expiry(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.expire(), ms).unref();
  }

  private expire(): void {
    this.timer = null;
    // The store returns them in the order in which they were kept.
    for (const [messageId, { until }] of this.store.all('message')) {
      const leftMs = until - performance.now();
      if (leftMs > 0) {
        this.timer = this.expiry(leftMs);
        return;
      }
      this.store.delete('message', messageId);
    }
  }
}
