import type { Logger } from 'pino';
import type { Authenticator } from './accounts/users/authenticator.ts';
import type { SessionTimes } from './accounts/users/session.service.ts';
import type { SyncTimes } from './changes/sync/sync-times.ts';
import type { SendTimes } from './mail/submission/verdict.ts';
import type { StoreLimits } from './platform/database/store/store.limits.ts';
import type { LaneOptions } from './platform/queue/lanes.ts';
import type { Provider, ProviderTimes } from './providers/contract/provider.ts';
import type { StaleAnswer } from './server/answers/shadow.ts';
import type { CreateDoor } from './server/door.ts';
import type { Listener } from './server/http/listener.ts';
import type { Demo } from './server/open.ts';
import type { EventStreamTimes } from './server/sse/event-stream.door.ts';

/**
 * The options that the tests, the bench and the sandbox set beside the configuration. Production sets only the
 * listener.
 */
export interface AppOptions {
  /** A listener that was opened before. If it is absent, one is opened on HOST and PORT. */
  readonly listener?: Listener;
  readonly log?: Logger;
  /** The user who is signed in on the page of the sandbox. */
  readonly demo?: Demo;
  /** Replaces the providers of the registry. The bench serves mail that is already in memory. */
  readonly providers?: readonly Provider[];
  /** Further authenticators, which are tried after that of the sessions. */
  readonly authenticators?: readonly Authenticator[];
  /** Further transports to the schema, beside HTTP and WebSocket. */
  readonly doors?: readonly CreateDoor[];
  /** The time limits for the store. Tests set shorter ones. */
  readonly storeLimits?: Partial<StoreLimits>;
  /** The number of accounts of one vendor that are processed at the same time. Tests need few. */
  readonly lanes?: { readonly sync?: LaneOptions; readonly submissions?: LaneOptions };
  /** The time for which an account may go without an answer. Tests set a shorter one. */
  readonly syncTimes?: SyncTimes;
  /** The time for which a request to send stays in effect. Tests set a shorter one. */
  readonly sendTimes?: SendTimes;
  /** The time for which a provider waits for its vendor. Tests set a shorter one. */
  readonly providerTimes?: ProviderTimes;
  /** The lifetime of an access token. Tests set a short one. */
  readonly sessionTimes?: SessionTimes;
  /** Called with each stale answer that is found with KEPT_ANSWERS=shadow. */
  readonly onStaleAnswer?: (answer: StaleAnswer) => void;
  /** The interval between two comments on an event stream. Tests set a shorter one. */
  readonly streamTimes?: EventStreamTimes;
  /** False: graphql-ws sends the events of subscriptions over WebSocket, with which the bench compares. */
  readonly pushesEvents?: boolean;
}
