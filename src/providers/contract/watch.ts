import type { Call } from './call.ts';
import type { ChangeDetail } from './change-detail.ts';

export interface Watcher {
  /** Starts or renews the watch. `previous` is the result of the last start, and null the first time. Idempotent. */
  start(previous: WatchState | null, options: WatchOptions, call: Call): Promise<WatchState>;
  stop(state: WatchState, call: Call): Promise<void>;
}
export interface WatchOptions {
  /** The URL for notifications: `${PUBLIC_URL}/webhooks/{provider id in lower case}`. */
  readonly notificationUrl: string;
  /** A random secret of ours, which the provider repeats in each notification where it supports that (Graph's clientState). It is sealed in the database. */
  readonly secret: string;
  /** The previous watch reported nothing although there were changes. It must be replaced and not renewed. */
  readonly isSilent: boolean;
  /** Whether the watch with this key belongs to another integration, so that it must not be stopped. */
  readonly isTaken: (key: string) => Promise<boolean>;
  /** Must be called before the previous watch is replaced, because it reports nothing from then on, even if the replacement fails. */
  readonly lost: () => Promise<void>;
}
export interface WatchState {
  /** The key that notifications contain: the address at Gmail, the subscription id at Graph. Unique per provider. */
  readonly key: string;
  readonly expiresAt: Date;
}

export interface WebhookRequest {
  readonly method: string;
  /** The full URL that the provider was given (PUBLIC_URL and the path), with the query. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}
/** Finds the watches with the key of a notification. Several integrations can have the same Gmail address. Empty when there is none. */
export type FindWatch = (
  key: string,
) => Promise<readonly { readonly integrationId: string; readonly secret: string }[]>;
export interface WebhookOutcome {
  readonly reply: { readonly status: number; readonly contentType?: string; readonly body?: string };
  readonly notifications: readonly WatchNotification[];
}
/**
 * `detail` is absent where the update is unknown. A created message has none, because the whole message is read. `state` is the
 * `stateDigest` of the message after the change, and absent where the provider's answer does not say all of it.
 */
export type ProviderChange =
  | { readonly kind: 'deleted'; readonly messageId: string }
  | { readonly kind: 'created'; readonly messageId: string; readonly state?: string; readonly receivedAt?: Date }
  | { readonly kind: 'updated'; readonly messageId: string; readonly detail?: ChangeDetail; readonly state?: string }
  | { readonly kind: 'mailbox'; readonly mailboxId: string };
/** A message that a notification names. What happened to it in the end is reported by the provider's `changes`. */
export interface Hint {
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly messageId: string;
}
/** What a webhook reported about the watch of one integration. */
export interface WatchNotification {
  readonly integrationId: string;
  /** CHANGED: synchronise. REAUTHORIZE: renew the watch. LOST: start a new watch. MISSED: synchronise, because a notification was not delivered. */
  readonly kind: 'CHANGED' | 'REAUTHORIZE' | 'LOST' | 'MISSED';
  /** For CHANGED: all messages that the notification names. Absent where the provider does not name messages. */
  readonly hints?: readonly Hint[];
}
