import type { Keep } from '../world.ts';

/** A subscription, kept over restarts. Times in ms. */
export interface StoredSubscription {
  readonly id: string;
  /** The account's address. */
  readonly account: string;
  readonly applicationId: string;
  readonly creatorId: string;
  readonly resource: string;
  /** Null: the whole mailbox. */
  readonly folderId: string | null;
  readonly changeTypes: readonly string[];
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly clientState: string | null;
  readonly immutableIds: boolean;
  readonly expiresAt: number;
  /** When the access token runs out on whose authority changes are told. */
  readonly authorizedUntil: number;
  /** Whether the subscriber was asked to authorize again, and has not. */
  readonly isChallenged: boolean;
  /** Changes were held back for want of authorization. */
  readonly hasMissed: boolean;
  /** It can be renewed, and tells of nothing. */
  readonly isSilent?: boolean;
}

const STORE_KEY = 'microsoft.subscriptions';

export class SubscriptionStore {
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  all(): readonly StoredSubscription[] {
    return this.#keep.get<StoredSubscription[]>(STORE_KEY) ?? [];
  }

  save(subscription: StoredSubscription): void {
    this.#keep.set(STORE_KEY, [...this.all().filter(({ id }) => id !== subscription.id), subscription]);
  }

  remove(ids: readonly string[]): void {
    if (ids.length > 0)
      this.#keep.set(
        STORE_KEY,
        this.all().filter(({ id }) => !ids.includes(id)),
      );
  }
}
