import { z } from 'zod';
import { isSameSecret } from '../../../platform/secrets/digest.ts';
import type { FindWatch, Hint, WatchNotification, WebhookOutcome, WebhookRequest } from '../../contract/watch.ts';
import { isId } from '../wire/ids.ts';

const MAX_VALIDATION_TOKEN_LENGTH = 1024;
const MAX_NOTIFICATIONS = 1000;

const envelope = z.object({ value: z.array(z.unknown()).min(1).max(MAX_NOTIFICATIONS) });

/**
 * The fields of a change or lifecycle notification that we read; Graph sends more. A malformed field counts as absent.
 */
const GraphNotification = z.object({
  subscriptionId: z.string().min(1).max(128),
  clientState: z.string().max(255).nullish(),
  lifecycleEvent: z.string().nullish().catch('unknown'),
  changeType: z.string().nullish().catch(null),
  resource: z.string().max(2_048).nullish().catch(null),
  resourceData: z.looseObject({ id: z.string().nullish() }).nullish().catch(null),
});
type GraphNotification = z.infer<typeof GraphNotification>;

const LIFECYCLE: Readonly<Record<string, WatchNotification['kind']>> = {
  reauthorizationRequired: 'REAUTHORIZE',
  subscriptionRemoved: 'LOST',
  missed: 'MISSED',
};

/**
 * Graph proves itself by the clientState, which only Graph and this gateway know. A notification with a wrong
 * clientState is ignored but gets the same answer, so that nobody learns which subscriptions exist.
 */
export async function receive(request: WebhookRequest, findWatch: FindWatch): Promise<WebhookOutcome> {
  const token = request.url.searchParams.get('validationToken');
  if (token !== null) return validation(token);
  const parsed = envelope.safeParse(json(request.body));
  // A malformed notification must not discard the others in the same request.
  const received = (parsed.data?.value ?? []).flatMap((one) => GraphNotification.safeParse(one).data ?? []);
  if (received.length === 0)
    return { reply: { status: 400, contentType: 'text/plain', body: 'not a notification' }, notifications: [] };
  const watches = new Map<string, Awaited<ReturnType<FindWatch>>>();
  const notifications = new Map<string, WatchNotification>();
  for (const notification of received) {
    const { subscriptionId, clientState, lifecycleEvent } = notification;
    if (!watches.has(subscriptionId)) watches.set(subscriptionId, await findWatch(subscriptionId));
    const kind = lifecycleEvent ? LIFECYCLE[lifecycleEvent] : 'CHANGED';
    if (!kind) continue;
    for (const { integrationId, secret } of watches.get(subscriptionId) ?? []) {
      if (!isSameSecret(secret, clientState ?? '')) continue;
      const key = `${integrationId} ${kind}`;
      const hints = kind === 'CHANGED' ? hintsOf(notification, notifications.get(key)) : null;
      notifications.set(key, { integrationId, kind, ...(hints && { hints }) });
    }
  }
  return { reply: { status: 202 }, notifications: [...notifications.values()] };
}

const KINDS = ['created', 'updated', 'deleted'] as const;

/**
 * Adds this notification's hint to those of earlier notifications in the same request. Returns null when any of them
 * names no message.
 */
function hintsOf(
  { changeType, resource, resourceData }: GraphNotification,
  before: WatchNotification | undefined,
): readonly Hint[] | null {
  const kind = KINDS.find((known) => known === changeType);
  const messageId = resourceData?.id ?? /\/messages\/([^/]+)$/i.exec(resource ?? '')?.[1] ?? '';
  if (!kind || !isId(messageId) || (before && !before.hints)) return null;
  return [...(before?.hints ?? []), { kind, messageId }];
}

/**
 * Graph checks once, when a subscription is created, that the endpoint is ours: it expects its token back as plain
 * text.
 */
function validation(token: string): WebhookOutcome {
  if (token === '' || token.length > MAX_VALIDATION_TOKEN_LENGTH) {
    return { reply: { status: 400, contentType: 'text/plain', body: 'not a validation token' }, notifications: [] };
  }
  return { reply: { status: 200, contentType: 'text/plain', body: token }, notifications: [] };
}

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return null;
  }
}
