import 'reflect-metadata';
import type { Logger } from 'pino';
import { CallbackService } from './accounts/connect/callback.service.ts';
import { ConnectResolver } from './accounts/connect/connect.resolver.ts';
import { ConnectService } from './accounts/connect/connect.service.ts';
import {
  ConnectFlowResolver,
  registerConnectFlowNode,
  ViewerConnectFlowsResolver,
} from './accounts/connect/connect-flow.resolver.ts';
import { FlowSeal } from './accounts/connect/connect-flow.seal.ts';
import { ConnectFlowStore } from './accounts/connect/connect-flow.store.ts';
import { DiscoveryService } from './accounts/connect/discovery.service.ts';
import { FinishService } from './accounts/connect/finish.service.ts';
import { IntegrationWriter } from './accounts/connect/integration-writer.ts';
import { PasswordConnectService } from './accounts/connect/password-connect.service.ts';
import { AccessTokens } from './accounts/integrations/access-tokens.ts';
import { AccountHealth } from './accounts/integrations/account-health.ts';
import { DisconnectService } from './accounts/integrations/disconnect.service.ts';
import { IntegrationDirectory } from './accounts/integrations/integration.directory.ts';
import type { IntegrationHooks } from './accounts/integrations/integration.hooks.ts';
import { IntegrationResolver } from './accounts/integrations/integration.resolver.ts';
import { IntegrationStore } from './accounts/integrations/integration.store.ts';
import { LeaseStore } from './accounts/integrations/lease.store.ts';
import { MailSessions } from './accounts/integrations/mail-sessions.ts';
import { ProviderResolver } from './accounts/integrations/provider.resolver.ts';
import { Reachability } from './accounts/integrations/reachability.ts';
import { AttemptStore } from './accounts/users/attempt.store.ts';
import { SessionResolver } from './accounts/users/session.resolver.ts';
import { SessionService, type SessionTimes } from './accounts/users/session.service.ts';
import { SessionStore } from './accounts/users/session.store.ts';
import { type Credentials, SignInService } from './accounts/users/sign-in.service.ts';
import { UserStore } from './accounts/users/user.store.ts';
import { registerAccountNodes, ViewerResolver } from './accounts/users/viewer.resolver.ts';
import { ChangeStore } from './changes/change.store.ts';
import { PendingSyncStore } from './changes/pending-sync.store.ts';
import { PollJob } from './changes/poll.job.ts';
import { SyncJob, type SyncTimes } from './changes/sync.job.ts';
import { WatchJob } from './changes/watch.job.ts';
import { WatchStore } from './changes/watch.store.ts';
import { WebhookService } from './changes/webhook.service.ts';
import type { Config } from './config.ts';
import { storeErrorIn } from './domain/error.ts';
import { NodeResolver } from './graphql/node.resolver.ts';
import { NodeRegistry } from './graphql/node.ts';
import { createSchema } from './graphql/schema.ts';
import { DraftResolver, IntegrationDraftsResolver } from './mail/api/draft/draft.resolver.ts';
import { DraftsResolver } from './mail/api/draft/drafts.resolver.ts';
import { IntegrationMailResolver } from './mail/api/list/integration-mail.resolver.ts';
import { ViewerMailResolver } from './mail/api/list/viewer-mail.resolver.ts';
import { MailboxResolver } from './mail/api/mailbox/mailbox.resolver.ts';
import { MailboxesResolver } from './mail/api/mailbox/mailboxes.resolver.ts';
import { MessageResolver } from './mail/api/message/message.resolver.ts';
import { registerMailNodes } from './mail/api/nodes.ts';
import { OrganiseResolver } from './mail/api/organise/organise.resolver.ts';
import { SubmissionResolver } from './mail/api/submission/submission.resolver.ts';
import { ViewerSubmissionsResolver } from './mail/api/submission/viewer-submissions.resolver.ts';
import { ThreadResolver } from './mail/api/thread/thread.resolver.ts';
import { UnsubscribeResolver } from './mail/api/unsubscribe/unsubscribe.resolver.ts';
import { Composer } from './mail/compose/composer.ts';
import { ListCursors } from './mail/list/list-cursor.ts';
import { MailLists } from './mail/list/mail-lists.ts';
import { PageMemory } from './mail/list/page-memory.ts';
import { UnifiedList } from './mail/list/unified-list.ts';
import { Downloads } from './mail/message/download.ts';
import { OpenAccounts } from './mail/open-accounts.ts';
import { MessageChanges } from './mail/organise/message-changes.ts';
import { Delivery } from './mail/submission/delivery.ts';
import { Payloads } from './mail/submission/payload.ts';
import { sendOnce } from './mail/submission/send-once.ts';
import { SubmissionFeed } from './mail/submission/submission.feed.ts';
import { SubmissionJob } from './mail/submission/submission.job.ts';
import { SubmissionStore } from './mail/submission/submission.store.ts';
import { SubmissionWriter } from './mail/submission/submission-writer.ts';
import { Submissions } from './mail/submission/submissions.ts';
import type { SendTimes } from './mail/submission/verdict.ts';
import { Unsubscriber } from './mail/unsubscribe/unsubscriber.ts';
import { UploadStore } from './mail/upload/upload.store.ts';
import { Uploads } from './mail/upload/uploads.ts';
import { openBus } from './platform/bus.open.ts';
import { openDatabase } from './platform/database.open.ts';
import { type Database, DatabaseError } from './platform/database.ts';
import { checkKeys } from './platform/key.check.ts';
import { openKeys } from './platform/keys.ts';
import type { LaneOptions } from './platform/lanes.ts';
import { createLog } from './platform/log.ts';
import { migrate, pendingMigrations } from './platform/migrations.ts';
import { Outbound } from './platform/outbound.ts';
import { PruneJob } from './platform/prune.job.ts';
import { openQueue } from './platform/queue.ts';
import { Sealer } from './platform/seal.ts';
import { reasonOf } from './platform/store.error.ts';
import type { StoreLimits } from './platform/store.limits.ts';
import type { Provider, ProviderTimes } from './providers/contract/provider.ts';
import { registry } from './providers/registry.ts';
import { EventCursors } from './realtime/event.cursor.ts';
import { EventMessages } from './realtime/event.messages.ts';
import { Hub } from './realtime/hub.ts';
import { MessageEventsResolver } from './realtime/message.events.resolver.ts';
import { MessageEvents } from './realtime/message.events.ts';
import { SubmissionEventsResolver } from './realtime/submission.events.resolver.ts';
import { SubmissionEvents } from './realtime/submission.events.ts';
import { SyncHealthResolver } from './realtime/sync-health.resolver.ts';
import { RESOLVERS } from './resolvers.ts';
import { countCharacters } from './server/answer-counter.ts';
import { mountGraphql } from './server/apollo.ts';
import { mountCallback } from './server/callback.route.ts';
import { trustOf } from './server/client-address.ts';
import { Connections } from './server/connections.ts';
import { Contexts } from './server/contexts.ts';
import { mountDownloads } from './server/downloads.route.ts';
import { Drain } from './server/drain.ts';
import { mountHealth } from './server/health.route.ts';
import { HostList } from './server/hosts.ts';
import { createHttp } from './server/http.ts';
import { Introspections } from './server/introspections.ts';
import { countLists } from './server/list-counter.ts';
import { type Listener, openListener } from './server/listener.ts';
import { mountPage } from './server/page.route.ts';
import { QueryGate } from './server/query-gate.ts';
import { mountSandbox } from './server/sandbox.route.ts';
import { createSocketProtocol } from './server/socket-protocol.ts';
import { TURN_LIMITS } from './server/turn.limits.ts';
import { Turns } from './server/turns.ts';
import { mountUpload } from './server/upload.route.ts';
import { mountWebhooks } from './server/webhooks.route.ts';
import { mountWebSocket } from './server/websocket.ts';
import { SecretStore } from './vault/secret.store.ts';
import { Vault } from './vault/vault.ts';

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
  readonly demo?: { readonly user: Credentials; readonly controlUrl: string; isConnected(): boolean };
  /** Instead of the registry's; the bench serves mail that is already in memory. */
  readonly providers?: readonly Provider[];
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

/** The only wiring. Throws StartError, DatabaseError, KeyError or BusError, with one line for whoever starts it. */
export async function createApp(config: Config, options: AppOptions = {}): Promise<App> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const listener = options.listener ?? (await openListener(config.host, config.port));
    closers.push(() => listener.server.close());
    const { drain, sync } = await open(config, listener, options, closers);
    return {
      url: urlOf(config, listener.port),
      port: listener.port,
      idle: (integrationId) => sync.idle(integrationId),
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

async function open(
  config: Config,
  listener: Listener,
  options: AppOptions,
  closers: (() => unknown)[],
): Promise<{ drain: Drain; sync: SyncJob }> {
  const log = options.log ?? createLog(config.logLevel);
  for (const warning of config.warnings) log.warn(warning);
  const publicUrl = urlOf(config, listener.port);

  // platform
  const { encryptionKeys, jwtSecret } = openKeys(config);
  const db = await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, log, limits: options.storeLimits });
  closers.push(() => db.close());
  await migrate(db);
  await checkKeys(db, encryptionKeys);
  const bus = await openBus({ db, redisUrl: config.redisUrl, log });
  closers.push(() => bus.close());
  const queue = await openQueue(db, log);
  closers.push(() => queue.stop());
  const sealer = new Sealer(encryptionKeys);

  // accounts
  const providers = options.providers ?? registry(config, options.providerTimes);
  const users = new UserStore(db);
  const sessionStore = new SessionStore(db);
  const times = options.sessionTimes;
  const sessions = new SessionService({ store: sessionStore, bus, jwtSecret, log, times });
  await sessions.start();
  const attempts = new AttemptStore(db);
  const signIns = new SignInService({ users, sessions, attempts, registration: config.registration, jwtSecret });
  const integrations = new IntegrationStore(db);
  const directory = new IntegrationDirectory(integrations, bus);
  const vault = new Vault(new SecretStore(db), sealer);
  const tokens = new AccessTokens({ vault, lease: new LeaseStore(db), integrations, directory, providers, log });
  const reachability = new Reachability();
  const hooks: IntegrationHooks[] = [];
  const health = new AccountHealth({ integrations, directory, hooks, log });
  const mailSessions = new MailSessions({ providers, directory, tokens, health, log, reachability });
  const discovery = new DiscoveryService({ providers });
  const flows = new ConnectFlowStore(db);

  // changes
  const changes = new ChangeStore(db);
  const watches = new WatchStore(db, sealer, log);
  const pendingSyncs = new PendingSyncStore(db);
  const sync = new SyncJob({
    sessions: mailSessions,
    directory,
    changes,
    pendingSyncs,
    reachability,
    bus,
    log,
    ...(options.lanes?.sync && { lanes: options.lanes.sync }),
    ...(options.syncTimes && { times: options.syncTimes }),
  });
  const watchJob = new WatchJob({ sessions: mailSessions, directory, watches, sync, reachability, publicUrl, log });
  const poll = new PollJob({
    directory,
    watches,
    pendingSyncs,
    sync,
    rewatch: (integrationId) => watchJob.missed(integrationId),
    pollIntervalMs: options.syncTimes?.pollIntervalMs ?? config.pollSeconds * 1_000,
    ...(options.syncTimes?.probeIntervalMs !== undefined && { probeIntervalMs: options.syncTimes.probeIntervalMs }),
    log,
  });
  const webhooks = new WebhookService({ providers, watches, pendingSyncs, sync, watchJob, log });

  // sending
  const { sourceDeadlineMs, scanBudget } = config;
  const memory = new PageMemory();
  memory.forgetOnChange(bus);
  const accounts = new OpenAccounts(directory, mailSessions, sourceDeadlineMs, memory);
  const uploadStore = new UploadStore(db);
  const uploads = new Uploads({ store: uploadStore, sealer, maxBytes: config.uploadMaxBytes });
  const composer = new Composer({ uploads, accounts });
  const submissionStore = new SubmissionStore(db);
  const payloads = new Payloads(sealer);
  const feed = new SubmissionFeed(bus);
  const requeue = (id: string, at: Date) => submissionJob.enqueue(id, at);
  const writer = new SubmissionWriter({ store: submissionStore, feed, requeue, log });
  const delivery = new Delivery({
    writer,
    payloads,
    composer,
    accounts,
    log,
    ...(options.sendTimes && { times: options.sendTimes }),
  });
  const submissionJob: SubmissionJob = new SubmissionJob({
    store: submissionStore,
    delivery,
    queue,
    feed,
    mailbox: (integrationId) => directory.mailbox(integrationId),
    reachability,
    log,
    ...(options.lanes?.submissions && { lanes: options.lanes.submissions }),
  });
  const submissions = new Submissions({ store: submissionStore, payloads, composer, job: submissionJob, feed });

  const prune = new PruneJob(
    [
      // A subscriber that was away for longer begins with what the log still has.
      { what: 'changes', keptMs: 14 * DAY_MS, prune: (before) => changes.prune(before) },
      { what: 'sessions', keptMs: DAY_MS, prune: (before) => sessionStore.prune(before) },
      { what: 'attempts', keptMs: 0, prune: (before) => attempts.prune(before) },
      { what: 'secrets of connect flows', keptMs: 0, prune: (before) => flows.expire(before) },
      { what: 'connect flows', keptMs: DAY_MS, prune: (before) => flows.prune(before) },
      { what: 'uploads', keptMs: 0, prune: (before) => uploadStore.prune(before) },
    ],
    log,
  );

  // connecting accounts, which those hear of who wait for one
  hooks.push(watchJob, submissionJob);
  const callbackUrl = () => `${publicUrl}/oauth/callback`;
  const redirects = {
    // Our own page finishes what it began.
    allowed: config.graphiql ? [...config.redirectUris, `${publicUrl}/`] : config.redirectUris,
    anyLoopback: config.sandbox !== null,
  };
  const seal = new FlowSeal(sealer);
  const connect = new ConnectService({ providers, discovery, flows, seal, redirects, callbackUrl });
  const integrationWriter = new IntegrationWriter({ vault, integrations, directory, hooks, log });
  const callback = new CallbackService({ providers, flows, seal, users, log });
  const finish = new FinishService({
    providers,
    flows,
    seal,
    attempts,
    integrationWriter,
    integrations,
    sessions: mailSessions,
    callbackUrl,
    log,
  });
  const passwords = new PasswordConnectService({ providers, discovery, integrationWriter, attempts });
  const disconnect = new DisconnectService({ providers, vault, integrations, directory, hooks, log });

  // mail
  const unified = new UnifiedList({ cursors: new ListCursors(sealer), sourceDeadlineMs, scanBudget });
  const lists = new MailLists(unified);
  const downloads = new Downloads({ sealer, directory, sessions: mailSessions, publicUrl });
  const unsubscriber = new Unsubscriber({ outbound: new Outbound(), send: sendOnce(submissions), log });

  // realtime
  const hub = new Hub(changes, bus);
  const eventCursors = new EventCursors(sealer);
  const messages = new EventMessages({
    sessions: mailSessions,
    mailbox: (integrationId) => directory.mailbox(integrationId),
    reachability,
    log,
  });
  const events = new MessageEvents({ hub, directory, accounts, messages, cursors: eventCursors, bus });
  const submissionEvents = new SubmissionEvents({ store: submissionStore, accounts, sealer, bus });

  // schema
  const nodes = new NodeRegistry();
  registerAccountNodes(nodes, directory);
  registerConnectFlowNode(nodes, flows);
  registerMailNodes(nodes, accounts, submissionStore);

  const schema = createSchema(RESOLVERS, [
    new NodeResolver(nodes),
    new SessionResolver(signIns, sessions),
    new ViewerResolver(users, directory),
    new ProviderResolver(providers, discovery),
    new IntegrationResolver(providers, mailSessions),
    new ConnectResolver(connect, finish, passwords, disconnect, directory),
    new ViewerConnectFlowsResolver(flows),
    new ConnectFlowResolver(providers, directory),
    new ViewerMailResolver(accounts, lists),
    new IntegrationMailResolver(accounts, lists),
    new MailboxResolver(lists),
    new ThreadResolver(),
    new MessageResolver(downloads),
    new DraftResolver(),
    new IntegrationDraftsResolver(accounts, unified),
    new DraftsResolver(accounts, composer, submissionJob),
    new SubmissionResolver(accounts, submissions, submissionStore),
    new ViewerSubmissionsResolver(accounts, submissionStore, sealer),
    new OrganiseResolver(new MessageChanges(accounts)),
    new MailboxesResolver(accounts),
    new UnsubscribeResolver(accounts, unsubscriber),
    new SyncHealthResolver(changes, watches, eventCursors, options.syncTimes?.behindMs),
    new MessageEventsResolver(events),
    new SubmissionEventsResolver(submissionEvents),
  ]);

  // server
  const contexts = new Contexts((token) => sessions.authenticate(token), log);
  const connections = new Connections();
  closers.push(() => sessions.close());
  closers.push(sessions.onEnded((sessionId) => connections.sessionEnded(sessionId)));
  const limited: Database['limited'] = (work, options) => db.limited(work, options);
  const gate = new QueryGate();
  countLists(schema, gate.limits.lists);
  countCharacters(schema, gate.limits.characters);
  const hosts = config.sandbox ? new HostList(publicUrl) : null;
  const { introspection } = config;
  const introspections = new Introspections(schema);
  const trust = trustOf(config.trustProxy);
  const { socketMaxBufferedBytes: socketBytes, userMaxBufferedBytes: userBytes } = config;
  const turns = new Turns({ ...TURN_LIMITS, socketBytes, userBytes });
  closers.push(() => turns.close());
  const protocol = createSocketProtocol({
    schema,
    contexts,
    connections,
    gate,
    turns,
    introspections,
    introspection,
    trust,
    limited,
    log,
  });
  const closeSockets = mountWebSocket({ server: listener.server, path: '/graphql', protocol, turns, hosts, log });
  const drain = new Drain({ server: listener.server, closeSockets });
  const draining = () => drain.draining;
  const { http, open: admit } = await createHttp({
    listener,
    log,
    trust,
    corsOrigins: config.sandbox && config.corsOrigins.length === 0 ? [ANY_LOOPBACK] : config.corsOrigins,
    hosts,
    turns,
    ownerOf: (headers, address) => contexts.owner(headers.authorization, address),
    limited,
    draining,
  });
  const { demo } = options;
  const waitingFor = () => (demo && !demo.isConnected() ? 'the demo accounts are being connected' : null);
  mountHealth(http, { ping: () => db.ping(), pendingMigrations: () => pendingMigrations(db), draining, waitingFor });
  closers.push(await mountGraphql(http, { schema, contexts, gate, introspections, introspection, log }));
  mountCallback(http, callback);
  mountDownloads(http, downloads);
  await mountUpload(http, { uploads, authenticate: (token) => contexts.principal(token) });
  await mountWebhooks(http, webhooks, publicUrl);
  if (config.graphiql) await mountPage(http, { sandbox: demo !== undefined });
  if (demo) {
    const signIn = async () => ({ email: demo.user.email, ...(await signIns.signIn(demo.user, '127.0.0.1')) });
    mountSandbox(http, { signIn, controlUrl: demo.controlUrl });
  }
  // Whoever is let in may send.
  await submissionJob.start();
  await admit();

  closers.push(
    () => hub.close(),
    // Each has its own patience, and all of them the same seconds.
    () => Promise.all([poll, prune, watchJob, sync, submissionJob].map((job) => job.stop())),
  );
  watchJob.start();
  poll.start();
  prune.start();
  return { drain, sync };
}

/** A front-end under development runs on some port of this machine; the sandbox lets it in unless CORS_ORIGINS says whom. */
const DAY_MS = 86_400_000;
const ANY_LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;
