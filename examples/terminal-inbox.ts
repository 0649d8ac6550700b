// A terminal inbox: shows the newest mail of all accounts, then new mail as it arrives, with the graphql-ws client.
// Start the sandbox (npm start), then in a second terminal: npm run example:terminal
// POSTERN_URL names another gateway. After a lost connection it continues after the last event that it received: nothing is missed.

import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { LiveMailSubscription, NewestMailQuery } from './generated/graphql.ts';
import { POSTERN_URL, signIn } from './session.ts';

const NEWEST_MAIL = /* GraphQL */ `
  query NewestMail {
    viewer {
      messages(first: 10, filter: { role: INBOX }) {
        nodes { receivedAt subject from { name address } integration { provider { name } } }
        sources { integration { address } problem { message } }
      }
    }
  }
`;
const LIVE_MAIL = /* GraphQL */ `
  subscription LiveMail($after: Cursor) {
    messageReceived(after: $after) {
      cursor
      message { receivedAt subject from { name address } integration { provider { name } } }
    }
  }
`;

type Mail = NonNullable<LiveMailSubscription['messageReceived']['message']>;

const url = process.env.POSTERN_URL ?? POSTERN_URL;
const token = signIn(url);
const client = createClient({
  url: `${url.replace(/^http/, 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
  // follow() subscribes again itself, with the last cursor.
  retryAttempts: 0,
});
process.once('SIGINT', () => process.exit(0));

await showNewest();
await follow();

async function showNewest(): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await token()}` },
    body: JSON.stringify({ query: NEWEST_MAIL }),
  });
  const { data, errors } = (await response.json()) as { data?: NewestMailQuery; errors?: { message: string }[] };
  if (!data) throw new Error(errors?.[0]?.message ?? `HTTP ${response.status}`);
  const { nodes, sources } = data.viewer.messages;
  for (const mail of nodes.toReversed()) if (mail) console.log(line(mail));
  for (const { integration, problem } of sources)
    if (problem) console.log(`${integration.address}: ${problem.message}`);
}

async function follow(): Promise<void> {
  let after: string | null = null;
  for (;;) {
    console.log('-- waiting for new mail; Ctrl-C ends --');
    try {
      for await (const { data, errors } of client.iterate<LiveMailSubscription>({
        query: LIVE_MAIL,
        variables: { after },
      })) {
        if (!data) throw new Error(errors?.[0]?.message);
        after = data.messageReceived.cursor;
        if (data.messageReceived.message) console.log(line(data.messageReceived.message));
      }
    } catch (error) {
      // GraphQL errors come as an array. A cursor of another gateway or another user, or one before a gap in the log, would be
      // refused each time: forget it.
      const [refusal] = Array.isArray(error) ? error : [];
      if (['BAD_USER_INPUT', 'CONFLICT'].includes(refusal?.extensions?.code)) after = null;
      console.log(
        `-- the connection is lost (${refusal?.message ?? (error instanceof Error ? error.message : 'closed')}) --`,
      );
    }
    await sleep(1_000);
  }
}

function line({ receivedAt, subject, from, integration }: Mail): string {
  const columns = [
    new Date(receivedAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }),
    integration.provider.name.padEnd(10),
    (from?.name ?? from?.address ?? '').slice(0, 24).padEnd(24),
    subject,
  ];
  // A mail can contain anything, including escape sequences for terminals.
  return columns.join('  ').replace(/\p{C}/gu, '');
}
