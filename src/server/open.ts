import type { GraphQLSchema } from 'graphql';
import type { Accounts } from '../accounts/open.ts';
import type { Credentials } from '../accounts/users/sign-in.service.ts';
import type { Changes } from '../changes/open.ts';
import type { Context } from '../graphql/context.ts';
import { OperationPath } from '../graphql/operation/operation-path.ts';
import type { Mail } from '../mail/open.ts';
import type { Database } from '../platform/database/database.ts';
import { pendingMigrations } from '../platform/database/migrations.ts';
import type { Platform } from '../platform/open.ts';
import { type AnswerSettings, openAnswers } from './answers/open.ts';
import type { StaleAnswer } from './answers/shadow.ts';
import { type CreateDoor, Doors, type DoorTools } from './door.ts';
import { trustOf } from './http/client-address.ts';
import { Contexts } from './http/contexts.ts';
import { Drain } from './http/drain.ts';
import { HostList } from './http/hosts.ts';
import { createHttp } from './http/http.ts';
import type { Listener } from './http/listener.ts';
import { OPERATION_QUEUE_LIMITS } from './operation-queue/operation-queue.limits.ts';
import { OperationQueue } from './operation-queue/operation-queue.ts';
import { mountDownloads } from './routes/downloads.route.ts';
import { mountGraphql, type RequestHandler } from './routes/graphql.route.ts';
import { mountHealth } from './routes/health.route.ts';
import { mountPage } from './routes/page.route.ts';
import { mountCallback, mountWebhooks } from './routes/provider.routes.ts';
import { mountSandbox } from './routes/sandbox.route.ts';
import { mountUpload } from './routes/upload.route.ts';
import { Connections } from './socket/connections.ts';
import { createSocketProtocol } from './socket/socket-protocol.ts';
import { mountWebSocket } from './socket/websocket.ts';
import { type EventStreamTimes, eventStreams } from './sse/event-stream.door.ts';

interface ServerSettings extends AnswerSettings {
  readonly trustProxy: readonly string[] | number | false;
  readonly corsOrigins: readonly string[];
  readonly graphiql: boolean;
  readonly introspection: boolean;
  readonly socketMaxBufferedBytes: number;
  readonly userMaxBufferedBytes: number;
  /** Null with real providers. In the sandbox only requests for the names of this machine are answered. */
  readonly sandbox: object | null;
}

/** The user who is signed in on the page of the sandbox. */
export interface Demo {
  readonly user: Credentials;
  readonly controlUrl: string;
  isConnected(): boolean;
}

interface ServerOptions {
  readonly settings: ServerSettings;
  readonly listener: Listener;
  readonly publicUrl: string;
  readonly schema: GraphQLSchema;
  readonly demo?: Demo | undefined;
  /** The intervals of event streams. Default: those of production. */
  readonly streamTimes?: EventStreamTimes | undefined;
  /** False: graphql-ws sends the events of subscriptions. Default: true. */
  readonly pushesEvents?: boolean | undefined;
  /** Called with each stale answer that is found with KEPT_ANSWERS=shadow. */
  readonly onStaleAnswer?: ((answer: StaleAnswer) => void) | undefined;
  /** Further transports. */
  readonly doors?: readonly CreateDoor[] | undefined;
}

/**
 * A front-end under development runs on some port of this machine. The sandbox allows it unless CORS_ORIGINS is set.
 */
const ANY_LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Opens everything that listens. Requests are answered only after `admit`. */
export async function openServer(
  platform: Platform,
  { authenticators, signIns, callback, revisions }: Accounts,
  { webhooks }: Changes,
  { downloads, uploads }: Mail,
  {
    settings,
    listener,
    publicUrl,
    schema,
    demo,
    streamTimes,
    pushesEvents,
    onStaleAnswer,
    doors: further = [],
  }: ServerOptions,
) {
  const { db, log, closers } = platform;
  const contexts = new Contexts((credential, request) => authenticators.authenticate(credential, request), log);
  const connections = new Connections();
  closers.push(authenticators.onEnded((credentialId) => connections.credentialEnded(credentialId)));
  const limited: Database['limited'] = (work, options) => db.limited(work, options);
  // Users read their own writes at once, also where a mutation has written before it ends.
  const mutating = ({ principal }: Context) => {
    const changed = () => principal && revisions.changed(principal.userId);
    changed();
    return changed;
  };
  const path = await OperationPath.open({ schema, introspection: settings.introspection, log, mutating });
  closers.push(() => path.close());
  const hosts = settings.sandbox ? new HostList(publicUrl) : null;
  const trust = trustOf(settings.trustProxy);
  const { socketMaxBufferedBytes: socketBytes, userMaxBufferedBytes: userBytes } = settings;
  const operationQueue = new OperationQueue({ ...OPERATION_QUEUE_LIMITS, socketBytes, userBytes });
  closers.push(() => operationQueue.close());
  const handlers: RequestHandler[] = [];
  const overHttp = (handler: RequestHandler) => void handlers.push(handler);
  const tools: DoorTools = { path, contexts, connections, operationQueue, limited, log, overHttp };
  // A new transport needs one line here.
  const doors = new Doors(
    [eventStreams(streamTimes), ...further].map((create) => create(tools)),
    log,
  );
  closers.push(() => doors.close());
  const protocol = createSocketProtocol({ ...tools, trust, pushesEvents });
  const closeSockets = mountWebSocket({
    server: listener.server,
    path: '/graphql',
    protocol,
    operationQueue,
    hosts,
    log,
  });
  const drain = new Drain({
    server: listener.server,
    closeDoors: () => Promise.all([closeSockets(), doors.close()]),
  });
  const draining = () => drain.draining;
  const { http, open: serve } = await createHttp({
    listener,
    log,
    trust,
    corsOrigins: settings.sandbox && settings.corsOrigins.length === 0 ? [ANY_LOOPBACK] : settings.corsOrigins,
    hosts,
    operationQueue,
    callerOf: (headers, address) => contexts.caller(headers.authorization, address),
    limited,
    draining,
  });
  const waitingFor = () => (demo && !demo.isConnected() ? 'the demo accounts are being connected' : null);
  mountHealth(http, { ping: () => db.ping(), pendingMigrations: () => pendingMigrations(db), draining, waitingFor });
  const { answers, settled } = openAnswers(platform, { settings, schema, revisions, onStale: onStaleAnswer });
  mountGraphql(http, path, contexts, handlers, answers);
  mountCallback(http, callback);
  mountDownloads(http, downloads);
  await mountUpload(http, { uploads, authenticate: (token, address) => contexts.principal(token, address) });
  await mountWebhooks(http, webhooks, publicUrl);
  if (settings.graphiql) await mountPage(http, { sandbox: demo !== undefined });
  if (demo) {
    const signIn = async () => ({ email: demo.user.email, ...(await signIns.signIn(demo.user, '127.0.0.1')) });
    mountSandbox(http, { signIn, controlUrl: demo.controlUrl });
  }
  const admit = async () => {
    await doors.open();
    await serve();
  };
  return { drain, admit, settled };
}
