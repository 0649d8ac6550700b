import type { ChangeNotification } from '@microsoft/microsoft-graph-types';
import type { World } from '../../world.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Change } from './mailbox.ts';
import type { StoredSubscription, SubscriptionStore } from './subscription.store.ts';

type LifecycleEvent = 'missed' | 'reauthorizationRequired' | 'subscriptionRemoved';

/** Milliseconds before the expiry of an access token at which its subscriber is asked to reauthorize. */
const CHALLENGE_LEAD_MS = 15 * 60_000;

/** Milliseconds between the two notifications of a new mail. */
const UPDATED_DELAY_MS = 100;

/** Notifies subscribers of changes and of the lifecycle of their subscriptions. */
export class Notifications {
  readonly #world: World;
  readonly #accounts: Accounts;
  readonly #store: SubscriptionStore;
  /** Notifications to the same URL in the same turn of the event loop are sent in one request. */
  readonly #pending = new Map<string, { readonly account: string; readonly value: object[] }>();

  #later = 0;

  constructor(world: World, accounts: Accounts, store: SubscriptionStore) {
    this.#world = world;
    this.#accounts = accounts;
    this.#store = store;
  }

  /** Whether notifications are still to be sent. */
  get areWaiting(): boolean {
    return this.#later > 0 || this.#pending.size > 0;
  }

  changed(account: Account, change: Change): void {
    this.#tell(account, change);
    if (change.type !== 'created' || change.isMove || !account.mailbox.changeReporting.updatedAfterCreated) return;
    this.#later++;
    setTimeout(() => {
      this.#later--;
      this.#tell(account, { ...change, type: 'updated' });
    }, UPDATED_DELAY_MS).unref();
  }

  #tell(account: Account, change: Change): void {
    for (const subscription of this.living()) {
      if (subscription.account.toLowerCase() !== account.address.toLowerCase()) continue;
      const type = typeFor(subscription, change);
      if (type === null || !subscription.changeTypes.includes(type) || subscription.isSilent) continue;
      if (this.#isPaused(subscription)) this.#store.save({ ...subscription, hasMissed: true });
      else
        this.#queue(account.address, subscription.notificationUrl, notification(account, subscription, change, type));
    }
  }

  lifecycle(subscription: StoredSubscription, lifecycleEvent: LifecycleEvent): void {
    const account = this.#accounts.find(subscription.account);
    if (!account || subscription.lifecycleNotificationUrl === null) return;
    const { lifecycleNotificationUrl: url, id, clientState, resource } = subscription;
    this.#queue(account.address, url, {
      subscriptionId: id,
      subscriptionExpirationDateTime: new Date(subscription.expiresAt).toISOString(),
      tenantId: account.tenantId,
      clientState,
      resource,
      lifecycleEvent,
    });
  }

  /** Asks subscribers to reauthorize before their token expires, and removes expired subscriptions. */
  sweep(): void {
    const now = this.#world.now().getTime();
    this.#store.remove(
      this.#store
        .all()
        .filter(({ expiresAt }) => expiresAt <= now)
        .map(({ id }) => id),
    );
    for (const subscription of this.#store.all())
      if (!subscription.isChallenged && subscription.authorizedUntil - now <= CHALLENGE_LEAD_MS)
        this.challenge(subscription);
  }

  challenge(subscription: StoredSubscription): void {
    if (subscription.lifecycleNotificationUrl === null) return;
    this.#store.save({ ...subscription, isChallenged: true });
    this.lifecycle(subscription, 'reauthorizationRequired');
  }

  /** Returns the subscriptions that have not expired. */
  living(): readonly StoredSubscription[] {
    const now = this.#world.now().getTime();
    return this.#store.all().filter(({ expiresAt }) => expiresAt > now);
  }

  /** Returns whether the subscriber has not reauthorized in time. It is notified of nothing until it does. */
  #isPaused({ isChallenged, authorizedUntil }: StoredSubscription): boolean {
    return isChallenged && authorizedUntil <= this.#world.now().getTime();
  }

  #queue(account: string, url: string, value: object): void {
    const pending = this.#pending.get(url);
    if (pending) {
      pending.value.push(value);
      return;
    }
    const batch = { account, value: [value] };
    this.#pending.set(url, batch);
    setImmediate(() => {
      this.#pending.delete(url);
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      this.#world.post('microsoft', account, url, { headers, body: JSON.stringify({ value: batch.value }) });
    });
  }
}

/** Returns the change type that a subscription is notified of, or null. */
function typeFor(subscription: StoredSubscription, change: Change): 'created' | 'updated' | 'deleted' | null {
  if (subscription.folderId !== null) return subscription.folderId === change.folder.id ? change.type : null;
  if (!change.isMove || !subscription.immutableIds) return change.type;
  // Under an immutable id, a move within the mailbox is a change of the one message.
  return change.type === 'created' ? 'updated' : null;
}

function notification(
  account: Account,
  subscription: StoredSubscription,
  change: Change,
  changeType: 'created' | 'updated' | 'deleted',
) {
  const id = subscription.immutableIds ? change.item.immutableId : change.id;
  const resource = `Users/${account.objectId}/Messages/${id}`;
  const value: ChangeNotification = {
    subscriptionId: subscription.id,
    subscriptionExpirationDateTime: new Date(subscription.expiresAt).toISOString(),
    changeType,
    resource,
    clientState: subscription.clientState,
    tenantId: account.tenantId,
  };
  const resourceData = {
    '@odata.type': '#Microsoft.Graph.Message',
    '@odata.id': resource,
    '@odata.etag': change.item.etag,
    id,
  };
  return { ...value, resourceData };
}
