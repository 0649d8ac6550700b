import type { Logger } from 'pino';
import type { Sealer } from '../../platform/secrets/seal.ts';
import type { Access, ConnectMethod, Exchanged } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { RequestLimiters } from '../handles/request-limiters.ts';
import type { IntegrationStore } from '../integrations/integration.store.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { AttemptStore } from '../users/attempt.store.ts';
import type { ConnectFlowStore } from './connect-flow.store.ts';
import type { ConnectFlowRecord } from './connect-flow.ts';
import type { IntegrationWriter } from './integration-writer.ts';
import type { RedirectRules } from './redirect.ts';

/** One way to connect an account, as connect-methods.ts lists it. It is the same for every provider that offers it. */
export interface ConnectMethodEntry {
  /** In upper case. It is a value of the schema's ConnectMethod, and the `method` of the providers' part. It never changes. */
  readonly method: string;
  /** The description in the schema: what the user does. */
  readonly description: string;
  /** How a provider without this method is described, after its name: "has no consent page". */
  readonly absence: string;
  /** The inputs that the method takes. `connect` refuses every other one. The handler refuses a request that lacks one. */
  readonly takes: readonly MethodInput[];
  open(tools: ConnectTools): ConnectHandler;
}

/** A method whose handler has been opened. */
export interface OpenConnectMethod extends ConnectMethodEntry {
  readonly handler: ConnectHandler;
}

/** What the methods share. Each handler picks what it needs. */
export interface ConnectTools {
  readonly providers: readonly Provider[];
  /** Stores the connected account. Every method ends with it. */
  readonly integrationWriter: IntegrationWriter;
  /** The flows of the methods that do not connect at once. */
  readonly flows: ConnectFlowStore;
  readonly integrations: IntegrationStore;
  readonly sealer: Sealer;
  readonly attempts: Pick<AttemptStore, 'take' | 'giveBack' | 'takeAll' | 'giveBackAll'>;
  readonly limiters: Pick<RequestLimiters, 'of'>;
  readonly redirects: RedirectRules;
  /** Returns `${PUBLIC_URL}/oauth/callback`. It is a function because the port may be known only after listening. */
  readonly callbackUrl: () => string;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** What `connect` received from the user who is signed in. */
export interface ConnectRequest {
  readonly userId: string;
  readonly access: Access;
  readonly address?: string | null;
  readonly redirectUri?: string | null;
  readonly password?: string | null;
}

/** An input that only some methods take. A new field of ConnectRequest, and of the schema's ConnectInput, is one. */
type MethodInput = Exclude<keyof ConnectRequest, 'userId' | 'access' | 'address'>;

/** Either the account, connected at once, or a flow with the page on which the user consents. */
export type ConnectOutcome =
  | { readonly integration: IntegrationRecord }
  | {
      readonly authorizationUrl: string;
      readonly flow: ConnectFlowRecord;
      /** When to call `poll` for the first time, in milliseconds from now. Only for a method that has `poll`. */
      readonly pollAfterMs?: number;
    };

/** What the provider answered to a poll. */
export type PollOutcome =
  /** The user has not decided yet. `state` replaces the sealed `consent` of the flow. */
  | { readonly pollAfterMs: number; readonly state?: Uint8Array<ArrayBuffer> }
  | { readonly exchanged: Exchanged<unknown> };

/** The gateway's part of a method. `offered` is always the provider's part of it. */
export interface ConnectHandler<Offered extends ConnectMethod = ConnectMethod> {
  /** Throws MailError with the field at fault, before the provider is determined. Absent: every request is accepted. */
  check?(request: ConnectRequest): void;
  /**
   * Connects the account or begins a flow. A method that connects at once does so with `connectAtOnce`, which limits
   * attempts and time; one that begins a flow limits how many a user begins. It connects no account that the user has not proved to be theirs: by a secret
   * that the provider accepts, or by a consent that came back to this user. Throws MailError with the field at fault.
   */
  connect(provider: Provider, offered: Offered, request: ConnectRequest): Promise<ConnectOutcome>;
  /** Says what the user has to do next, including a code to enter. Only the user who began the flow reads it. */
  instructions?(flow: ConnectFlowRecord, provider: Provider): string | null;
  /**
   * For a method that ends with `finishConnect`: connects the account of the flow that the token belongs to. Returns null
   * for a token of no flow of this method and user. Absent: the method has no such token.
   */
  finish?(userId: string, token: string): Promise<IntegrationRecord | null>;
  /**
   * For a method that ends when the provider says so (RFC 8628): asks the provider once. ConnectFlowJob calls it on one
   * instance at a time, and stores the account. A MailError for which `endsFlow` is true ends the flow; after any other
   * error the job polls again.
   */
  poll?(flow: ConnectFlowRecord, provider: Provider, offered: Offered, signal: AbortSignal): Promise<PollOutcome>;
}

export const openMethods = (entries: readonly ConnectMethodEntry[], tools: ConnectTools): OpenConnectMethod[] =>
  entries.map((entry) => ({ ...entry, handler: entry.open(tools) }));
