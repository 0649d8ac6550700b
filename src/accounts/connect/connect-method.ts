import type { Logger } from 'pino';
import type { Access, ConnectMethod } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { AttemptStore } from '../users/attempt.store.ts';
import type { FlowSeal } from './authorization-code/connect-flow.seal.ts';
import type { RedirectRules } from './authorization-code/redirect.ts';
import type { ConnectFlowStore } from './connect-flow.store.ts';
import type { ConnectFlowRecord } from './connect-flow.ts';
import type { IntegrationWriter } from './integration-writer.ts';

/** What connect-methods.ts lists: one way to connect an account, the same for every provider that offers it. */
export interface ConnectMethodEntry {
  /** Upper case. Becomes one of the schema's ConnectMethod, and is what a provider's part of it names; never changes. */
  readonly method: string;
  /** For the schema: what the user does. */
  readonly description: string;
  /** What a provider without it is said to have or do, behind its name: "has no consent page". */
  readonly absence: string;
  /** Whether it is given a password, which no other way accepts. Absent: it is not. */
  readonly takesPassword?: boolean;
  open(tools: ConnectTools): ConnectHandler;
}

/** What the ways to connect share. Each takes what it needs. */
export interface ConnectTools {
  /** What every way ends in. */
  readonly integrationWriter: IntegrationWriter;
  /** Runs that wait for a person, for those that do not connect at once. */
  readonly flows: ConnectFlowStore;
  readonly seal: FlowSeal;
  readonly attempts: Pick<AttemptStore, 'takeAll' | 'giveBackAll'>;
  readonly redirects: RedirectRules;
  /** `${PUBLIC_URL}/oauth/callback`, asked when needed: the port may be known only after listening. */
  readonly callbackUrl: () => string;
  readonly log: Logger;
  readonly now?: () => Date;
}

/** What `connect` was asked for, by the user who is signed in. */
export interface ConnectRequest {
  readonly userId: string;
  readonly access: Access;
  readonly address: string | null;
  readonly redirectUri: string | null;
  /** Present where the way takes one. */
  readonly password: string | null;
}

/** The account, connected at once; or where its owner consents, and the flow that this ends. */
export type ConnectOutcome =
  | { readonly integration: IntegrationRecord }
  | { readonly authorizationUrl: string; readonly flow: ConnectFlowRecord };

export interface ConnectHandler<Offered extends ConnectMethod = ConnectMethod> {
  /** Throws MailError with the field at fault, before a provider is looked for. Absent: any request will do. */
  check?(request: ConnectRequest): void;
  /**
   * `offered` is the provider's part. Connects nothing that the user has not proved to be theirs: by a secret that the
   * provider takes, or by its owner's consent that came back to this user. Throws MailError with the field at fault.
   */
  connect(provider: Provider, offered: Offered, request: ConnectRequest): Promise<ConnectOutcome>;
}
