import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEMO_ACCOUNTS, TWINS } from '../../sandbox/twins.ts';
import type { Cost } from '../../src/graphql/cost.ts';
import type { OperationRequest } from '../../src/graphql/operation/operation.ts';
import { createContext } from '../../src/graphql/request-context.ts';
import { createLog } from '../../src/platform/log.ts';
import type { DoorTools } from '../../src/server/door.ts';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { documentText } from '../support/clients/document.ts';
import { openEventStream } from '../support/clients/event-stream.ts';
import { openLineClient } from '../support/clients/line-client.ts';
import { openSocket, subscribe } from '../support/clients/socket.ts';
import { lineDoor } from '../support/line-door.ts';

const ACCOUNTS = DEMO_ACCOUNTS.map(({ vendor, demo }) => ({ vendor, address: demo.address }));
const socketPath = join(tmpdir(), `postern-${randomUUID()}.sock`);
let app: TestApp;
let tools: DoorTools;
/** The global ids of the demo user's integrations, by address. */
let ids: Record<string, string>;
beforeAll(async () => {
  // Without notifications, every request that the emulators see belongs to an operation of a test.
  app = await startApp({
    unannounced: true,
    // Gmail does not charge the parts of a batch that it refuses because the batch is too wide.
    batchWidth: 50,
    doors: [
      lineDoor(socketPath),
      (given) => {
        tools = given;
        return { open: async () => {}, close: async () => {} };
      },
    ],
  });
  const { viewer } = await app.data(graphql(`{ viewer { integrations { id address } } }`));
  ids = Object.fromEntries(viewer.integrations.map(({ id, address }) => [address, id]));
});
beforeEach(() => app.control('/log', undefined, 'DELETE'));
afterEach(async () => {
  await app.control('/faults', undefined, 'DELETE');
  for (const { vendor } of TWINS) await app.control('/faults', { vendor, webhook: 'lose' });
});
afterAll(() => app.close());

interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly { extensions: { code: string } }[];
  readonly extensions?: { readonly cost: Cost };
}

const INBOX = documentText(
  graphql(`query ($search: String) { viewer { messages(first: 50, search: $search) {
    nodes { id subject mailboxes { name } } edges { cursor } sources { state } } } }`),
);

/** Sends a request over HTTP and returns the text of its answer. */
async function overHttp(request: OperationRequest): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${app.token}` };
  const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(request) });
  return (await response.text()).trimEnd();
}

async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  return JSON.parse(await overHttp({ query, variables, extensions: { cost: true } }));
}

/** What the emulators have seen since their log was cleared, in the shape of the answer. Only accounts that were asked. */
async function seen() {
  const accounts: Record<string, { requests: number; units: number }> = {};
  for (const { vendor, address } of ACCOUNTS) {
    const { totals } = await app.control<ControlLog>(`/log?vendor=${vendor}&account=${address}`);
    if (totals.requests > 0) accounts[ids[address] as string] = { requests: totals.requests, units: totals.units };
  }
  return accounts;
}

/** The requests and units that the answer has, of the accounts that were asked. */
function paid({ extensions }: Answer) {
  const accounts = extensions?.cost.accounts.filter(({ requests }) => requests > 0) ?? [];
  return Object.fromEntries(accounts.map(({ integration, requests, units }) => [integration, { requests, units }]));
}

const requestsOf = (accounts: Record<string, { requests: number }>) =>
  Object.fromEntries(Object.entries(accounts).map(([id, { requests }]) => [id, requests]));

const vendorOf = (vendor: string) => ACCOUNTS.find((account) => account.vendor === vendor)?.address as string;

describe.each<[door: string, send: (request: OperationRequest) => Promise<string>]>([
  ['POST', overHttp],
  [
    'GET',
    async ({ query = '', variables, extensions }) => {
      const url = new URL(`${app.url}/graphql`);
      url.searchParams.set('query', query);
      if (variables) url.searchParams.set('variables', JSON.stringify(variables));
      if (extensions) url.searchParams.set('extensions', JSON.stringify(extensions));
      const response = await fetch(url, { headers: { authorization: `Bearer ${app.token}` } });
      return (await response.text()).trimEnd();
    },
  ],
  [
    'WebSocket',
    async ({ query = '', ...more }) => {
      const socket = await openSocket(app, app.token);
      await socket.send(subscribe(query, '1', more));
      const { payload } = await socket.receive('next', 'error');
      socket.close();
      return JSON.stringify(payload);
    },
  ],
  [
    'Server-Sent Events',
    async (request) => {
      const stream = await openEventStream(app, request, { token: app.token });
      await stream.closed;
      return JSON.stringify(stream.events[0]?.data);
    },
  ],
  [
    'a further door',
    async (request) => {
      const client = await openLineClient(socketPath, app.token);
      const answer = await client.ask(request);
      client.close();
      return JSON.stringify(answer);
    },
  ],
  [
    'in process',
    async (request) => {
      const caller = await tools.contexts.caller(`Bearer ${app.token}`, '');
      const { signal } = new AbortController();
      const context = createContext({
        ...caller,
        signal,
        log: createLog('silent'),
        requestId: randomUUID(),
        clientAddress: '',
      });
      const outcome = await tools.path.run(request, context);
      return JSON.stringify(outcome.kind === 'result' ? outcome.result : outcome);
    },
  ],
])('%s', (_door, send) => {
  it('says what the operation asked of each account, as the emulators saw it, after the same bytes as without', async () => {
    const request = { query: INBOX, variables: { search: 'is:read' } };
    const text = await send({ ...request, extensions: { cost: true, other: 1 } });
    const answer: Answer = JSON.parse(text);
    expect(answer.errors).toBeUndefined();
    expect(Object.keys(paid(answer))).toHaveLength(ACCOUNTS.length);
    expect(paid(answer)).toEqual(await seen());
    for (const account of answer.extensions?.cost.accounts ?? []) {
      expect(Object.keys(account)).toEqual(['integration', 'requests', 'units', 'waves', 'cached']);
      expect(account.waves).toBeGreaterThan(0);
      expect(account.waves).toBeLessThanOrEqual(account.requests);
    }
    const extensions = `,"extensions":${JSON.stringify(answer.extensions)}}`;
    expect(text.endsWith(extensions)).toBe(true);
    const plain = await send(request);
    expect(text.slice(0, -extensions.length)).toBe(plain.slice(0, -1));
  });

  it.each([
    [undefined],
    [null],
    [{}],
    [{ cost: false }],
    [{ cost: 'true' }],
    [{ cost: 1 }],
    [{ cost: { of: 1 } }],
    [{ price: true }],
  ])('has no extensions for %j', async (extensions) => {
    const text = await send({
      query: '{ viewer { integrations { id } } }',
      ...(extensions !== undefined && { extensions }),
    });
    expect(Object.keys(JSON.parse(text))).toEqual(['data']);
  });
});

it('is in waves: what is sent together is one', async () => {
  const list = '{ viewer { messages(first: 5) { nodes { subject } } } }';
  const gmail = vendorOf('google');
  const wavesOf = ({ extensions }: Answer) =>
    Object.fromEntries((extensions?.cost.accounts ?? []).map(({ integration, waves }) => [integration, waves]));
  expect(wavesOf(await ask(list))).toEqual({ [ids[gmail] as string]: 2, [ids[vendorOf('microsoft')] as string]: 1 });
  // The names of the mailboxes are asked for together with the ids.
  const named = await ask(
    `query ($of: ID!) { viewer { integration(id: $of) {
    messages(first: 5) { nodes { subject } } mailboxes { nodes { name } } } } }`,
    { of: ids[gmail] },
  );
  expect(wavesOf(named)).toEqual({ [ids[gmail] as string]: 2 });
  expect(paid(named)[ids[gmail] as string]?.requests).toBe(3);
});

it('is empty where no account was asked', async () => {
  expect(await ask('{ viewer { integrations { address } } }')).toMatchObject({
    extensions: { cost: { accounts: [] } },
  });
  expect(await ask('{ __typename }')).toEqual({
    data: { __typename: 'Query' },
    extensions: { cost: { accounts: [] } },
  });
});

it('counts each repetition, and is told of an operation that is partial or has failed', async () => {
  await app.control('/faults', { vendor: 'microsoft', account: vendorOf('microsoft'), status: 503 });
  const partial = await ask('{ viewer { messages(first: 5) { nodes { id } sources { state } } } }');
  expect(JSON.stringify(partial.data)).toContain('"FAILED"');
  const outlook = ids[vendorOf('microsoft')] as string;
  expect(requestsOf(paid(partial))).toEqual(requestsOf(await seen()));
  expect(paid(partial)[outlook]?.requests).toBeGreaterThan(1);
  await app.control('/log', undefined, 'DELETE');
  const failed = await ask('query ($id: ID!) { viewer { integration(id: $id) { mailboxes { nodes { id } } } } }', {
    id: outlook,
  });
  expect(failed.errors?.[0]?.extensions.code).toBe('PROVIDER_UNAVAILABLE');
  expect(requestsOf(paid(failed))).toEqual(requestsOf(await seen()));
  expect(paid(failed)[outlook]?.requests).toBeGreaterThan(1);
});

it('has no part in the answer to a request that is not executed', async () => {
  for (const query of ['{ nothing }', '{ viewer', 'subscription { __typename }'])
    expect(Object.keys(await ask(query))).toEqual(['errors']);
});

it.each(ACCOUNTS.map(({ vendor, address }) => [vendor, address]))(
  'counts changes, drafts and the files that they take along at %s',
  async (_vendor, address) => {
    const integration = ids[address] as string;
    const found = await ask(
      `query ($of: ID!) { viewer { integration(id: $of) {
        messages(first: 20) { nodes { id } }
        files: messages(first: 1, search: "has:attachment") { nodes { id body { text } attachments { filename } } } } } }`,
      { of: integration },
    );
    expect(paid(found)).toEqual(await seen());
    const { messages, files } = (found.data as { viewer: { integration: Record<string, { nodes: { id: string }[] }> } })
      .viewer.integration as { messages: { nodes: { id: string }[] }; files: { nodes: { id: string }[] } };
    const all = messages.nodes.map(({ id }) => id);
    const steps: [query: string, variables: Record<string, unknown>][] = [
      [
        documentText(
          graphql(
            `mutation ($ids: [ID!]!) { updateMessages(input: { ids: $ids, isStarred: true }) { userErrors { message } results { node { ... on Message { isStarred mailboxes { name } } } } } }`,
          ),
        ),
        { ids: all },
      ],
      [
        documentText(
          graphql(
            `mutation ($input: ComposeInput!) { saveDraft(input: $input) { userErrors { message } draft { id message { subject } } } }`,
          ),
        ),
        { input: { integration, forward: files.nodes[0]?.id, text: 'See the file.' } },
      ],
    ];
    for (const [query, variables] of steps) {
      await app.control('/log', undefined, 'DELETE');
      const answer = await ask(query, variables);
      expect([answer.errors, JSON.stringify(answer.data)]).toEqual([
        undefined,
        expect.stringContaining('"userErrors":[]'),
      ]);
      expect(paid(answer)).toEqual(await seen());
      expect(paid(answer)[integration]?.requests).toBeGreaterThan(0);
    }
  },
);

it('is told with each event of a subscription', async () => {
  const socket = await openSocket(app, app.token);
  const query = `subscription ($of: [ID!], $after: Cursor) { messageReceived(integrations: $of, after: $after) { message { subject body { text } } } }`;
  const address = vendorOf('google');
  const { viewer } = await app.data(graphql(`{ viewer { integrations { address sync { cursor } } } }`));
  const after = viewer.integrations.find((one) => one.address === address)?.sync.cursor;
  const variables = { of: [ids[address]], after };
  await socket.send(subscribe(query, 'with', { variables, extensions: { cost: true } }));
  await socket.send(subscribe(query, 'without', { variables }));
  await app.control('/faults', undefined, 'DELETE');
  const next = (id: string, subject: string) =>
    socket.find(
      ({ type, id: of, payload }) => type === 'next' && of === id && JSON.stringify(payload).includes(subject),
    );
  for (let n = 1; n <= 3; n++) {
    await app.control('/deliver', {
      vendor: 'google',
      account: address,
      from: 'a@example.org',
      subject: `event ${n}`,
      text: 'x',
    });
    const { payload } = await next('with', `event ${n}`);
    // The body is read for this subscription; the message itself was read once for all.
    expect((payload as Answer).extensions).toEqual({
      cost: { accounts: [{ integration: ids[address], requests: 1, units: 5, waves: 1, cached: 0 }] },
    });
    expect(Object.keys((await next('without', `event ${n}`)).payload as object)).toEqual(['data']);
  }
  socket.close();
});
