import 'reflect-metadata';
import type { IntegrationHooks } from './accounts/integrations/integration.hooks.ts';
import { openAccounts } from './accounts/open.ts';
import type { AppOptions } from './app.options.ts';
import { openCache } from './cache/open.ts';
import { openChanges } from './changes/open.ts';
import { type Config, urlOf } from './config.ts';
import { storeErrorIn } from './domain/error.ts';
import { NodeResolver } from './graphql/node.resolver.ts';
import { NodeRegistry } from './graphql/node.ts';
import { createSchema } from './graphql/schema.ts';
import { pageBytes } from './mail/account/page-memory.ts';
import { openMail } from './mail/open.ts';
import { DatabaseError } from './platform/database/database.ts';
import { PruneJob } from './platform/database/prune.job.ts';
import { reasonOf } from './platform/database/store/store.error.ts';
import { createLog } from './platform/log.ts';
import { type Closers, openPlatform } from './platform/open.ts';
import { registry } from './providers/registry.ts';
import { openRealtime } from './realtime/open.ts';
import { RESOLVERS } from './resolvers.ts';
import { answerBytes } from './server/answers/open.ts';
import type { Drain } from './server/http/drain.ts';
import { type Listener, openListener } from './server/http/listener.ts';
import { openServer } from './server/open.ts';

export interface App {
  /** PUBLIC_URL, or the address of the listener. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the account is not being synchronised, so that a test counts only its own requests. */
  idle(integrationId: string): Promise<void>;
  /**
   * Drains and closes. For `delayMs` it still accepts requests while /ready answers 503; then the running requests are
   * finished.
   */
  close(delayMs?: number): Promise<void>;
}

/**
 * Wires the program. Throws StartError, DatabaseError, KeyError or BusError with one line for the person who starts it.
 */
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

/** Opens the rooms from the bottom up, each with the rooms below it. */
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
      // The page of the gateway finishes the flows that it begins.
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
    logDays: config.changeLogDays,
    syncIndex: config.syncIndex,
    reconcileIntervalMs: config.reconcileHours * 3_600_000,
    lanes: options.lanes?.sync,
    times: options.syncTimes,
  });
  const cache = openCache(platform, accounts, changes, {
    maxBytes: config.cacheBytes > 0 ? config.cacheBytes - answerBytes(config) - pageBytes(config.cacheBytes) : 0,
    indexSettleMs: options.providerTimes?.indexSettleMs,
  });
  const { sourceDeadlineMs, scanBudget, uploadMaxBytes } = config;
  const mail = openMail(platform, accounts, {
    publicUrl,
    sourceDeadlineMs,
    scanBudget,
    uploadMaxBytes,
    cache,
    logs: changes.hub,
    pageBytes: pageBytes(config.cacheBytes),
    written: changes.written,
    lanes: options.lanes?.submissions,
    times: options.sendTimes,
  });
  hooks.push(...changes.hooks, mail.hooks);
  const realtime = openRealtime(platform, accounts, changes, mail, cache);

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
    streamTimes: options.streamTimes,
    pushesEvents: options.pushesEvents,
    onStaleAnswer: options.onStaleAnswer,
    doors: options.doors,
  });

  // The mail room is started before the first request, which may send mail.
  await mail.start();
  await server.admit();
  const prune = new PruneJob([...changes.prunables, ...accounts.prunables, ...mail.prunables], log);
  closers.push(
    () => realtime.close(),
    () => cache.close(),
    // Each has its own time-out, and they stop at the same time.
    () => Promise.all([changes.stop(), prune.stop(), mail.stop()]),
    // What was compared just now is judged while changes are still noticed.
    () => server.settled(),
  );
  changes.start();
  prune.start();
  return { drain: server.drain, idle: (integrationId) => changes.idle(integrationId) };
}
