import type { Socket } from 'node:net';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import { requirePrincipal } from '../../../src/graphql/caller.ts';
import type { Context } from '../../../src/graphql/context.ts';
import { OperationPath } from '../../../src/graphql/operation/operation-path.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import { storeBudget, withStoreBudget } from '../../../src/platform/database/store/store.budget.ts';
import { createLog } from '../../../src/platform/log.ts';
import type { DoorTools } from '../../../src/server/door.ts';
import { Contexts } from '../../../src/server/http/contexts.ts';
import { createHttp } from '../../../src/server/http/http.ts';
import { openListener } from '../../../src/server/http/listener.ts';
import {
  OPERATION_QUEUE_LIMITS,
  type OperationQueueLimits,
} from '../../../src/server/operation-queue/operation-queue.limits.ts';
import { OperationQueue } from '../../../src/server/operation-queue/operation-queue.ts';
import { unreadBytes } from '../../../src/server/operation-queue/unread.ts';
import { mountGraphql, type RequestHandler } from '../../../src/server/routes/graphql.route.ts';
import { Connections } from '../../../src/server/socket/connections.ts';
import { createSocketProtocol } from '../../../src/server/socket/socket-protocol.ts';
import { mountWebSocket } from '../../../src/server/socket/websocket.ts';
import { type EventStreamTimes, eventStreams } from '../../../src/server/sse/event-stream.door.ts';

export const MEGABYTE = 2 ** 20;

/** Serves a small schema, with answers as large as a test likes, over the real HTTP and WebSocket servers. A token is the name of its user. */
export async function startSmallGateway(limits: Partial<OperationQueueLimits> = {}, streamTimes?: EventStreamTimes) {
  const schema = buildSchema(`
    type Query {
      big(name: String!): String  hang: String  late: String  lateBig: String  small: String
      "The user's id." me: String  broken: String  double(n: Int!): Int
    }
    type Mutation { count: Int }
    type Counted { cursor: String  n: Int  large: String  broken: String }
    type Subscription {
      events: String  brokenEvents: Query  waits: String  opens: String  fails: String
      "The numbers after one, up to another. Without a last one it waits after three."
      counted(after: String, until: Int): Counted
    }
  `);
  const served: Socket[] = [];
  const counts = {
    started: 0,
    pulled: 0,
    hanging: 0,
    hungUp: 0,
    peakBytes: 0,
    mutations: 0,
    opened: 0,
    left: 0,
    budgeted: 0,
  };
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const buffered = () => served.reduce((sum, socket) => sum + (socket.destroyed ? 0 : unreadBytes(socket)), 0);
  const noticePeak = () => {
    counts.peakBytes = Math.max(counts.peakBytes, buffered());
  };
  const query = (schema.getQueryType() as GraphQLObjectType).getFields();
  const subscription = (schema.getSubscriptionType() as GraphQLObjectType).getFields();
  Object.assign(query.big ?? {}, {
    resolve: async (_: unknown, { name }: { name: string }) => {
      counts.started++;
      await new Promise(setImmediate);
      noticePeak();
      return `${name} ${'x'.repeat(MEGABYTE)}`;
    },
  });
  Object.assign(query.small ?? {}, { resolve: () => 'small' });
  Object.assign(query.me ?? {}, {
    resolve: (_: unknown, _args: object, context: Context) => requirePrincipal(context).userId,
  });
  Object.assign(query.double ?? {}, { resolve: (_: unknown, { n }: { n: number }) => 2 * n });
  Object.assign(query.broken ?? {}, {
    resolve: () => {
      throw new Error('a secret of ours');
    },
  });
  Object.assign((schema.getMutationType() as GraphQLObjectType).getFields().count ?? {}, {
    resolve: () => ++counts.mutations,
  });
  Object.assign(query.hang ?? {}, {
    resolve: () => {
      counts.hanging++;
      return new Promise(() => {});
    },
  });
  const late = (answer: string) => async () => {
    counts.hanging++;
    await held;
    noticePeak();
    return answer;
  };
  Object.assign(query.late ?? {}, { resolve: late('late') });
  Object.assign(query.lateBig ?? {}, {
    resolve: late('x'.repeat(MEGABYTE)),
    extensions: { valueBytes: MEGABYTE },
  });
  Object.assign(subscription.events ?? {}, {
    resolve: (event: number) => `${event} ${'x'.repeat(MEGABYTE)}`,
    async *subscribe() {
      for (;;) {
        noticePeak();
        yield counts.pulled++;
      }
    },
  });

  /** Counts a source as open until its signal aborts. */
  const untilLeft = async ({ signal }: Context) => {
    counts.opened++;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    counts.left++;
  };
  Object.assign(subscription.waits ?? {}, {
    async *subscribe(_: unknown, _args: object, context: Context) {
      await untilLeft(context);
      yield* [] as string[];
    },
  });
  Object.assign(subscription.opens ?? {}, {
    subscribe: async (_: unknown, _args: object, context: Context) => {
      await untilLeft(context);
      throw new Error('cancelled');
    },
  });
  Object.assign(subscription.counted ?? {}, {
    async *subscribe(_: unknown, { after, until }: { after?: string; until?: number }, context: Context) {
      const first = Number(after ?? 0) + 1;
      for (let n = first; n <= (until ?? first + 2); n++) {
        counts.pulled++;
        if (storeBudget()?.leftMs != null) counts.budgeted++;
        yield { counted: { cursor: `c${n}`, n }, cursor: String(n) };
      }
      if (until === undefined) await untilLeft(context);
    },
  });
  Object.assign(subscription.fails ?? {}, {
    // biome-ignore lint/correctness/useYield: this source fails before its first event
    async *subscribe() {
      throw new Error('a secret of ours');
    },
  });
  const counted = (schema.getType('Counted') as GraphQLObjectType).getFields();
  Object.assign(counted.large ?? {}, { resolve: () => 'x'.repeat(MEGABYTE) });
  Object.assign(counted.broken ?? {}, {
    resolve: () => {
      throw new Error('a secret of ours');
    },
  });
  Object.assign(subscription.brokenEvents ?? {}, {
    async *subscribe() {
      yield { brokenEvents: {} };
    },
  });

  const log = createLog('silent');
  const operationQueue = new OperationQueue({ ...OPERATION_QUEUE_LIMITS, ...limits });
  const contexts = new Contexts(
    async (token) => ({
      userId: token,
      kind: 'session',
      scopes: [],
      sessionId: token,
      expiresAt: new Date(Date.now() + 3_600_000),
    }),
    log,
  );
  const listener = await openListener('127.0.0.1', 0);
  listener.server.on('connection', (socket: Socket) => served.push(socket));
  const connections = new Connections();
  // This gateway has no store, but each request has the budget of one.
  const limited: Database['limited'] = (work) => withStoreBudget(1_000, work);
  const path = await OperationPath.open({ schema, introspection: true, log });
  const handlers: RequestHandler[] = [];
  const overHttp = (handler: RequestHandler) => void handlers.push(handler);
  const tools: DoorTools = { path, contexts, connections, operationQueue, limited, log, overHttp };
  const streams = eventStreams(streamTimes)(tools);
  const protocol = createSocketProtocol({ ...tools, trust: false });
  const watched: Pick<OperationQueue, 'onStalled' | 'drained'> = {
    drained: (socket) => operationQueue.drained(socket),
    onStalled: (socket, hangUp) =>
      operationQueue.onStalled(socket, () => {
        counts.hungUp++;
        hangUp();
      }),
  };
  const closeSockets = mountWebSocket({
    server: listener.server,
    path: '/graphql',
    protocol,
    operationQueue: watched,
    hosts: null,
    log,
  });
  const { http, open } = await createHttp({
    listener,
    log,
    trust: false,
    corsOrigins: [],
    hosts: null,
    operationQueue,
    callerOf: (headers, address) => contexts.caller(headers.authorization, address),
    limited,
    draining: () => false,
  });
  mountGraphql(http, path, contexts, handlers);
  await open();
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    schema,
    path,
    streams,
    /** What a further transport is given. */
    tools,
    counts,
    served,
    operationQueue,
    buffered,
    /** Answers the fields that are waiting. */
    letGo,
    async close() {
      for (const socket of served) socket.destroy();
      await closeSockets();
      await path.close();
      operationQueue.close();
      await new Promise((resolve) => listener.server.close(resolve));
    },
  };
}
