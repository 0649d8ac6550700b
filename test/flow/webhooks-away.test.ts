import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { TEST_DATABASES } from '../support/app/database.ts';
import type { Relay } from '../support/app/relay.ts';

const SYNC = graphql(`{ viewer { integrations { provider { id } sync { cursor } } } }`);
const NOTICE = { value: [{ subscriptionId: 'a-subscription', clientState: 'a secret' }] };

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ messages: 5, relayed: true });
});
afterAll(() => app.close());

const notify = async (provider = 'outlook'): Promise<number> => {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(NOTICE);
  return (await fetch(`${app.url}/webhooks/${provider}`, { method: 'POST', headers, body })).status;
};
const cursorOf = async (): Promise<string> =>
  (await app.data(SYNC)).viewer.integrations.find(({ provider }) => provider.id === 'OUTLOOK')?.sync.cursor ?? '';

it('accepts or refuses notifications without a proof as each provider requires', async () => {
  expect([await notify(), await notify('gmail'), await notify('nobody')]).toEqual([202, 401, 404]);
});

describe.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))('notifications while %s', (kind) => {
  let relay: Relay;
  beforeAll(() => {
    if (!app.relay) throw new Error(`there is no relay before ${kind}`);
    relay = app.relay;
  });

  it.each([
    ['hangs', () => relay.hang(), () => relay.resume()],
    ['is gone', () => relay.cut(), () => relay.restore()],
  ])('%s are answered with 503, and read when they come again', async (_, fail, mend) => {
    await app.synced(app.token);
    const before = await cursorOf();
    fail();
    await app.control('/deliver', { vendor: 'microsoft', from: 'a@example.org', subject: 'meanwhile', text: 'x' });
    expect(await notify()).toBe(503);
    await mend();
    await expect.poll(() => cursorOf().catch(() => before)).not.toBe(before);
    await expect.poll(() => notify()).toBe(202);
  });
});
