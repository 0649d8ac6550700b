import { tokenOf } from '../../sandbox/consent.ts';
import { Client } from '../lab/client.ts';
import { inboxPage, MAILBOXES } from '../pages.ts';
import { Child } from '../process/child.ts';
import type { Order } from './load.process.ts';
import { ACCOUNTS } from './mail.ts';

const PAGE = inboxPage(MAILBOXES);

/** A server under load: its process, and the request for the page. */
export interface Server {
  readonly name: string;
  readonly child: Child;
  order(page?: string): Pick<Order, 'url' | 'headers' | 'body'>;
}

/** Starts the gateway with a user whose accounts are connected. */
export async function startPostern(): Promise<Server> {
  const child = await Child.start('warm/postern.process.ts');
  const client = await Client.register(child.url);
  for (const account of ACCOUNTS) {
    const { provider, address } = account;
    await client.connect({ provider, address }, async (url) => tokenOf(await fetch(url)));
  }
  return {
    name: 'Postern',
    child,
    order: (page = PAGE) => ({
      url: client.graphqlUrl,
      headers: client.headers,
      body: JSON.stringify({ query: page }),
    }),
  };
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
