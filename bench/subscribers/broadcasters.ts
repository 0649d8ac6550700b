import { setTimeout as sleep } from 'node:timers/promises';
import { tokenOf } from '../../sandbox/consent.ts';
import { Client } from '../lab/client.ts';
import { Child } from '../process/child.ts';
import type { Opening } from './listeners.process.ts';
import { Listeners } from './listeners.ts';

export const USERS = 20;
/** As many connections as one user may have. Each has the same number of subscriptions. */
export const CONNECTIONS = 100;
/** The connections of each user that are open before memory is measured, so that what is compiled and cached once does not count. */
const FIRST_CONNECTIONS = 20;

const DOCUMENT = `subscription { messageReceived(role: null) { cursor messageId
  message { id subject snippet receivedAt isRead from { name address } mailboxes { name } } } }`;

/** A server with its subscribers. */
export interface Broadcaster {
  readonly child: Child;
  readonly listeners: Listeners;
  /** Bytes for each further subscriber. */
  readonly heap: number;
  readonly rss: number;
}

/** One mail for each user, one after the other. */
export async function everyUser(
  { child, listeners }: Pick<Broadcaster, 'child' | 'listeners'>,
  operations: number,
  connections = CONNECTIONS,
) {
  const arrivals = [];
  for (let n = 0; n < USERS; n++)
    arrivals.push(await listeners.receive(connections * operations, () => child.ask('deliver')));
  return arrivals;
}

/** `pushesEvents`: see AppOptions. */
export async function startPostern(operations: number, { pushesEvents = true } = {}): Promise<Broadcaster> {
  const child = await Child.start('subscribers/gateway.process.ts', {
    BENCH_PUSHES_EVENTS: pushesEvents ? 'yes' : 'no',
  });
  const openings: Opened[] = [];
  for (let n = 0; n < USERS; n++) {
    const client = await Client.register(child.url);
    await client.connect({ provider: 'GMAIL', address: `${n}@gmail.example` }, async (url) =>
      tokenOf(await fetch(url)),
    );
    const { authorization } = client.headers;
    openings.push({
      ...addressOf(child.url),
      path: '/graphql',
      protocol: 'graphql-transport-ws',
      greetings: [
        JSON.stringify({ type: 'connection_init', payload: { authorization } }),
        ...Array.from({ length: operations }, (_, id) =>
          JSON.stringify({ id: `${id}`, type: 'subscribe', payload: { query: DOCUMENT } }),
        ),
      ],
    });
  }
  return opened(child, openings, operations);
}

export async function startBroadcast(operations: number, text: string): Promise<Broadcaster> {
  const env = { MESSAGE: text, OPERATIONS: String(operations) };
  const child = await Child.start('subscribers/broadcast.process.ts', env);
  const openings = Array.from({ length: USERS }, (_, n): Opened => {
    return { ...addressOf(child.url), path: `/${n}`, protocol: null, greetings: [] };
  });
  return opened(child, openings, operations);
}

type Opened = Omit<Opening, 'connections'>;

/** Opens the connections, and warms up until the server has been compiled. */
async function opened(child: Child, openings: readonly Opened[], operations: number): Promise<Broadcaster> {
  const listeners = new Listeners();
  const open = async (connections: number) => {
    await listeners.open(openings.map((opening) => ({ ...opening, connections })));
    // Subscriptions are not acknowledged.
    await sleep(2_000);
  };
  await open(FIRST_CONNECTIONS);
  for (let n = 0; n < 3; n++) await everyUser({ child, listeners }, operations, FIRST_CONNECTIONS);
  const before = await memoryOf(child);
  const further = CONNECTIONS - FIRST_CONNECTIONS;
  await open(further);
  for (let n = 0; n < 2; n++) await everyUser({ child, listeners }, operations);
  const after = await memoryOf(child);
  const count = USERS * further * operations;
  return { child, listeners, heap: (after.heap - before.heap) / count, rss: (after.rss - before.rss) / count };
}

async function memoryOf(child: Child) {
  // The second collection frees what the first one finalises.
  await child.ask('heap');
  return { heap: await child.ask('heap'), rss: (await child.ask('usage')).rssBytes };
}

function addressOf(url: string): Pick<Opening, 'host' | 'port'> {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
