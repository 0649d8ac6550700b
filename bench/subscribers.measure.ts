import { beside, type Measure, type Row } from './measure.ts';
import { interleaved, median } from './rounds.ts';
import {
  type Broadcaster,
  CONNECTIONS,
  everyUser,
  startBroadcast,
  startPostern,
  USERS,
} from './subscribers/broadcasters.ts';

const ROUNDS = 5;
const KB = 1_000;

/**
 * What it takes to send one event to many subscribers, beside a server that only writes the same bytes to as many connections, and
 * beside the same gateway where graphql-ws writes each message. The gateway leaves to it only the beginning of a subscription.
 * Each user has one mailbox, and all subscriptions of a user are equal. The mails of the users arrive one after the other, so
 * that the time from the first to the last subscriber has nothing of the sync in it.
 */
export const subscribers: Measure = {
  name: 'subscribers',
  question: `What does an event cost whose ${USERS} users have many subscribers?`,
  async run() {
    const rows: Row[] = [];
    for (const operations of [1, 5]) rows.push(...(await compare(operations)));
    return rows;
  },
};

async function compare(operations: number): Promise<Row[]> {
  const postern = await startPostern(operations);
  const unpushed = await startPostern(operations, { pushesEvents: false });
  const [text] = await everyUser(postern, operations);
  const ws = await startBroadcast(operations, text?.text ?? '');
  const all = [postern, unpushed, ws];
  const rounds = await interleaved(all, ROUNDS, async (server) => {
    const before = (await server.child.ask('usage')).cpuMs;
    const arrivals = await everyUser(server, operations);
    const spread = arrivals.reduce((sum, { firstAt, lastAt }) => sum + lastAt - firstAt, 0);
    return { spread, cpu: (await server.child.ask('usage')).cpuMs - before };
  });
  for (const { child, listeners } of all) {
    listeners.stop();
    await child.stop();
  }
  const of = (server: Broadcaster, kind: 'spread' | 'cpu') =>
    median((rounds.get(server) ?? []).map((round) => round[kind]));
  const many = (USERS * CONNECTIONS * operations).toLocaleString('en-US');
  const what = 'ws, the same bytes';
  const spread = { what, value: of(ws, 'spread') };
  const heap = { what, value: ws.heap / KB };
  return [
    beside(`${many} subscribers: from the first to the last`, of(postern, 'spread'), 'ms', spread, {
      of: 'ratio',
      max: 1.5,
    }),
    beside(`${many}: the same, sent by graphql-ws`, of(unpushed, 'spread'), 'ms', spread),
    beside(`${many}: CPU time, the sync included`, of(postern, 'cpu'), 'ms', { what, value: of(ws, 'cpu') }),
    beside(`${many}: memory of each on the heap`, postern.heap / KB, 'kB', heap, { of: 'ratio', max: 2 }),
    beside(`${many}: the same, sent by graphql-ws`, unpushed.heap / KB, 'kB', heap),
    beside(`${many}: resident memory of each`, postern.rss / KB, 'kB', { what, value: ws.rss / KB }),
  ];
}
