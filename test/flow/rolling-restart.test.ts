import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { connectDemo, DEMO_USER } from '../../sandbox/demo.ts';
import { graphql } from '../generated/gql.ts';
import { type Cluster, startCluster } from '../support/app/cluster.ts';
import { consent } from '../support/app/lab.ts';
import type { Page } from '../support/clients/answer.ts';
import { Follower } from '../support/clients/follower.ts';
import { Client, Load } from '../support/clients/load.ts';

const REPLACEMENTS = Number(process.env.ROLLING_REPLACEMENTS ?? 2);
const ACCOUNTS = [
  ['google', 'demo@gmail.example'],
  ['microsoft', 'demo@outlook.example'],
] as const;
const account = (turn: number) => {
  const [vendor, address] = ACCOUNTS[turn % 2] ?? ACCOUNTS[0];
  return { vendor, account: address };
};
const INBOX = graphql(`{ viewer { messages(first: 5) { nodes { id } sources { state problem { code message } } } } }`);
const SYNC = graphql(`{ viewer { integrations { id sync { cursor } } } }`);
const FILES = graphql(
  `{ viewer { messages(first: 10, search: "subject:enclosed") { nodes { attachments { download { url } } } } } }`,
);
const PAGE_INFO = 'pageInfo { hasNextPage endCursor }';
const SENT = `query ($after: Cursor) { viewer { messages(first: 100, after: $after, filter: { role: SENT }) { nodes { subject } ${PAGE_INFO} } } }`;
const SUBMISSIONS = `query ($after: Cursor) { viewer { submissions(first: 100, after: $after) { nodes { id status } ${PAGE_INFO} } } }`;
const MARK = graphql(
  `mutation ($input: UpdateMessagesInput!) { updateMessages(input: $input) { results { problem { message } } userErrors { message } } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id status } userErrors { message } } }`,
);
const SIGN_IN = graphql(
  `mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken refreshToken } userErrors { message } } }`,
);
const CONNECT = graphql(
  `mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { message } } }`,
);
const FINISH = graphql(
  `mutation ($input: FinishConnectInput!) { finishConnect(input: $input) { integration { id } userErrors { message } } }`,
);
const LIVE = graphql(
  `subscription ($after: Cursor, $integration: ID!) { messageReceived(after: $after, integrations: [$integration]) { cursor message { subject } } }`,
);
const STEPS = graphql(
  `subscription ($id: ID, $after: Cursor) { submissionChanged(id: $id, after: $after) { cursor submission { id status } } }`,
);

let cluster: Cluster;
let token: string;
let asker: Client;
beforeAll(async () => {
  cluster = await startCluster();
  ({ accessToken: token } = await connectDemo({ gatewayUrl: cluster.url }));
  asker = new Client(cluster.url, token);
  const synchronised = async () => {
    const { integrations } = (await asker.query(SYNC)).viewer;
    expect(integrations.map((i) => typeof i.sync.cursor)).toEqual(['string', 'string']);
  };
  await vi.waitFor(synchronised, { timeout: 150_000, interval: 100 });
}, 180_000);
afterAll(() => cluster?.close());

const control = async (path: string, body: object): Promise<void> => {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${cluster.sandbox.controlUrl}${path}`, init);
  if (!response.ok) throw new Error(await response.text());
};

/** Reads all pages. How many there are depends on how much the machine could send. */
async function all<T>(document: string, field: string) {
  const found: T[] = [];
  for (let after: string | null = null; ; ) {
    const { viewer } = await asker.query<{ viewer: Record<string, Page<T>> }>(document, { after });
    const { nodes, pageInfo } = viewer[field] as Page<T>;
    found.push(...nodes);
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

/** Returns the URLs of the first and the last instance. They are the same where only one can run. */
const ends = () => [cluster.instances.at(0)?.url ?? '', cluster.instances.at(-1)?.url ?? ''] as const;

it('applies on every instance what another one was asked to change', async () => {
  const [here, there] = ends();
  const at = (url: string, accessToken = token) => new Client(url, accessToken);
  const { signIn } = await at(here).query(SIGN_IN, { input: DEMO_USER });
  const { accessToken } = signIn.session;

  await control('/accounts', { vendor: 'google', address: 'second@gmail.example', name: 'Second' });
  const input = { provider: 'GMAIL', access: 'READ', redirectUri: `${cluster.url}/inbox` };
  const { connect } = await at(here, accessToken).query(CONNECT, { input });
  const callback = await consent(connect.authorizationUrl, 'second@gmail.example', 'approve');
  const answer = await fetch(new URL(`${callback.pathname}${callback.search}`, there), { redirect: 'manual' });
  const back = new URL(answer.headers.get('location') ?? '').searchParams;
  expect(back.get('status')).toBe('pending');
  await at(here, accessToken).query(FINISH, { input: { token: back.get('token') } });
  const accounts = async () => (await at(here).query(SYNC)).viewer.integrations.length;
  await expect.poll(accounts).toBe(3);
  const { viewer } = await at(here).query(SYNC);
  await expect.poll(async () => (await at(there).query(SYNC)).viewer.integrations.length).toBe(3);
  const disconnect = graphql(
    `mutation ($id: ID!) { disconnect(input: { integration: $id }) { userErrors { message } } }`,
  );
  await at(there).query(disconnect, { id: viewer.integrations[2]?.id });
  await expect.poll(accounts).toBe(2);

  await at(here, accessToken).query(graphql(`mutation { signOut { userErrors { message } } }`));
  await expect.poll(() => at(there, accessToken).query(SYNC).catch(String)).toContain('This session has ended');
});

it('drops nothing while its instances are replaced one by one under load', async () => {
  const bytes = randomBytes(1_000_000);
  const attachments = [
    { filename: 'file.bin', mimeType: 'application/octet-stream', contentBase64: bytes.toString('base64') },
  ];
  for (const turn of [0, 1])
    await control('/deliver', { ...account(turn), from: 'a@example.org', subject: 'enclosed', text: 'x', attachments });
  const { integrations } = (await asker.query(SYNC)).viewer;
  const { nodes } = (await asker.query(INBOX)).viewer.messages;
  const files = (await asker.query(FILES)).viewer.messages.nodes.map((n) => n.attachments[0]?.download.url ?? '');
  expect(files).toHaveLength(2);
  const live = integrations.map(
    ({ id, sync }) => new Follower(cluster.url, token, LIVE, { integration: id, after: sync.cursor }),
  );
  // Without a cursor, a follower of all submissions begins with what happens after it started. The first submission
  // could have been sent by then, so the cursor of an earlier one is used.
  const to = [{ address: 'zoe@example.org' }];
  const message = { integration: integrations[0]?.id, to, subject: 'rolling earlier', text: 'x' };
  const { send: earlier } = await asker.query(SEND, { input: { idempotencyKey: 'rolling earlier', message } });
  const one = new Follower(cluster.url, token, STEPS, { id: earlier.submission.id });
  await expect.poll(() => one.events.length).toBeGreaterThan(0);
  const steps = new Follower(cluster.url, token, STEPS, { after: one.events[0]?.cursor });
  await one.end();
  // Without this, the followers of a failed test would reconnect without end during all later files of this worker.
  onTestFinished(async () => void (await Promise.all([...live, steps].map((follower) => follower.end()))));

  const load = new Load(cluster.url, token);
  const readInbox = async (client: Client) => {
    const { sources } = (await client.query(INBOX)).viewer.messages;
    if (sources.some((s) => s.state !== 'COMPLETE')) throw new Error(JSON.stringify(sources));
  };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const submissions = new Map<string, string>([['rolling earlier', earlier.submission.id]]);
  const delivered: string[][] = [[], []];
  load.repeat('read', 200, readInbox);
  load.repeat('read now and then', 1_500, readInbox);
  load.repeat('read on new connections', 200, (client) => client.query(graphql(`{ viewer { id } }`)), false);
  load.repeat('mark', 300, async (client, turn) => {
    const input = { ids: [nodes[turn % nodes.length]?.id], isRead: turn % 2 === 0 };
    const { updateMessages } = await client.query(MARK, { input });
    expect(updateMessages).toEqual({ results: [{ problem: null }], userErrors: [] });
  });
  load.repeat('download', 300, async (client, turn) => {
    expect(await client.download(files[turn % 2] ?? '', 20)).toBe(sha256);
  });
  // An upload takes longer than the delay, so some are running when the port closes.
  load.repeat('upload', 0, (client) => client.upload(trickle(3_300)));
  load.repeat('send', 300, async (client, turn) => {
    const subject = `rolling ${turn}`;
    const message = {
      integration: integrations[turn % 2]?.id,
      to: [{ address: 'zoe@example.org' }],
      subject,
      text: 'x',
      attachments: [{ upload: await client.upload(trickle(0)) }],
    };
    const input = { idempotencyKey: subject, undoSeconds: turn % 3 === 2 ? 1 : 0, message };
    const { send } = await client.query(SEND, { input });
    expect(send.userErrors).toEqual([]);
    submissions.set(subject, send.submission.id);
  });
  load.repeat('deliver', 300, async (_client, turn) => {
    const subject = `live ${turn}`;
    await control('/deliver', { ...account(turn), from: 'a@example.org', subject, text: 'x' });
    delivered[turn % 2]?.push(subject);
  });

  const everyoneGoesOn = async () => {
    const earlier = load.progress();
    const waiting = () =>
      [...load.progress()].filter(([name, turn]) => turn === earlier.get(name)).map(([name]) => name);
    await expect.poll(waiting, { timeout: 60_000 }).toEqual([]);
  };
  const allReceived = () => [...live, steps].every(({ events }) => events.length > 0);
  await expect.poll(allReceived, { timeout: 60_000 }).toBe(true);
  for (let n = 0; n < REPLACEMENTS; n++) {
    for (const turn of [0, 1]) await control('/expire-tokens', account(turn));
    expect(await cluster.replace()).toBe(0);
    await everyoneGoesOn();
  }
  await load.end();
  expect(load.failures).toEqual([]);

  const arrived = () =>
    live.map(({ events }) => events.map((e) => e.message?.subject as string).filter((s) => s !== 'enclosed'));
  await expect.poll(arrived, { timeout: 60_000 }).toEqual(delivered);
  const states = () => all<{ id: string; status: string }>(SUBMISSIONS, 'submissions');
  const done = [...submissions.values()].reverse().map((id) => ({ id, status: 'SENT' }));
  await expect.poll(states, { timeout: 60_000 }).toEqual(done);
  const followed = () =>
    new Set(steps.events.flatMap(({ submission: { id, status } }) => (status === 'SENT' ? id : [])));
  await expect.poll(followed, { timeout: 60_000 }).toEqual(new Set(submissions.values()));
  const mails: string[] = (await all<{ subject: string }>(SENT, 'messages')).map((m) => m.subject);
  expect(mails.filter((subject) => subject.startsWith('rolling')).sort()).toEqual([...submissions.keys()].sort());
  for (const follower of [...live, steps]) {
    expect(follower.failures).toEqual([]);
    expect(new Set(follower.closed)).toEqual(new Set([1001]));
    await follower.end();
  }
}, 300_000);

/** A file that arrives slowly. */
async function* trickle(ms: number): AsyncGenerator<Uint8Array> {
  const until = Date.now() + ms;
  do {
    yield Buffer.alloc(10_000, 'x');
    await delay(50);
  } while (Date.now() < until);
}
