import { randomUUID } from 'node:crypto';
import type { Subscription } from '@microsoft/microsoft-graph-types';
import { z } from 'zod';
import { isLoopbackUrl } from '../../loopback.ts';
import type { Notifications } from '../mailbox/notifications.ts';
import type { StoredSubscription, SubscriptionStore } from '../mailbox/subscription.store.ts';
import { badRequest, GraphError } from '../wire/errors.ts';
import { type Answer, type Call, created, jsonBody, noContent, ok } from '../wire/request.ts';
import type { Route } from '../wire/router.ts';
import { READ } from './view.ts';

const MAX_LIFE_MS = 10_080 * 60_000;
/** The minimum lifetime. Shorter ones are extended to it. */
const MIN_LIFE_MS = 45 * 60_000;
const MAX_PER_MAILBOX = 1000;
const VALIDATION_TIMEOUT_MS = 10_000;
const LIST = '/subscriptions';
const ONE = '/subscriptions/{subscription-id}';

const schema = z.object({
  changeType: z.string(),
  notificationUrl: z.url({ protocol: /^https?$/ }),
  lifecycleNotificationUrl: z.url({ protocol: /^https?$/ }).nullish(),
  resource: z.string(),
  expirationDateTime: z.iso.datetime({ offset: true }),
  clientState: z.string().max(128, 'is longer than 128 characters').nullish(),
  latestSupportedTlsVersion: z.string().nullish(),
  includeResourceData: z
    .literal(false, 'resource data needs an encryption certificate, which the sandbox does not take')
    .nullish(),
});

export function subscriptionRoutes(
  store: SubscriptionStore,
  notifications: Notifications,
  applicationId: string,
): readonly Route[] {
  const find = (call: Call): StoredSubscription => {
    const found = notifications
      .living()
      .find(({ id, account }) => id === call.ids[0] && account === call.account.address);
    if (!found) throw new GraphError(404, 'ResourceNotFound', 'The object was not found.');
    return found;
  };
  const shown = (call: Call, subscription: StoredSubscription) => ({
    '@odata.context': `${call.base}/v1.0/$metadata#subscriptions/$entity`,
    ...format(subscription),
  });
  return [
    {
      method: 'GET',
      path: LIST,
      scopes: READ,
      handle: (call) =>
        ok({
          '@odata.context': `${call.base}/v1.0/$metadata#subscriptions`,
          value: notifications
            .living()
            .filter(({ account }) => account === call.account.address)
            .map(format),
        }),
    },
    {
      method: 'POST',
      path: LIST,
      scopes: READ,
      handle: async (call) => {
        if (notifications.living().filter(({ account }) => account === call.account.address).length >= MAX_PER_MAILBOX)
          throw new GraphError(403, 'ExtensionError', 'The limit of subscriptions for this mailbox has been reached.');
        const subscription = await read(call, applicationId);
        const other = call.account.refusesDuplicates && notifications.living().find((one) => isSame(one, subscription));
        if (other)
          throw new GraphError(
            409,
            'Conflict',
            `Subscription Id ${other.id} already exists for the requested combination`,
          );
        store.save(subscription);
        return created(shown(call, subscription));
      },
    },
    { method: 'GET', path: ONE, scopes: READ, handle: (call) => ok(shown(call, find(call))) },
    {
      method: 'PATCH',
      path: ONE,
      scopes: READ,
      handle: (call) => ok(shown(call, renew(call, find(call), store, notifications))),
    },
    {
      method: 'DELETE',
      path: ONE,
      scopes: READ,
      handle: (call) => {
        store.remove([find(call).id]);
        return noContent;
      },
    },
    {
      method: 'POST',
      path: `${ONE}/reauthorize`,
      scopes: READ,
      handle: (call): Answer => {
        authorize(call, find(call), store, notifications);
        return noContent;
      },
    },
  ];
}

/** The key by which the documentation calls two subscriptions duplicates: the application, the resource and the change types. */
function isSame(a: StoredSubscription, b: StoredSubscription): boolean {
  const contentOf = ({ account, applicationId, resource, changeTypes }: StoredSubscription) =>
    JSON.stringify([account, applicationId, resource.toLowerCase().replace(/^\//, ''), [...changeTypes].sort()]);
  return contentOf(a) === contentOf(b);
}

async function read(call: Call, applicationId: string): Promise<StoredSubscription> {
  const given = schema.safeParse(jsonBody(call));
  if (!given.success) {
    const [issue] = given.error.issues;
    throw badRequest(
      `The value of '${issue?.path.join('/') ?? ''}' is not valid: ${issue?.message ?? ''}`,
      'InvalidRequest',
    );
  }
  const input = given.data;
  const changeTypes = input.changeType.split(',').map((type) => type.trim());
  if (!changeTypes.every((type) => ['created', 'updated', 'deleted'].includes(type)))
    throw badRequest(`The changeType '${input.changeType}' is not valid.`, 'InvalidRequest');
  const subscription: StoredSubscription = {
    id: randomUUID(),
    account: call.account.address,
    applicationId,
    creatorId: call.account.objectId,
    resource: input.resource,
    folderId: folderOf(call, input.resource),
    changeTypes,
    notificationUrl: input.notificationUrl,
    lifecycleNotificationUrl: input.lifecycleNotificationUrl ?? null,
    clientState: input.clientState ?? null,
    immutableIds: call.prefer.immutableIds,
    expiresAt: expiry(call, input.expirationDateTime),
    authorizedUntil: call.token.expiresAt * 1000,
    isChallenged: false,
    hasMissed: false,
  };
  for (const url of new Set([subscription.notificationUrl, subscription.lifecycleNotificationUrl]))
    if (url !== null) await validate(url);
  return subscription;
}

/** Returns the folder that a resource names, or null for the whole mailbox. Throws Graph's errors. */
function folderOf(call: Call, resource: string): string | null {
  const match = /^\/?(me|users\/[^/]+|users\('[^']+'\))\/(?:mailFolders(?:\/([^/]+)|\('([^']+)'\))\/)?messages$/i.exec(
    resource,
  );
  if (!match) throw badRequest(`Resource '${resource}' is not supported here.`, 'ExtensionError');
  const [, owner = '', slashed, keyed] = match;
  const user = decodeURIComponent(owner.replace(/^users(?:\/|\(')/i, '').replace(/'\)$/, '')).toLowerCase();
  if (owner.toLowerCase() !== 'me' && user !== call.account.address.toLowerCase() && user !== call.account.objectId)
    throw new GraphError(
      403,
      'ExtensionError',
      'Operation: Create; Exception: [Status Code: Forbidden; Reason: Access is denied. Check credentials and try again.]',
    );
  const folder = slashed ?? keyed;
  return folder === undefined ? null : call.account.mailbox.folder(decodeURIComponent(folder)).id;
}

function expiry(call: Call, given: string): number {
  const now = call.account.mailbox.time();
  const asked = Date.parse(given);
  if (asked <= now) throw badRequest('Subscription expiration must be in the future.', 'InvalidRequest');
  if (asked - now > MAX_LIFE_MS + 60_000)
    throw badRequest(
      `Operation: Create; Exception: [Status Code: BadRequest; Reason: Subscription expiration can only be ${MAX_LIFE_MS / 60_000} minutes in the future.]`,
      'ExtensionError',
    );
  return Math.max(asked, now + MIN_LIFE_MS);
}

/** Requires that the endpoint returns the validation token as text in time. Throws ValidationError. */
async function validate(url: string): Promise<void> {
  const token = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`;
  if (!isLoopbackUrl(url))
    throw badRequest(
      'Subscription validation request failed. The sandbox calls loopback addresses only.',
      'ValidationError',
    );
  const target = new URL(url);
  target.searchParams.set('validationToken', token);
  const refused = (reason: string) =>
    badRequest(`Subscription validation request failed. ${reason}`, 'ValidationError');
  let response: Response;
  let text: string;
  try {
    response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'manual',
      signal: AbortSignal.timeout(VALIDATION_TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw refused(
      error instanceof Error && error.name === 'TimeoutError'
        ? 'The request timed out.'
        : 'The notification endpoint could not be reached.',
    );
  }
  if (response.status !== 200) throw refused('Notification endpoint must respond with 200 OK to validation request.');
  if (!/^text\/plain\b/i.test(response.headers.get('content-type') ?? ''))
    throw refused("Response content type must be 'text/plain'.");
  if (text.trim() !== token) throw refused('Response must exactly match validationToken query parameter.');
}

function renew(
  call: Call,
  subscription: StoredSubscription,
  store: SubscriptionStore,
  notifications: Notifications,
): StoredSubscription {
  const { expirationDateTime } = jsonBody(call);
  if (typeof expirationDateTime !== 'string' || Number.isNaN(Date.parse(expirationDateTime)))
    throw badRequest("The value of 'expirationDateTime' is not valid.", 'InvalidRequest');
  const renewed = { ...subscription, expiresAt: expiry(call, expirationDateTime) };
  return authorize(call, renewed, store, notifications);
}

/** Makes the caller's token authorise the subscription from now on. */
function authorize(
  call: Call,
  subscription: StoredSubscription,
  store: SubscriptionStore,
  notifications: Notifications,
): StoredSubscription {
  const authorized = {
    ...subscription,
    authorizedUntil: call.token.expiresAt * 1000,
    isChallenged: false,
    hasMissed: false,
  };
  store.save(authorized);
  if (subscription.hasMissed) notifications.lifecycle(authorized, 'missed');
  return authorized;
}

function format(subscription: StoredSubscription): Subscription {
  return {
    id: subscription.id,
    resource: subscription.resource,
    applicationId: subscription.applicationId,
    changeType: subscription.changeTypes.join(','),
    clientState: subscription.clientState,
    notificationUrl: subscription.notificationUrl,
    notificationQueryOptions: null,
    lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
    expirationDateTime: new Date(subscription.expiresAt).toISOString(),
    creatorId: subscription.creatorId,
    includeResourceData: null,
    latestSupportedTlsVersion: 'v1_2',
    encryptionCertificate: null,
    encryptionCertificateId: null,
    notificationUrlAppId: null,
  };
}
