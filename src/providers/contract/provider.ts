import type { z } from 'zod';
import type { MailError } from '../../domain/error.ts';
import type { MailboxKind, MailboxRole } from '../../domain/mailbox.ts';
import type { Limits, RequestLimiter } from './call.ts';
import type { Access, ConnectMethod } from './connect.ts';
import type { MailSession } from './mail-session.ts';
import type { FindWatch, WebhookOutcome, WebhookRequest } from './watch.ts';

/** A provider before it is configured. registry.ts lists them. */
export interface Adapter<Settings extends z.ZodObject = z.ZodObject> {
  /** Upper case. It is a value of the schema's ProviderId and is stored with each integration, so it never changes. */
  readonly id: string;
  /** A description for the schema that names the vendor's product and API. */
  readonly description: string;
  /** The environment variables of this provider, which .env.example documents. */
  readonly settings: Settings;
  create(settings: z.output<Settings>, times?: ProviderTimes): Provider;
}

/** Waiting times of a provider that tests shorten. An absent one has the adapter's default. */
export interface ProviderTimes {
  /** Milliseconds between the tries of a request that reached a replica which lags behind. */
  readonly lagWaitsMs?: readonly number[];
  /** Milliseconds that a search index may take for a change. The cache counts on it (`INDEX_SETTLE_MS`). */
  readonly indexSettleMs?: number;
}

/**
 * A mail provider. A new one is a folder that implements this interface, a line in registry.ts, and an emulator in sandbox/.
 * Code outside the folder never checks which provider it has; it reads `capabilities`.
 */
export interface Provider<Secret = unknown> {
  /** The id of its adapter. */
  readonly id: string;
  /** The name that people read, such as "Gmail". */
  readonly name: string;
  /**
   * False when the configuration lacks the credentials that this provider needs; no method is called then. When no provider is
   * configured, the sandbox starts.
   */
  readonly configured: boolean;
  /** Mail domains that this provider serves, in lower case. */
  readonly domains: readonly string[];
  /** Suffixes of MX hosts by which a custom domain is recognised as this provider's. */
  readonly mxSuffixes: readonly string[];
  /** How accounts can be connected, the usual way first. Secrets that were sealed before they named their method are refreshed by AUTHORIZATION_CODE. */
  readonly connectMethods: readonly [ConnectMethod<Secret>, ...ConnectMethod<Secret>[]];
  /**
   * The accesses with which accounts can be connected, in the order READ, WRITE, FULL. `connect` refuses another one. A
   * provider that only reads has READ alone, and its methods that change or send throw UNSUPPORTED.
   */
  readonly accesses: readonly ['READ', ...Access[]];
  /**
   * What this account can do, computed without a request. Accounts of one provider may differ, as accounts on two IMAP servers
   * do: such a provider reads the server's capabilities when the account is connected and keeps them in its `scopes`.
   */
  capabilities(account: AccountDetails): Capabilities;
  /** The vendor's limits for one account, which request-limiter.ts enforces. */
  readonly limits: Limits;
  /**
   * Opens an account without a request: the first one is sent by a method of the session. A process has one open session for
   * each integration. Concurrent requests share it, and it keeps what it learns about its account.
   */
  open(options: SessionOptions): MailSession;
  /** Present where the provider pushes. Verifies the sender and returns the watches that the request names. It reads no mail and does not wait for the sync. */
  receive?(request: WebhookRequest, findWatch: FindWatch): Promise<WebhookOutcome>;
}

/** What the gateway knows about a connected account without a request. */
export interface AccountDetails {
  /** The account's own address, as the provider returned it when the account was connected. */
  readonly address: string;
  readonly access: Access;
  /** What the provider granted, in the provider's own terms. */
  readonly scopes: readonly string[];
}

/** What a session needs to send requests: the account, its limiter and its access tokens. */
export interface SessionOptions extends AccountDetails {
  /** The limiter of the mailbox. Sessions of two users who connected the same mailbox share it. */
  readonly limiter: RequestLimiter;
  /**
   * A valid access token: the string that the account's `ConnectMethod` returned when it connected or last refreshed the
   * account (`Refreshed.accessToken`). Only the provider's own folder interprets it. `rejected` is a token that the provider
   * has just refused, such as with a 401. Throws RECONNECT_REQUIRED.
   */
  accessToken(signal: AbortSignal, rejected?: string): Promise<string>;
  /** Reports an error that ends the use of the whole account: a MailError `ofAccount`, or a 401 that new tokens did not cure. Never throws. */
  refused?(error: MailError): Promise<void>;
}

export interface Capabilities {
  readonly mailboxesPerMessage: 'ONE' | 'MANY';
  readonly nativeThreads: boolean;
  readonly push: 'WEBHOOK' | 'HELD' | 'POLL';
  readonly maxAttachmentBytes: number;
  /** The roles that a mailbox of this account can have. A search accepts every role, as a mailbox or as a property of the message. */
  readonly roles: readonly MailboxRole[];
  /** The kinds of mailbox that can be created, renamed, moved below another one, and coloured. */
  readonly mailboxes: Readonly<Record<'create' | 'rename' | 'nest' | 'color', readonly MailboxKind[]>>;
}
