import { setTimeout as delay } from 'node:timers/promises';
import { tokenOf } from '../../sandbox/consent.ts';
import { Client } from '../lab/client.ts';
import { inboxPage, MAILBOXES, variedInboxPage } from '../pages.ts';
import { Child } from '../process/child.ts';
import { ACCOUNTS } from './mail.ts';
import { NUMBER, type Order } from './order.ts';

type Asked = Pick<Order, 'url' | 'headers' | 'body' | 'status'>;

/** A server under load: its process, and the request for the page. */
export interface Server {
  readonly name: string;
  readonly child: Child;
  order(page?: string): Asked;
}

const PAGE = inboxPage(MAILBOXES);
const VARIED_BODY = JSON.stringify({ query: variedInboxPage(MAILBOXES), variables: { unused: NUMBER } });

/** The same server, asked for the same page in requests of which each is new. */
export const varied = (server: Server): Server => ({
  ...server,
  order: () => ({ ...server.order(), body: VARIED_BODY }),
});

/**
 * The same server, asked by GET for a page that the client has. The name says whether the server gave the client an ETag to
 * ask with.
 */
export async function revalidated(server: Server): Promise<Server> {
  const { url, headers: all } = server.order();
  const { 'content-type': _, ...headers } = all;
  const page = `${url}?query=${encodeURIComponent(PAGE)}`;
  const answer = await fetch(page, { headers });
  const text = await answer.text();
  if (!answer.ok || text.includes('"errors"')) throw new Error(`GET was answered with ${text.slice(0, 200)}`);
  const etag = answer.headers.get('etag');
  const asked: Asked = etag
    ? { url: page, headers: { ...headers, 'if-none-match': etag }, body: null, status: 304 }
    : { url: page, headers, body: null };
  return { ...server, name: etag ? 'GET with If-None-Match' : 'GET, as no ETag came', order: () => asked };
}

/** Starts the gateway with a user whose accounts are connected. `settings` are those of `postern.process.ts`. */
export async function startPostern(
  settings: NodeJS.ProcessEnv = {},
  accounts: typeof ACCOUNTS = ACCOUNTS,
): Promise<Server & { readonly client: Client }> {
  const child = await Child.start('warm/postern.process.ts', settings);
  const client = await Client.register(child.url);
  for (const account of accounts) {
    const { provider, address } = account;
    await client.connect({ provider, address }, async (url) => tokenOf(await fetch(url)));
  }
  await untilLive(client);
  return {
    name: 'Postern',
    child,
    client,
    order: (page = PAGE) => ({
      url: client.graphqlUrl,
      headers: client.headers,
      body: JSON.stringify({ query: page }),
    }),
  };
}

const LIVE_TIMEOUT_MS = 30_000;

/** Waits until nothing that was read is asked for again: a kept page of an account that is not live is not trusted. */
async function untilLive(client: Client): Promise<void> {
  const endsAt = performance.now() + LIVE_TIMEOUT_MS;
  for (;;) {
    const { viewer } = await client.query<{ viewer: { integrations: { sync: { live: boolean } }[] } }>(
      '{ viewer { integrations { sync { live } } } }',
    );
    if (viewer.integrations.every(({ sync }) => sync.live)) return;
    if (performance.now() > endsAt) throw new Error('the accounts in memory did not become live');
    await delay(100);
  }
}

export async function startPeer(name: string, module: string, ...args: string[]): Promise<Server> {
  const child = await Child.start(`warm/${module}`, {}, args);
  return {
    name,
    child,
    order: (page = PAGE) => ({
      url: `${child.url}/graphql`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: page }),
    }),
  };
}

/** Throws unless all servers answer with the same messages. Ids and cursors may differ. */
export async function checkSamePage(servers: readonly Server[]): Promise<void> {
  const pages = await Promise.all(
    servers.map(async (server) => {
      const { url, headers, body } = server.order();
      const text = await (await fetch(url, { method: 'POST', headers, body })).text();
      return text.trimEnd().replace(/"(id|endCursor)":"[^"]*"/g, '"$1":""');
    }),
  );
  const [first = ''] = pages;
  const odd = pages.findIndex((page) => page !== first);
  if (odd < 0) return;
  const page = pages[odd] ?? '';
  const at = Math.max(0, [...first].findIndex((letter, index) => letter !== page[index]) - 40);
  const [shown, other] = [first.slice(at, at + 200), page.slice(at, at + 200)];
  throw new Error(`${servers[odd]?.name} answers with another page than ${servers[0]?.name}:\n${other}\n${shown}`);
}
