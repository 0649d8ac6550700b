import type { NodeRegistry } from '../graphql/node.ts';
import type { Prunable } from '../platform/database/prune.job.ts';
import type { Platform } from '../platform/open.ts';
import type { Provider } from '../providers/contract/provider.ts';
import { SecretStore } from '../vault/secret.store.ts';
import { Vault } from '../vault/vault.ts';
import { ConnectResolver } from './api/connect/connect.resolver.ts';
import {
  ConnectFlowResolver,
  registerConnectFlowNode,
  ViewerConnectFlowsResolver,
} from './api/connect/connect-flow.resolver.ts';
import { ProviderResolver } from './api/connect/provider.resolver.ts';
import { IntegrationResolver } from './api/integration/integration.resolver.ts';
import { SessionResolver } from './api/viewer/session.resolver.ts';
import { registerAccountNodes, ViewerResolver } from './api/viewer/viewer.resolver.ts';
import { CallbackService } from './connect/authorization-code/callback.service.ts';
import { FlowSeal } from './connect/authorization-code/connect-flow.seal.ts';
import { ConnectService } from './connect/connect.service.ts';
import { ConnectFlowJob } from './connect/connect-flow.job.ts';
import { ConnectFlowStore } from './connect/connect-flow.store.ts';
import { openMethods } from './connect/connect-method.ts';
import { CONNECT_METHODS } from './connect/connect-methods.ts';
import { DiscoveryService } from './connect/discovery.service.ts';
import { IntegrationWriter } from './connect/integration-writer.ts';
import type { RedirectRules } from './connect/redirect.ts';
import { AccessTokens } from './handles/access-tokens.ts';
import { AccountHandles } from './handles/account-handles.ts';
import { AccountHealth } from './handles/account-health.ts';
import { MailSessions } from './handles/mail-sessions.ts';
import { RequestLimiters } from './handles/request-limiters.ts';
import { DisconnectService } from './integrations/disconnect.service.ts';
import { IntegrationDirectory } from './integrations/integration.directory.ts';
import type { IntegrationHooks } from './integrations/integration.hooks.ts';
import { IntegrationStore } from './integrations/integration.store.ts';
import { LeaseStore } from './integrations/lease.store.ts';
import { Reachability } from './integrations/reachability.ts';
import { AttemptStore } from './users/attempt.store.ts';
import { type Authenticator, Authenticators } from './users/authenticator.ts';
import { SessionService, type SessionTimes } from './users/session.service.ts';
import { SessionStore } from './users/session.store.ts';
import { SignInService } from './users/sign-in.service.ts';
import { UserStore } from './users/user.store.ts';
import { UserRevisionStore } from './users/user-revision.store.ts';
import { UserRevisions } from './users/user-revisions.ts';

interface AccountsOptions {
  readonly providers: readonly Provider[];
  readonly registration: 'open' | 'invite' | 'off';
  readonly redirects: RedirectRules;
  /** The URL to which the providers redirect the browser. */
  readonly callbackUrl: () => string;
  /** The code that opens the rooms above fills this list before the first request. */
  readonly hooks: readonly IntegrationHooks[];
  readonly times?: SessionTimes | undefined;
  /** Further authenticators, which are asked after the sessions. */
  readonly authenticators?: readonly Authenticator[] | undefined;
}

export type Accounts = Awaited<ReturnType<typeof openAccounts>>;

/** Opens the users and their sessions, the integrations and their open mailboxes, and the ways to connect an account. */
export async function openAccounts(platform: Platform, options: AccountsOptions) {
  const { db, bus, sealer, jwtSecret, log } = platform;
  const { providers, registration, redirects, callbackUrl, hooks, times, authenticators = [] } = options;

  const users = new UserStore(db);
  const sessionStore = new SessionStore(db);
  const sessions = new SessionService({ store: sessionStore, bus, jwtSecret, log, times });
  await sessions.start();
  platform.closers.push(() => sessions.close());
  // A new kind of credential needs one line here.
  const callers = new Authenticators([sessions, ...authenticators]);
  const attempts = new AttemptStore(db);
  const signIns = new SignInService({ users, sessions, attempts, registration, jwtSecret });

  const integrations = new IntegrationStore(db);
  const directory = new IntegrationDirectory(integrations, bus);
  const revisionStore = new UserRevisionStore(db);
  const revisions = new UserRevisions({ store: revisionStore, directory, bus });
  platform.closers.push(() => revisions.close());
  const vault = new Vault(new SecretStore(db), sealer);
  const tokens = new AccessTokens({ vault, lease: new LeaseStore(db), integrations, directory, providers, log });
  const reachability = new Reachability();
  const health = new AccountHealth({ integrations, directory, hooks, log });
  const limiters = new RequestLimiters({ log, reachability });
  const mailSessions = new MailSessions({ providers, directory, tokens, health, limiters, log });
  platform.closers.push(() => mailSessions.close());
  const handles = new AccountHandles(directory, mailSessions);
  const disconnect = new DisconnectService({ providers, vault, integrations, directory, hooks, log });

  const discovery = new DiscoveryService({ providers });
  const flows = new ConnectFlowStore(db);
  const integrationWriter = new IntegrationWriter({ vault, integrations, directory, hooks, log });
  const methods = openMethods(CONNECT_METHODS, {
    providers,
    integrationWriter,
    flows,
    integrations,
    sealer,
    attempts,
    limiters,
    redirects,
    callbackUrl,
    log,
  });
  const flowJob = new ConnectFlowJob({ methods, providers, flows, integrationWriter, log });
  platform.closers.push(() => flowJob.close());
  const connect = new ConnectService({ providers, discovery, methods, flowJob });
  const callback = new CallbackService({ providers, flows, seal: new FlowSeal(sealer), users, log });

  const prunables: readonly Prunable[] = [
    { what: 'sessions', keptMs: DAY_MS, prune: (before) => sessionStore.prune(before) },
    { what: 'attempts', keptMs: 0, prune: (before) => attempts.prune(before) },
    { what: 'secrets of connect flows', keptMs: 0, prune: (before) => flows.expire(before) },
    { what: 'revisions of users', keptMs: HOUR_MS, prune: (before) => revisionStore.prune(before) },
    { what: 'connect flows', keptMs: DAY_MS, prune: (before) => flows.prune(before) },
  ];
  const resolvers = [
    new SessionResolver(signIns, sessions),
    new ViewerResolver(users, directory),
    new ProviderResolver(providers, discovery),
    new IntegrationResolver(providers, handles),
    new ConnectResolver(connect, disconnect, directory),
    new ViewerConnectFlowsResolver(flows),
    new ConnectFlowResolver(providers, methods, directory),
  ];
  const registerNodes = (nodes: NodeRegistry): void => {
    registerAccountNodes(nodes, directory);
    registerConnectFlowNode(nodes, flows);
  };
  return {
    sessions,
    authenticators: callers,
    signIns,
    directory,
    revisions,
    handles,
    reachability,
    callback,
    prunables,
    resolvers,
    registerNodes,
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
