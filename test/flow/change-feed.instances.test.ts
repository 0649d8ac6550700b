import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connectDemo } from '../../sandbox/demo.ts';
import { graphql } from '../generated/gql.ts';
import { type Cluster, startCluster } from '../support/app/cluster.ts';
import { Client } from '../support/clients/load.ts';
import { Trial } from '../support/follower/trial.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

const CHANGES = Number(process.env.FOLLOW_CHANGES ?? 40);
const SEED = seedOf();
const SYNC = graphql(`{ viewer { integrations { id sync { lastReconciledAt } } } }`);

let cluster: Cluster;
let trial: Trial;
const chance = new Chance(SEED);
beforeAll(async () => {
  cluster = await startCluster();
  const { accessToken: token } = await connectDemo({ gatewayUrl: cluster.url });
  const synchronised = async () => {
    const { integrations } = (await new Client(cluster.url, token).query(SYNC)).viewer;
    expect(integrations.every(({ sync }) => sync.lastReconciledAt !== null)).toBe(true);
  };
  await vi.waitFor(synchronised, { timeout: 150_000, interval: 100 });
  // Each connects to any instance, so that it finds its cursor on another one than gave it.
  const url = () => (cluster.instances.length > 0 ? chance.one(cluster.instances).url : cluster.url);
  trial = await Trial.begin({ sandbox: cluster.sandbox, url, token, chance });
});
afterAll(async () => {
  await trial?.end();
  await cluster?.close();
});

it(`keeps copies from events alone while instances are killed and replaced (SEED=${SEED})`, async () => {
  const part = Math.min(20, Math.ceil(CHANGES / 4));
  for (let made = 0; made < CHANGES; made += 4 * part) {
    await trial.change(part);
    await cluster.kill(() => trial.change(part));
    await trial.change(part);
    await Promise.all([cluster.replace(), trial.change(part)]);
    for (const follower of trial.followers) follower.cut();
  }
  await expect.poll(() => trial.differences(), { timeout: 60_000, interval: 200 }).toEqual([]);
  expect(trial.faults()).toEqual([]);
}, 3_600_000);
