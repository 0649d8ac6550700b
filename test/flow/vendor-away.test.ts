import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import type { ResultOf } from '../support/clients/document.ts';
import { Follower } from '../support/clients/follower.ts';

/**
 * Each vendor has one slot, and no slots for slow requests. In a shared pool of one or two slots, two accounts that
 * hang would stop everything.
 */
const ONE_SLOT = { slots: 1, slowSlots: 0, slowAfterMs: 60_000, perOwner: 1 };
/** An account counts as hanging, and as behind, earlier than in production, so that the tests need not wait. */
const SHORT = { firstAttemptMs: 1_500, behindMs: 500 };
const LIVE = graphql(
  `subscription ($after: Cursor, $integration: ID!) { messageReceived(after: $after, integrations: [$integration]) { cursor message { subject } } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id } userErrors { code message } } }`,
);

let app: TestApp;
let followers: Follower<ResultOf<typeof LIVE>>[];
let accounts: { id: string; address: string; provider: { id: string }; sync: { cursor: string } }[];
beforeAll(async () => {
  app = await startApp({ messages: 3, lanes: { sync: ONE_SLOT, submissions: ONE_SLOT }, syncTimes: SHORT });
  for (const [provider, domain] of [
    ['GMAIL', 'gmail.example'],
    ['OUTLOOK', 'outlook.example'],
  ] as const)
    for (const n of [1, 2]) await app.connect(app.token, provider, `crowd${n}@${domain}`);
  const list = graphql(`{ viewer { integrations { id address provider { id } sync { cursor } } } }`);
  accounts = (await app.data(list)).viewer.integrations;
  followers = accounts.map(
    ({ id, sync }) => new Follower(app.url, app.token, LIVE, { integration: id, after: sync.cursor }),
  );
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(async () => {
  for (const follower of followers) await follower.end();
  await app.close();
});

const VENDORS = [
  ['google', 'GMAIL', 'microsoft', 'OUTLOOK'],
  ['microsoft', 'OUTLOOK', 'google', 'GMAIL'],
] as const;
/** The operations of background work: reading changes and storing drafts. The order to send is not among them. */
const BUSY = {
  google: ['history.list', 'drafts.create'],
  microsoft: ['GET /me/messages/{id}', 'POST /$batch', 'POST /me/messages'],
};
const accountsAt = (provider: string) => accounts.filter((account) => account.provider.id === provider);
const received = () => followers.flatMap(({ events }) => events.map(({ message }) => message?.subject));
const deliver = (vendor: string, account: string, subject: string) =>
  app.control('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });
const hung = async (vendor: string) =>
  (await app.control<ControlLog>(`/log?vendor=${vendor}&limit=2000`)).records.filter(({ status }) => status === 0)
    .length;
const health = async (id: string) =>
  (await app.data(graphql(`query ($id: ID!) { viewer { integration(id: $id) { status sync { live } } } }`), { id }))
    .viewer.integration;

async function send(integration: string, subject: string): Promise<string> {
  const message = { integration, to: [{ address: 'zoe@example.org' }], subject, text: 'x' };
  const answer = await app.data(SEND, { input: { idempotencyKey: subject, undoSeconds: 1, message } });
  expect(answer.send.userErrors).toEqual([]);
  return answer.send.submission.id;
}
const submission = async (id: string) =>
  (
    await app.data(graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { status problem { code } } } }`), {
      id,
    })
  ).node;

it.each(VENDORS)(
  "%s stuck with all of its accounts busy: the other vendor's events and sends come meanwhile, and its own once it is back",
  async (vendor, failing, other, healthy) => {
    for (const operation of BUSY[vendor]) await app.control('/faults', { vendor, operation, hang: 'release' });
    const late = accountsAt(failing).map(({ address }, n) => [address, `${vendor} stuck ${n}`] as const);
    for (const [address, subject] of late) await deliver(vendor, address, subject);
    const stuck = await Promise.all(accountsAt(failing).map(({ id }, n) => send(id, `${vendor} stuck send ${n}`)));
    await expect.poll(async () => (await health(accountsAt(failing)[0]?.id ?? '')).sync.live).toBe(false);

    const prompt = accountsAt(healthy).map(({ address }, n) => [address, `${other} meanwhile ${n}`] as const);
    for (const [address, subject] of prompt) await deliver(other, address, subject);
    const sends = await Promise.all(accountsAt(healthy).map(({ id }, n) => send(id, `${other} meanwhile send ${n}`)));
    await expect.poll(received).toEqual(expect.arrayContaining(prompt.map(([, subject]) => subject)));
    for (const id of sends) await expect.poll(() => submission(id)).toMatchObject({ status: 'SENT' });
    for (const id of stuck)
      expect(await submission(id)).toMatchObject({ status: expect.stringMatching(/SENDING|SCHEDULED/) });
    expect(received().filter((subject) => subject?.startsWith(`${vendor} stuck`))).toEqual([]);

    await app.control('/faults', undefined, 'DELETE');
    await expect.poll(received).toEqual(expect.arrayContaining(late.map(([, subject]) => subject)));
    for (const id of stuck) await expect.poll(() => submission(id)).toMatchObject({ status: 'SENT' });
    await expect.poll(async () => (await health(accountsAt(failing)[0]?.id ?? '')).sync.live).toBe(true);
  },
);

it.each(VENDORS)(
  '%s never answers a request: changes of the account are read nevertheless',
  async (vendor, failing) => {
    const { address } = accountsAt(failing)[0] as (typeof accounts)[number];
    await app.control('/log', undefined, 'DELETE');
    await app.control('/faults', { vendor, account: address, hang: true });
    await deliver(vendor, address, `${vendor} held`);
    await expect.poll(() => hung(vendor)).toBeGreaterThan(0);
    await app.control('/faults', undefined, 'DELETE');
    await deliver(vendor, address, `${vendor} and on`);
    await expect.poll(received).toEqual(expect.arrayContaining([`${vendor} held`, `${vendor} and on`]));
  },
);

it.each(VENDORS)('%s refuses: its account is not live until the announced change was read', async (vendor, failing) => {
  const { address, id } = accountsAt(failing)[0] as (typeof accounts)[number];
  await app.control('/faults', { vendor, account: address, status: 503 });
  await deliver(vendor, address, `${vendor} refused`);
  await expect.poll(() => health(id)).toEqual({ status: 'CONNECTED', sync: { live: false } });
  await app.control('/faults', undefined, 'DELETE');
  await expect.poll(received).toContain(`${vendor} refused`);
  await expect.poll(() => health(id)).toEqual({ status: 'CONNECTED', sync: { live: true } });
});
