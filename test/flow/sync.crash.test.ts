import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connectDemo } from '../../sandbox/demo.ts';
import { graphql } from '../generated/gql.ts';
import type { SetFault } from '../support/app/app.ts';
import { type Cluster, startCluster } from '../support/app/cluster.ts';
import { Follower } from '../support/clients/follower.ts';
import { Client } from '../support/clients/load.ts';

const SYNC = graphql(`{ viewer { integrations { id sync { cursor lastReconciledAt } } } }`);
const LIVE = graphql(
  `subscription ($after: Cursor, $integration: ID!) { messageReceived(after: $after, integrations: [$integration]) { cursor message { subject } } }`,
);
/** Each vendor with the requests by which the gateway asks for changes. A read of all folders may already be due at Outlook. */
const VENDORS = [
  ['google', 'demo@gmail.example', ['history.list']],
  ['microsoft', 'demo@outlook.example', ['GET /me/messages/{id}', 'GET /me/mailFolders/{id}/messages/delta']],
] as const;

let cluster: Cluster;
let token: string;
beforeAll(async () => {
  cluster = await startCluster();
  ({ accessToken: token } = await connectDemo({ gatewayUrl: cluster.url }));
  const synchronised = async () => {
    const { integrations } = (await new Client(cluster.url, token).query(SYNC)).viewer;
    expect(integrations.every(({ sync }) => sync.lastReconciledAt !== null)).toBe(true);
  };
  await vi.waitFor(synchronised, { timeout: 150_000, interval: 100 });
});
afterAll(() => cluster?.close());

async function control(path: string, body?: object, method = 'POST') {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${cluster.sandbox.controlUrl}${path}`, { method, ...(body && json) });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as unknown;
}
/** Returns whether a request for changes has arrived and is not answered. */
const hangs = async (vendor: string): Promise<boolean> =>
  ((await control('/faults', undefined, 'GET')) as SetFault[]).some(
    ({ fault, met }) => fault.vendor === vendor && met > 0,
  );

it('sends events for mail that was announced to an instance which is killed before it has read it', async () => {
  const { integrations } = (await new Client(cluster.url, token).query(SYNC)).viewer;
  for (const [vendor, , operations] of VENDORS)
    for (const operation of operations) await control('/faults', { vendor, operation, hang: 'release' });
  await cluster.kill(async () => {
    for (const [vendor, account] of VENDORS) {
      await control('/deliver', { vendor, account, from: 'a@example.org', subject: `to ${account}`, text: 'x' });
      await expect.poll(() => cluster.sandbox.hasNotified()).toBe(true);
      await expect.poll(() => hangs(vendor)).toBe(true);
    }
  });
  await control('/faults', undefined, 'DELETE');
  // Each account is followed from its own cursor: an account that a cursor does not include begins at the end of its
  // log.
  const followers = integrations.map(
    ({ id, sync }) => new Follower(cluster.url, token, LIVE, { integration: id, after: sync.cursor }),
  );
  const received = () => followers.flatMap(({ events }) => events.map(({ message }) => message?.subject)).sort();
  // Another instance takes over what has been due for six seconds without a heartbeat, and looks for that every three.
  await expect.poll(received, { timeout: 60_000 }).toEqual(VENDORS.map(([, account]) => `to ${account}`));
  for (const follower of followers) {
    await follower.end();
    expect(follower.failures).toEqual([]);
  }
});
