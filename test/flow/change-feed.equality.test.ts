import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import { Trial } from '../support/follower/trial.ts';
import { Chance, seedOf } from '../support/search-oracle/random.ts';

/** A trial by hand makes thousands of changes: FOLLOW_CHANGES=10000. */
const CHANGES = Number(process.env.FOLLOW_CHANGES ?? 110);
const SEED = seedOf();
const VENDORS = ['google', 'microsoft'] as const;

let app: TestApp;
let trial: Trial;
const chance = new Chance(SEED);
beforeAll(async () => {
  // Lost notifications are found by polls.
  app = await startApp({ messages: 30, syncTimes: { pollIntervalMs: 300 } });
  trial = await Trial.begin({ sandbox: app.sandbox, url: () => app.url, token: app.token, chance });
});
afterAll(async () => {
  await trial?.end();
  await app?.close();
});

const fault = (given: object) => Promise.all(VENDORS.map((vendor) => app.control('/faults', { vendor, ...given })));

async function equal(): Promise<void> {
  await expect.poll(() => trial.differences(), { timeout: 60_000, interval: 200 }).toEqual([]);
  expect(trial.faults()).toEqual([]);
  if (CHANGES > 110) console.log(trial.summary());
}

/** What happens around some of the changes. */
const DISTURBANCES: Readonly<Record<string, (change: () => Promise<void>) => Promise<unknown>>> = {
  'nothing else': (change) => change(),
  'the client is away': async (change) => {
    for (const follower of trial.followers) follower.leave();
    await change();
    for (const follower of trial.followers) follower.comeBack();
  },
  'its socket is cut': async (change) => {
    await change();
    for (const follower of trial.followers) follower.cut();
    await change();
  },
  'notifications are doubled and come late': async (change) => {
    await fault({ operation: 'webhook', webhook: 'repeat', latencyMs: 400, share: 0.5, seed: SEED });
    await change();
  },
  'notifications are lost': async (change) => {
    await fault({ operation: 'webhook', webhook: 'lose' });
    await change();
  },
  'the gateway is started again': (change) => app.restart(change),
  'the history expires': async (change) => {
    for (const follower of trial.followers) follower.leave();
    await fault({ operation: 'webhook', webhook: 'lose' });
    await change();
    for (const vendor of VENDORS) await app.control('/expire-history', { vendor });
    await change();
    for (const follower of trial.followers) follower.comeBack();
  },
};

it(`keeps a copy of both accounts from events alone, whatever happens meanwhile (SEED=${SEED})`, async () => {
  const names = Object.keys(DISTURBANCES);
  const part = Math.min(40, Math.ceil(CHANGES / 9));
  for (let made = 0, turn = 0; made < CHANGES; turn++) {
    // Each kind comes once before any comes twice.
    const name = names[turn] ?? chance.one(names);
    await DISTURBANCES[name]?.(async () => {
      made += part;
      await trial.change(part);
    });
    await app.control('/faults', undefined, 'DELETE');
    if (turn % 10 === 9) await equal();
  }
  await equal();
}, 3_600_000);
