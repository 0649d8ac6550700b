import type { Keep } from '../../world.ts';

/** A subscription, which survives restarts. Times are in milliseconds. */
export interface StoredSubscription {
  readonly id: string;
  /** The account's address. */
  readonly account: string;
  readonly applicationId: string;
  readonly creatorId: string;
  readonly resource: string;
  /** The folder. Null: the whole mailbox. */
  readonly folderId: string | null;
  readonly changeTypes: readonly string[];
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly clientState: string | null;
  readonly immutableIds: boolean;
  readonly expiresAt: number;
  /** When the access token expires that authorises the notifications. */
  readonly authorizedUntil: number;
  /** Whether the subscriber was asked to reauthorize and has not done so. */
  readonly isChallenged: boolean;
  /** Whether changes were not notified because the authorization was missing. */
  readonly hasMissed: boolean;
  /** It notifies of nothing, although it can be renewed. */
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
