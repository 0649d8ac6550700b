import { expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp } from '../support/app/app.ts';
import { Trial } from '../support/follower/trial.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

const ADDRESS = 'demo@gmail.example';
const SEED = seedOf();
const CHANGES = 60;
const SYNC = graphql(
  `{ viewer { integrations { id address sync { live proof provedAt missing repaired lastReconciledAt } } } }`,
);
const RECONCILE = graphql(
  `mutation ($id: ID!) { reconcile(input: { integration: $id }) { userErrors { code field } } }`,
);

// 'then' is what every other suite plays.
it.each(['now', 'none'] as const)(
  `copies are exact and a comparison finds nothing, when the messages of a history have the labels of: %s (SEED=${SEED})`,
  async (historyLabels) => {
    const app = await startApp({
      messages: 30,
      historyLabels,
      env: { SYNC_INDEX: 'on' },
      syncTimes: { pollIntervalMs: 300, reconcileTickMs: 50, settleMs: 0, quotaShare: 1 },
    });
    try {
      const sync = async () => {
        const found = (await app.data(SYNC)).viewer.integrations.find(({ address }) => address === ADDRESS);
        if (!found) throw new Error(`${ADDRESS} is not connected`);
        return found;
      };
      await expect.poll(async () => (await sync()).sync.proof, { timeout: 60_000 }).toBe('WHOLE_ACCOUNT');
      const trial = await Trial.begin({
        sandbox: app.sandbox,
        url: () => app.url,
        token: app.token,
        chance: new Chance(SEED),
      });
      try {
        await trial.change(CHANGES);
        await expect.poll(() => trial.differences(), { timeout: 60_000, interval: 200 }).toEqual([]);
        expect(trial.faults()).toEqual([]);
      } finally {
        await trial.end();
      }
      const { id, sync: before } = await sync();
      expect((await app.data(RECONCILE, { id })).reconcile.userErrors).toEqual([]);
      await expect.poll(async () => (await sync()).sync.provedAt, { timeout: 60_000 }).not.toBe(before.provedAt);
      expect((await sync()).sync).toMatchObject({ missing: 0, repaired: 0 });
    } finally {
      await app.close();
    }
  },
  150_000,
);
