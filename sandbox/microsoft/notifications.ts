import type { ChangeNotification } from '@microsoft/microsoft-graph-types';
import type { World } from '../world.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Change } from './mailbox.ts';
import type { StoredSubscription, SubscriptionStore } from './subscription.store.ts';

type LifecycleEvent = 'missed' | 'reauthorizationRequired' | 'subscriptionRemoved';

/** How long before an access token runs out its subscriber is asked to authorize again. */
const CHALLENGE_LEAD_MS = 15 * 60_000;

/** How long after the first notification of a new mail its second one follows. */
const UPDATED_DELAY_MS = 100;

/** Tells subscribers what changed, and what becomes of their subscriptions. */
export class Notifications {
  readonly #world: World;
  readonly #accounts: Accounts;
  readonly #store: SubscriptionStore;
  /** Notifications of one turn to one URL go in one request. */
  readonly #pending = new Map<string, { readonly account: string; readonly value: object[] }>();

  #later = 0;

  constructor(world: World, accounts: Accounts, store: SubscriptionStore) {
    this.#world = world;
    this.#accounts = accounts;
    this.#store = store;
  }

  /** Something is still to be told. */
  get areWaiting(): boolean {
    return this.#later > 0 || this.#pending.size > 0;
  }

  changed(account: Account, change: Change): void {
    this.#tell(account, change);
    if (change.type !== 'created' || change.isMove || !account.mailbox.telling.updatedAfterCreated) return;
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

  /** Asks those whose authority is about to end to renew it; forgets those whose subscription has ended. */
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

  /** Subscriptions that have not run out. */
  living(): readonly StoredSubscription[] {
    const now = this.#world.now().getTime();
    return this.#store.all().filter(({ expiresAt }) => expiresAt > now);
  }

  /** Challenged in vain: nothing is told until the subscriber authorizes again. */
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

/** What a change is to a subscription; null when it is nothing to it. */
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
