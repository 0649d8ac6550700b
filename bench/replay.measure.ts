import { once } from 'node:events';
import pg from 'pg';
import { WebSocket } from 'ws';
import { createTestDatabaseUrl } from '../test/support/app/database-url.ts';
import type { Client } from './lab/client.ts';
import { beside, type Measure } from './measure.ts';
import { interleaved, median } from './rounds.ts';
import { ACCOUNTS } from './warm/mail.ts';
import { startPostern } from './warm/server.ts';

const ENTRIES = 100_000;
const ROUNDS = 3;
/** The number of rows in one query of the reader without a gateway. */
const ROWS_AT_ONCE = 1_000;

const EVENTS = `subscription ($after: Cursor) { mailEvents(after: $after) {
  __typename cursor integration { id } at ... on MessageDeleted { messageId }
} }`;

/**
 * How fast a client that was away gets what it missed: over WebSocket, from a log of deletions, which need no message to be
 * read. It needs the PostgreSQL server that TEST_DATABASE_URL names, and makes a database of its own there.
 */
export const replay: Measure = {
  name: 'replay',
  question: `How fast is a log of ${ENTRIES.toLocaleString('en-US')} entries replayed?`,
  async run() {
    const database = await createTestDatabaseUrl();
    if (!database) {
      process.stderr.write(' left out: set TEST_DATABASE_URL to a PostgreSQL server');
      return [];
    }
    const postern = await startPostern({ BENCH_DATABASE_URL: database.url }, ACCOUNTS.slice(0, 1));
    const store = new pg.Client({ connectionString: database.url });
    try {
      await store.connect();
      const { viewer } = await postern.client.query<{ viewer: { sync: { cursor: string } } }>(
        '{ viewer { sync { cursor } } }',
      );
      await fill(store);
      const contenders = {
        gateway: () => follow(postern.client, viewer.sync.cursor),
        rows: () => readAll(store),
      };
      const names = Object.keys(contenders) as (keyof typeof contenders)[];
      const seen = await interleaved(names, ROUNDS, async (name) => {
        const began = performance.now();
        await contenders[name]();
        return (ENTRIES * 1_000) / (performance.now() - began);
      });
      const perSecond = (name: keyof typeof contenders) => median(seen.get(name) ?? []);
      const rows = { what: 'reading the rows with pg alone', value: perSecond('rows') };
      return [beside('mailEvents, end to end', perSecond('gateway'), 'events/s', rows, { of: 'ratio', min: 0.5 })];
    } finally {
      await store.end();
      await postern.child.stop();
      await database.drop();
    }
  },
};

/** Appends the entries to the log of the only account. */
async function fill(store: pg.Client): Promise<void> {
  // The gateway may append an entry of its own at the same time.
  await store.query('BEGIN');
  await store.query('SELECT id FROM integrations FOR UPDATE');
  await store.query(
    `INSERT INTO changes (integration_id, sequence, kind, subject)
     SELECT id, sequence + n, 'deleted', 'message-' || n FROM integrations, generate_series(1, $1::int) AS n`,
    [ENTRIES],
  );
  await store.query('UPDATE integrations SET sequence = sequence + $1::int', [ENTRIES]);
  await store.query('COMMIT');
  await store.query('ANALYZE changes');
}

async function readAll(store: pg.Client): Promise<void> {
  let after = '0';
  let count = 0;
  for (;;) {
    const { rows } = await store.query<{ sequence: string }>(
      `SELECT integration_id, sequence, kind, subject, detail, at FROM changes
       WHERE integration_id = (SELECT id FROM integrations) AND sequence > $1 ORDER BY sequence LIMIT ${ROWS_AT_ONCE}`,
      [after],
    );
    count += rows.length;
    after = rows.at(-1)?.sequence ?? after;
    if (rows.length < ROWS_AT_ONCE) break;
  }
  if (count < ENTRIES) throw new Error(`the log has ${count} entries`);
}

/** Receives the events over graphql-transport-ws until all have come. */
async function follow({ graphqlUrl, headers }: Client, after: string): Promise<void> {
  const socket = new WebSocket(graphqlUrl.replace('http', 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  await new Promise<void>((resolve, reject) => {
    let received = 0;
    socket.on('close', (code) => reject(new Error(`the socket was closed with ${code} after ${received} events`)));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as {
        type: string;
        payload?: { errors?: unknown; data?: { mailEvents: { __typename: string } } };
      };
      if (message.type === 'connection_ack')
        return socket.send(
          JSON.stringify({ id: '1', type: 'subscribe', payload: { query: EVENTS, variables: { after } } }),
        );
      if (message.type !== 'next') return;
      if (message.payload?.errors) reject(new Error(JSON.stringify(message.payload)));
      if (message.payload?.data?.mailEvents.__typename === 'MessageDeleted') received++;
      if (received === ENTRIES) resolve();
    });
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: headers.authorization } }));
  });
  socket.terminate();
}
