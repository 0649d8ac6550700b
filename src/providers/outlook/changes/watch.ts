import type { Subscription } from '@microsoft/microsoft-graph-types';
import { isMailError, isNotFound, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { Watcher, WatchOptions, WatchState } from '../../contract/watch.ts';
import type { GraphAccount } from '../wire/account.ts';
import { cost } from '../wire/client.ts';
import { type Collection, readToEnd } from '../wire/pages.ts';
import { instant } from '../wire/url.ts';

/** Lifetime of a subscription. Graph allows 10,080 minutes for mail; the rest allows for clocks that differ. */
const LIFETIME_MS = 10_000 * 60_000;
const KEY = /^[\w-]{1,128}$/;

/** Manages the subscription to all changes of the account's messages. */
export function watcher(account: GraphAccount): Watcher {
  return {
    async start(previous, options, call) {
      const known = previous && KEY.test(previous.key) ? previous.key : null;
      if (known === null) return create(account, options, null, call);
      const renewed = options.isSilent ? null : await renew(account, known, call);
      const isElsewhere = renewed?.notificationUrl != null && renewed.notificationUrl !== options.notificationUrl;
      if (renewed && !isElsewhere) return stateOf(renewed, known);
      await options.lost();
      // The old subscription notifies this gateway's previous address. A renewal keeps that address and cannot change
      // the lifecycle address.
      const created = await create(account, options, known, call);
      if (renewed || options.isSilent) await remove(account, known, call).catch(() => {});
      return created;
    },
    async stop({ key }, call) {
      if (KEY.test(key)) await remove(account, key, call);
    },
  };
}

async function remove(account: GraphAccount, key: string, call: Call): Promise<void> {
  await account.graph
    .done({ method: 'DELETE', path: `/subscriptions/${key}`, cost: cost('subscriptions.delete') }, call)
    .catch(unlessMissing);
}

/** Returns null when Graph no longer has the subscription. */
async function renew(account: GraphAccount, key: string, call: Call): Promise<Subscription | null> {
  const body = JSON.stringify({ expirationDateTime: instant(new Date(Date.now() + LIFETIME_MS)) });
  const request = { method: 'PATCH' as const, path: `/subscriptions/${key}`, body, cost: cost('subscriptions.update') };
  return account.graph.json<Subscription>(request, call).catch(unlessMissing);
}

/** Creates a subscription. When Graph refuses it because one exists already, this replaces that one if it is ours. */
async function create(
  account: GraphAccount,
  options: WatchOptions,
  known: string | null,
  call: Call,
): Promise<WatchState> {
  try {
    return await post(account, options, call);
  } catch (error) {
    if (!isMailError(error) || error.code !== 'CONFLICT') throw error;
    const ours = await ownSubscriptions(account, options, known, call);
    if (ours.length === 0) throw inTheWay(error);
    for (const key of ours) await remove(account, key, call);
    return post(account, options, call);
  }
}

/**
 * This request is not repeated when its answer is lost, because that could leave two subscriptions. The lost one
 * expires by itself, and its notifications match no watch.
 */
async function post(account: GraphAccount, { notificationUrl, secret }: WatchOptions, call: Call): Promise<WatchState> {
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

/**
 * Returns the keys of the subscriptions that this integration created: the known one, those with its secret (which
 * Graph may not list), and those that notify this gateway but belong to no other integration, such as one whose
 * creation was not answered.
 */
async function ownSubscriptions(
  account: GraphAccount,
  { notificationUrl, secret, isTaken }: WatchOptions,
  known: string | null,
  call: Call,
): Promise<string[]> {
  const ours: string[] = [];
  for (const subscription of await list(account, call)) {
    const key = subscription.id ?? '';
    if (!KEY.test(key)) continue;
    const isOwn = key === known || subscription.clientState === secret;
    if (isOwn || (subscription.notificationUrl === notificationUrl && !(await isTaken(key)))) ours.push(key);
  }
  return ours;
}

async function list(account: GraphAccount, call: Call): Promise<readonly Subscription[]> {
  const operation = 'subscriptions.list';
  const request = { method: 'GET' as const, path: '/subscriptions', cost: cost(operation) };
  const first = await account.graph.json<Collection<Subscription>>(request, call);
  return readToEnd(account, first, { kind: 'subscriptions', operation }, call);
}

const inTheWay = (cause: unknown): MailError =>
  new MailError(
    'CONFLICT',
    'Outlook already sends notifications about this mailbox to another subscriber, and allows only one. The account is polled instead.',
    { cause },
  );

/** Graph sends a validation request to the notification address before it creates a subscription. */
const unheard = (cause: unknown): MailError =>
  new MailError(
    'PROVIDER_UNAVAILABLE',
    'Outlook could not reach this gateway to send notifications. The account is polled until it can.',
    { cause },
  );

const stateOf = ({ expirationDateTime }: Subscription, key: string): WatchState => ({
  key,
  expiresAt: new Date(expirationDateTime ?? Date.now() + LIFETIME_MS),
});

function unlessMissing(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}
