import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { FindWatch, Signal, WebhookOutcome, WebhookRequest } from '../watch.ts';

const MAX_VALIDATION_TOKEN = 1024;
const MAX_NOTIFICATIONS = 1000;

/** What is read of a change or lifecycle notification; Graph sends more. */
const notifications = z.object({
  value: z
    .array(
      z.object({
        subscriptionId: z.string().min(1).max(128),
        clientState: z.string().max(255).nullish(),
        lifecycleEvent: z.string().nullish(),
      }),
    )
    .min(1)
    .max(MAX_NOTIFICATIONS),
});

const LIFECYCLE: Readonly<Record<string, Signal['kind']>> = {
  reauthorizationRequired: 'REAUTHORIZE',
  subscriptionRemoved: 'LOST',
  missed: 'MISSED',
};

/**
 * Graph proves itself by the clientState that only it and we know. What does not prove itself is passed over with the same
 * answer, so that nobody learns which subscriptions there are.
 */
export async function receive(request: WebhookRequest, findWatch: FindWatch): Promise<WebhookOutcome> {
  const token = request.url.searchParams.get('validationToken');
  if (token !== null) return validation(token);
  const parsed = notifications.safeParse(json(request.body));
  if (!parsed.success)
    return { reply: { status: 400, contentType: 'text/plain', body: 'not a notification' }, signals: [] };
  const watches = new Map<string, Awaited<ReturnType<FindWatch>>>();
  const signals = new Map<string, Signal>();
  for (const { subscriptionId, clientState, lifecycleEvent } of parsed.data.value) {
    if (!watches.has(subscriptionId)) watches.set(subscriptionId, await findWatch(subscriptionId));
    const kind = lifecycleEvent ? LIFECYCLE[lifecycleEvent] : 'CHANGED';
    if (!kind) continue;
    for (const { integrationId, secret } of watches.get(subscriptionId) ?? []) {
      if (sameSecret(secret, clientState ?? '')) signals.set(`${integrationId} ${kind}`, { integrationId, kind });
    }
  }
  return { reply: { status: 202 }, signals: [...signals.values()] };
}

/** Graph asks once, when a subscription begins, whether this endpoint is ours: it wants its token back as plain text. */
function validation(token: string): WebhookOutcome {
  if (token === '' || token.length > MAX_VALIDATION_TOKEN) {
    return { reply: { status: 400, contentType: 'text/plain', body: 'not a validation token' }, signals: [] };
  }
  return { reply: { status: 200, contentType: 'text/plain', body: token }, signals: [] };
}

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return null;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const sameSecret = (ours: string, theirs: string): boolean => timingSafeEqual(digest(ours), digest(theirs));
