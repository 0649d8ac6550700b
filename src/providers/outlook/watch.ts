import type { Subscription } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../domain/error.ts';
import type { Call } from '../call.ts';
import type { Watcher, WatchOptions, WatchState } from '../watch.ts';
import type { Account } from './account.ts';
import { cost } from './client.ts';
import { instant } from './url.ts';

/** Graph allows 10,080 minutes for mail; some are left to clocks that differ. */
const LIFETIME_MS = 10_000 * 60_000;
const KEY = /^[\w-]{1,128}$/;

/** A subscription to everything that happens to the account's messages. */
export function watcher(account: Account): Watcher {
  return {
    async start(previous, options, call) {
      const renewed = previous && KEY.test(previous.key) ? await renew(account, previous.key, call) : null;
      if (!renewed) return create(account, options, call);
      if (renewed.notificationUrl == null || renewed.notificationUrl === options.notificationUrl)
        return stateOf(renewed, previous?.key ?? '');
      // It goes on notifying where this gateway was; a renewal keeps the address, and cannot change the lifecycle's.
      const created = await create(account, options, call);
      await remove(account, previous?.key ?? '', call).catch(() => {});
      return created;
    },
    async stop({ key }, call) {
      if (KEY.test(key)) await remove(account, key, call);
    },
  };
}

async function remove(account: Account, key: string, call: Call): Promise<void> {
  await account.graph
    .done({ method: 'DELETE', path: `/subscriptions/${key}`, cost: cost('subscriptions.delete') }, call)
    .catch(unlessGone);
}

/** Null when Graph no longer has it. */
async function renew(account: Account, key: string, call: Call): Promise<Subscription | null> {
  const body = JSON.stringify({ expirationDateTime: instant(new Date(Date.now() + LIFETIME_MS)) });
  const request = { method: 'PATCH' as const, path: `/subscriptions/${key}`, body, cost: cost('subscriptions.update') };
  return account.graph.json<Subscription>(request, call).catch(unlessGone);
}

/** Not repeated when its answer is lost: it would leave two. The lost one dies of its age, and its notifications find no watch. */
async function create(account: Account, { notificationUrl, secret }: WatchOptions, call: Call): Promise<WatchState> {
  const body: Subscription = {
    changeType: 'created,updated,deleted',
    resource: 'me/messages',
    notificationUrl,
    lifecycleNotificationUrl: notificationUrl,
    clientState: secret,
    expirationDateTime: instant(new Date(Date.now() + LIFETIME_MS)),
  };
  const request = {
    method: 'POST' as const,
    path: '/subscriptions',
    body: JSON.stringify(body),
    cost: cost('subscriptions.create', false),
  };
  const subscription = await account.graph.json<Subscription>(request, call).catch((error: unknown) => {
    throw isMailError(error) && error.code === 'UNSUPPORTED' && !error.ofAccount ? unheard(error) : error;
  });
  return stateOf(subscription, subscription.id ?? '');
}

/** Before it takes a subscription, Graph asks the address that is to be notified. */
const unheard = (cause: unknown): MailError =>
  new MailError(
    'PROVIDER_UNAVAILABLE',
    'Outlook could not reach this gateway to announce changes; the account is polled meanwhile.',
    { cause },
  );

const stateOf = ({ expirationDateTime }: Subscription, key: string): WatchState => ({
  key,
  expiresAt: new Date(expirationDateTime ?? Date.now() + LIFETIME_MS),
});

function unlessGone(error: unknown): null {
  if (isMailError(error) && error.code === 'NOT_FOUND') return null;
  throw error;
}
