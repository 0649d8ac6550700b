import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type Dumped, startApp, type TestApp } from '../support/app/app.ts';
import { Follower } from '../support/clients/follower.ts';

const SYNC = graphql(
  `{ viewer { integrations { id address sync { live proof provedAt checked missing repaired } } } }`,
);
const RECONCILE = graphql(
  `mutation ($id: ID!) { reconcile(input: { integration: $id }) { integration { id } userErrors { code field } } }`,
);
const RECEIVED = graphql(
  `subscription ($after: Cursor) { messageReceived(after: $after, role: null) { cursor message { subject } } }`,
);
const CURSOR = graphql(`{ viewer { sync { cursor } } }`);
const ACCOUNTS = [
  ['google', 'demo@gmail.example'],
  ['microsoft', 'demo@outlook.example'],
] as const;

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    env: { SYNC_INDEX: 'on' },
    syncTimes: { reconcileTickMs: 50, settleMs: 0, quotaShare: 1 },
  });
});
afterAll(() => app.close());

const syncOf = async (address: string) => {
  const { integrations } = (await app.data(SYNC)).viewer;
  const found = integrations.find((one) => one.address === address);
  if (!found) throw new Error(`${address} is not connected`);
  return found;
};
const reconcile = async (id: string, token?: string) => (await app.data(RECONCILE, { id }, token)).reconcile;

it.each(ACCOUNTS)(
  '%s: an account is compared after it was connected, and when its owner asks',
  async (vendor, account) => {
    await expect.poll(async () => (await syncOf(account)).sync.proof, { timeout: 60_000 }).toBe('WHOLE_ACCOUNT');
    const { id, sync: before } = await syncOf(account);
    const dumped = async () => (await app.control<Dumped[]>(`/dump?vendor=${vendor}&account=${account}`)).length;
    expect(before).toMatchObject({ checked: await dumped(), missing: 0, repaired: 0 });
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: 'one more', text: 'x' });
    expect(await reconcile(id)).toEqual({ integration: { id }, userErrors: [] });
    await expect.poll(async () => (await syncOf(account)).sync.provedAt, { timeout: 60_000 }).not.toBe(before.provedAt);
    expect((await syncOf(account)).sync).toMatchObject({ checked: await dumped(), missing: 0, repaired: 0 });
  },
);

it.each(ACCOUNTS)(
  '%s: an account is live again once a lost history has been recovered, and its new mail was announced',
  async (vendor, account) => {
    await expect
      .poll(async () => (await syncOf(account)).sync, { timeout: 60_000 })
      .toMatchObject({ live: true, proof: 'WHOLE_ACCOUNT' });
    const { sync: before } = await syncOf(account);
    const { cursor: after } = (await app.data(CURSOR)).viewer.sync;
    const follower = new Follower(app.url, app.token, RECEIVED, { after });
    await app.control('/expire-history', { vendor, account });
    const mail = { vendor, account, from: 'a@example.org', text: 'x' };
    await app.control('/deliver', { ...mail, subject: 'after it' });
    // Only a comparison finds what was imported with an old date.
    await app.control('/deliver', { ...mail, subject: 'imported', receivedAt: '2020-02-02T00:00:00Z' });
    await expect.poll(async () => (await syncOf(account)).sync.provedAt, { timeout: 60_000 }).not.toBe(before.provedAt);
    await expect
      .poll(async () => (await syncOf(account)).sync, { timeout: 60_000 })
      .toMatchObject({ live: true, proof: 'WHOLE_ACCOUNT', missing: 0 });
    const subjects = () => follower.events.map(({ message }) => message?.subject);
    await expect.poll(subjects).toEqual(expect.arrayContaining(['after it', 'imported']));
    expect(follower.failures).toEqual([]);
    await follower.end();
  },
);

it('refuses the account of another user, and an owner who asks without end', async () => {
  const { id } = await syncOf('demo@gmail.example');
  const stranger = await app.user('stranger');
  const refused = { integration: null, userErrors: [{ code: 'NOT_FOUND', field: ['input', 'integration'] }] };
  expect(await reconcile(id, stranger.token)).toEqual(refused);
  // One more is allowed each minute, which may pass meanwhile.
  let answer = await reconcile(id);
  for (let n = 0; n < 30 && answer.userErrors.length === 0; n++) answer = await reconcile(id);
  expect(answer).toEqual({ integration: null, userErrors: [{ code: 'RATE_LIMITED', field: null }] });
});
