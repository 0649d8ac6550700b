import type { Socket } from 'node:net';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import { Introspections } from '../../src/graphql/operation/introspections.ts';
import { QueryGate } from '../../src/graphql/operation/query-gate.ts';
import type { Database } from '../../src/platform/database.ts';
import { createLog } from '../../src/platform/log.ts';
import { Contexts } from '../../src/server/contexts.ts';
import { createHttp } from '../../src/server/http/http.ts';
import { openListener } from '../../src/server/listener.ts';
import { mountGraphql } from '../../src/server/routes/graphql.route.ts';
import { Connections } from '../../src/server/socket/connections.ts';
import { createSocketProtocol } from '../../src/server/socket/socket-protocol.ts';
import { mountWebSocket } from '../../src/server/socket/websocket.ts';
import { TURN_LIMITS, type TurnLimits } from '../../src/server/turns/turn.limits.ts';
import { Turns } from '../../src/server/turns/turns.ts';
import { unreadBytes } from '../../src/server/turns/unread.ts';

export const MEGABYTE = 2 ** 20;

/** The real doors, over HTTP and WebSocket, before a schema whose answers are as large as a test likes. A token is its user's name. */
export async function startSmallGateway(limits: Partial<TurnLimits> = {}) {
  const schema = buildSchema(`
    type Query { big(name: String!): String  hang: String  late: String  lateBig: String  small: String }
    type Subscription { events: String }
  `);
  const served: Socket[] = [];
  const counts = { started: 0, pulled: 0, hanging: 0, hungUp: 0, peakBytes: 0 };
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

  const log = createLog('silent');
  const turns = new Turns({ ...TURN_LIMITS, ...limits });
  const gate = new QueryGate();
  const contexts = new Contexts(
    (token) => ({ userId: token, sessionId: token, expiresAt: new Date(Date.now() + 3_600_000) }),
    log,
  );
  const listener = await openListener('127.0.0.1', 0);
  listener.server.on('connection', (socket: Socket) => served.push(socket));
  const connections = new Connections();
  // There is no store to wait for.
  const limited: Database['limited'] = (work) => work(() => {});
  const options = {
    schema,
    contexts,
    connections,
    gate,
    turns,
    introspections: new Introspections(schema),
    introspection: true,
    log,
  };
  const protocol = createSocketProtocol({ ...options, trust: false, limited });
  const watched: Pick<Turns, 'onStalled' | 'drained'> = {
    drained: (socket) => turns.drained(socket),
    onStalled: (socket, hangUp) =>
      turns.onStalled(socket, () => {
        counts.hungUp++;
        hangUp();
      }),
  };
  const path = '/graphql';
  const closeSockets = mountWebSocket({ server: listener.server, path, protocol, turns: watched, hosts: null, log });
  const { http, open } = await createHttp({
    listener,
    log,
    trust: false,
    corsOrigins: [],
    hosts: null,
    turns,
    ownerOf: (headers, address) => contexts.owner(headers.authorization, address),
    limited,
    draining: () => false,
  });
  const stop = await mountGraphql(http, options);
  await open();
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    counts,
    served,
    turns,
    buffered,
    /** Lets what is late end. */
    letGo,
    async close() {
      for (const socket of served) socket.destroy();
      await closeSockets();
      await stop();
      turns.close();
      await new Promise((resolve) => listener.server.close(resolve));
    },
  };
}
