import 'reflect-metadata';
import type { Logger } from 'pino';
import type { IntegrationHooks } from './accounts/integrations/integration.hooks.ts';
import { openAccounts } from './accounts/open.ts';
import type { Authenticator } from './accounts/users/authenticator.ts';
import type { SessionTimes } from './accounts/users/session.service.ts';
import { openChanges } from './changes/open.ts';
import type { SyncTimes } from './changes/sync/sync.job.ts';
import type { Config } from './config.ts';
import { storeErrorIn } from './domain/error.ts';
import { NodeResolver } from './graphql/node.resolver.ts';
import { NodeRegistry } from './graphql/node.ts';
import { createSchema } from './graphql/schema.ts';
import { openMail } from './mail/open.ts';
import type { SendTimes } from './mail/submission/verdict.ts';
import { DatabaseError } from './platform/database/database.ts';
import { PruneJob } from './platform/database/prune.job.ts';
import { reasonOf } from './platform/database/store/store.error.ts';
import type { StoreLimits } from './platform/database/store/store.limits.ts';
import { createLog } from './platform/log.ts';
import { type Closers, openPlatform } from './platform/open.ts';
import type { LaneOptions } from './platform/queue/lanes.ts';
import type { Provider, ProviderTimes } from './providers/contract/provider.ts';
import { registry } from './providers/registry.ts';
import { openRealtime } from './realtime/open.ts';
import { RESOLVERS } from './resolvers.ts';
import type { Drain } from './server/http/drain.ts';
import { type Listener, openListener } from './server/http/listener.ts';
import { type Demo, openServer } from './server/open.ts';

export interface App {
  /** PUBLIC_URL, or where it listens. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the account is not being read in the background: a test counts its own requests alone. */
  idle(integrationId: string): Promise<void>;
  /** Drains: for `delayMs` it still accepts while /ready says 503; then what is under way is finished. */
  close(delayMs?: number): Promise<void>;
}

export interface AppOptions {
  /** Taken beforehand by who must know the port; absent: opened on HOST and PORT. */
  readonly listener?: Listener;
  readonly log?: Logger;
  /** In the sandbox: who its page is signed in as. */
  readonly demo?: Demo;
  /** Instead of the registry's; the bench serves mail that is already in memory. */
  readonly providers?: readonly Provider[];
  /** Further ways to show who calls, asked behind the session's. */
  readonly authenticators?: readonly Authenticator[];
  /** How long the store is waited for; tests have less time. */
  readonly storeLimits?: Partial<StoreLimits>;
  /** How many accounts of one vendor are worked at together; the tests need few. */
  readonly lanes?: { readonly sync?: LaneOptions; readonly submissions?: LaneOptions };
  /** How long an account may go without an answer; tests have less time. */
  readonly syncTimes?: SyncTimes;
  /** How long an order to send takes effect; tests have less time. */
  readonly sendTimes?: SendTimes;
  /** How long a provider waits for its vendor; tests have less time. */
  readonly providerTimes?: ProviderTimes;
  /** How long an access token lives; tests see the end of one. */
  readonly sessionTimes?: SessionTimes;
}

/** Where it can be reached when PUBLIC_URL does not say. */
export const urlOf = (config: Config, port: number): string =>
  config.publicUrl ??
  `http://${config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;

/** The only wiring. Throws StartError, DatabaseError, KeyError or BusError, with one line for the person who starts it. */
export async function createApp(config: Config, options: AppOptions = {}): Promise<App> {
  const closers: Closers = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const listener = options.listener ?? (await openListener(config.host, config.port));
    closers.push(() => listener.server.close());
    const { drain, idle } = await openRooms(config, listener, options, closers);
    return {
      url: urlOf(config, listener.port),
      port: listener.port,
      idle,
      async close(delayMs = 0) {
        await drain.run(delayMs);
        await close();
      },
    };
  } catch (error) {
    await close();
    const away = storeErrorIn(error);
    throw away
      ? new DatabaseError(`DATABASE_URL: the database was lost during the start (${reasonOf(away.cause)}).`)
      : error;
  }
}

/** Room by room, from the bottom: each is opened with those that it stands on. */
async function openRooms(
  config: Config,
  listener: Listener,
  options: AppOptions,
  closers: Closers,
): Promise<{ drain: Drain; idle: App['idle'] }> {
  const log = options.log ?? createLog(config.logLevel);
  for (const warning of config.warnings) log.warn(warning);
  const publicUrl = urlOf(config, listener.port);

  const platform = await openPlatform(config, { log, limits: options.storeLimits, closers });
  const providers = options.providers ?? registry(config.providers, options.providerTimes);
  const hooks: IntegrationHooks[] = [];
  const accounts = await openAccounts(platform, {
    providers,
    registration: config.registration,
    redirects: {
      // Our own page finishes what it began.
      allowed: config.graphiql ? [...config.redirectUris, `${publicUrl}/`] : config.redirectUris,
      anyLoopback: config.sandbox !== null,
    },
    callbackUrl: () => `${publicUrl}/oauth/callback`,
    hooks,
    times: options.sessionTimes,
    authenticators: options.authenticators,
  });
  const changes = openChanges(platform, accounts, {
    providers,
    publicUrl,
    pollIntervalMs: config.pollSeconds * 1_000,
    lanes: options.lanes?.sync,
    times: options.syncTimes,
  });
  const { sourceDeadlineMs, scanBudget, uploadMaxBytes } = config;
  const mail = openMail(platform, accounts, {
    publicUrl,
    sourceDeadlineMs,
    scanBudget,
    uploadMaxBytes,
    lanes: options.lanes?.submissions,
    times: options.sendTimes,
  });
  hooks.push(changes.hooks, mail.hooks);
  const realtime = openRealtime(platform, accounts, changes, mail, { behindMs: options.syncTimes?.behindMs });

  const nodes = new NodeRegistry();
  accounts.registerNodes(nodes);
  mail.registerNodes(nodes);
  const resolvers = [accounts, mail, realtime].flatMap((room): readonly object[] => room.resolvers);
  const schema = createSchema(RESOLVERS, [new NodeResolver(nodes), ...resolvers]);
  const server = await openServer(platform, accounts, changes, mail, {
    settings: config,
    listener,
    publicUrl,
    schema,
    demo: options.demo,
  });

  // Before the first request: it may send.
  await mail.start();
  await server.admit();
  const prune = new PruneJob([...changes.prunables, ...accounts.prunables, ...mail.prunables], log);
  closers.push(
    () => realtime.close(),
    // Each has its own timeout, and all of them the same seconds.
    () => Promise.all([changes.stop(), prune.stop(), mail.stop()]),
  );
  changes.start();
  prune.start();
  return { drain: server.drain, idle: (integrationId) => changes.sync.idle(integrationId) };
}
