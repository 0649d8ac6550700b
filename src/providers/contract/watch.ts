import type { Call } from './call.ts';
import type { ChangeDetail } from './change-detail.ts';

export interface Watcher {
  /** Starts or renews. `previous` is what an earlier start returned, null the first time. Idempotent. */
  start(previous: WatchState | null, options: WatchOptions, call: Call): Promise<WatchState>;
  stop(state: WatchState, call: Call): Promise<void>;
}
export interface WatchOptions {
  /** Where the provider posts to, for this provider: `${PUBLIC_URL}/webhooks/{provider id in lower case}`. */
  readonly notificationUrl: string;
  /** Random, ours; the provider repeats it in each notification where it can (Graph's clientState). Sealed in the database. */
  readonly secret: string;
  /** The previous one told of nothing although there was news: it is replaced, not renewed. */
  readonly isSilent: boolean;
  /** Whether the watch of that key is another integration's, which must be left alone. */
  readonly isTaken: (key: string) => Promise<boolean>;
  /** To be called before the previous one is replaced: it tells of nothing, whether a new one can be had or not. */
  readonly lost: () => Promise<void>;
}
export interface WatchState {
  /** What a notification names: Gmail's address, Graph's subscription id. Unique per provider. */
  readonly key: string;
  readonly expiresAt: Date;
}

export interface WebhookRequest {
  readonly method: string;
  /** The full URL as the provider was given it (PUBLIC_URL and the path), with the query. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}
/** Looks the watches up that a notification names; empty when there is none. Several integrations can share a Gmail address. */
export type FindWatch = (
  key: string,
) => Promise<readonly { readonly integrationId: string; readonly secret: string }[]>;
export interface WebhookOutcome {
  readonly reply: { readonly status: number; readonly contentType?: string; readonly body?: string };
  readonly signals: readonly Signal[];
}
/** The `detail` is absent where it is not known what was updated. A message that is created is read whole, so it has none. */
export type ProviderChange =
  | { readonly kind: 'created' | 'deleted'; readonly messageId: string }
  | { readonly kind: 'updated'; readonly messageId: string; readonly detail?: ChangeDetail }
  | { readonly kind: 'mailbox'; readonly mailboxId: string };
/** What a notification says of a message; the provider's changes say what became of it. */
export interface Hint {
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly messageId: string;
}
export interface Signal {
  readonly integrationId: string;
  /** CHANGED: sync. REAUTHORIZE: renew the watch. LOST: start a new watch. MISSED: sync, something was not delivered. */
  readonly kind: 'CHANGED' | 'REAUTHORIZE' | 'LOST' | 'MISSED';
  /** Of CHANGED: all that it tells of. Absent where the provider does not name messages. */
  readonly hints?: readonly Hint[];
}
