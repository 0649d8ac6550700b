import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

const PAGE = graphql(`query { viewer { messages(first: 20) {
  nodes { id integration { provider { id } } } pageInfo { hasNextPage endCursor }
  sources { state integration { provider { id } } problem { code message retryAfter } } } } }`);
const page = async (from = app) => (await from.data(PAGE)).viewer.messages;
type Page = Awaited<ReturnType<typeof page>>;
const source = (messages: Page, provider: string) =>
  messages.sources.find((s) => s.integration.provider.id === provider);
const VENDORS = [
  ['google', 'GMAIL', 'OUTLOOK'],
  ['microsoft', 'OUTLOOK', 'GMAIL'],
] as const;

function expectOneFailing(messages: Page, failing: string, healthy: string, code: string): void {
  expect(source(messages, failing)).toMatchObject({ state: 'FAILED', problem: { code } });
  expect(source(messages, failing)?.problem.message).not.toMatch(/http|\{|Error:/);
  expect(source(messages, healthy)).toMatchObject({ state: 'COMPLETE', problem: null });
  expect(messages.nodes).toHaveLength(20);
  expect(messages.pageInfo.hasNextPage).toBe(true);
}

it.each(VENDORS)(
  '%s down or cutting off: the other account is there, and sources says why',
  async (vendor, failing, healthy) => {
    for (const fault of [{ status: 503 }, { truncate: true }]) {
      await app.control('/faults', { vendor, ...fault });
      expectOneFailing(await page(), failing, healthy, 'PROVIDER_UNAVAILABLE');
      await app.control('/faults', undefined, 'DELETE');
    }
  },
);

it('an account that hangs is left out at the deadline: the other one is listed, and sources says why', async () => {
  // Long enough for the healthy account, even on a busy machine.
  const short = await startApp({ messages: 40, env: { SOURCE_DEADLINE_MS: '5000' } });
  try {
    for (const [vendor, failing, healthy] of VENDORS) {
      await page(short);
      await short.control('/faults', { vendor, hang: true });
      expectOneFailing(await page(short), failing, healthy, 'TIMEOUT');
      await short.control('/faults', undefined, 'DELETE');
    }
  } finally {
    await short.close();
  }
});

it.each(VENDORS)(
  '%s limits requests: it gets none until then, and the client is told the time',
  async (vendor, failing, healthy) => {
    const { token } = await app.user('patient');
    await app.connect(token, 'GMAIL', `patient-${vendor}@gmail.example`);
    await app.connect(token, 'OUTLOOK', `patient-${vendor}@outlook.example`);
    const account = `patient-${vendor}@${vendor === 'google' ? 'gmail' : 'outlook'}.example`;
    // The fault meets only the list's own request, because an account that has just been connected is also being
    // synced.
    const operation = vendor === 'google' ? 'messages.list' : 'GET /me/messages';
    await app.control('/faults', { vendor, account, operation, status: 429, retryAfterSeconds: 600, times: 1 });
    for (let n = 0; n < 3; n++) {
      const { messages } = (await app.data(PAGE, {}, token)).viewer;
      expect(source(messages, failing)).toMatchObject({ state: 'FAILED', problem: { code: 'RATE_LIMITED' } });
      expect(Date.parse(source(messages, failing)?.problem.retryAfter ?? '')).toBeGreaterThan(Date.now());
      expect(source(messages, healthy)).toMatchObject({ state: 'COMPLETE', problem: null });
    }
  },
);

it('misses nothing when an account recovers while the list is paged: its newer mail begins the next page', async () => {
  const fresh = await app.user('comeback');
  await app.connect(fresh.token, 'GMAIL', 'comeback@gmail.example');
  await app.connect(fresh.token, 'OUTLOOK', 'comeback@outlook.example');
  const ids = { google: new Set<string>(), microsoft: new Set<string>() };
  for (let i = 0; i < 12; i++) {
    for (const vendor of ['google', 'microsoft'] as const) {
      const account = vendor === 'google' ? 'comeback@gmail.example' : 'comeback@outlook.example';
      await app.control('/deliver', {
        vendor,
        account,
        from: 'a@example.org',
        subject: `${vendor} ${i}`,
        text: 'x',
        receivedAt: new Date(Date.UTC(2026, 0, 1, i)).toISOString(),
      });
      ids[vendor].add(`${vendor} ${i}`);
    }
  }
  const LIST = graphql(
    `query ($after: Cursor) { viewer { messages(first: 5, after: $after) { nodes { subject } pageInfo { hasNextPage endCursor } sources { state problem { code message } } } } }`,
  );
  const read = async (after: string | null) => (await app.data(LIST, { after }, fresh.token)).viewer.messages;
  await app.control('/faults', { vendor: 'microsoft', account: 'comeback@outlook.example', status: 503 });
  const first = await read(null);
  expect(first.sources.map((s) => s.problem?.code)).toEqual([undefined, 'PROVIDER_UNAVAILABLE']);
  const seen: string[] = first.nodes.map((n) => n.subject);
  expect(seen).toEqual(['google 11', 'google 10', 'google 9', 'google 8', 'google 7']);
  await app.control('/faults', undefined, 'DELETE');
  let { pageInfo } = first;
  let second: string | undefined;
  while (pageInfo.hasNextPage) {
    const next = await read(pageInfo.endCursor);
    expect(next.sources).toEqual(Array(2).fill({ state: 'COMPLETE', problem: null }));
    second ??= next.nodes[0]?.subject;
    seen.push(...next.nodes.map((n) => n.subject));
    pageInfo = next.pageInfo;
  }
  expect(second).toBe('microsoft 11');
  expect(seen).toHaveLength(24);
  expect(new Set(seen)).toEqual(new Set([...ids.google, ...ids.microsoft]));
});

it.each(VENDORS)(
  '%s revoked the grant: RECONNECT_REQUIRED with words a person can act on, and reconnecting mends it under the same id',
  async (vendor, failing, healthy) => {
    const { viewer } = await app.data(graphql(`{ viewer { integrations { id address provider { id } } } }`));
    const integration = viewer.integrations.find((i) => i.provider.id === failing);
    await app.control('/expire-tokens', { vendor, account: integration?.address });
    await app.control('/revoke', { vendor, account: integration?.address });
    const messages = await page();
    expect(source(messages, failing)).toMatchObject({ state: 'FAILED', problem: { code: 'RECONNECT_REQUIRED' } });
    expect(source(messages, healthy)?.state).toBe('COMPLETE');
    const after = await app.data(
      graphql(`query ($id: ID!) { viewer { integration(id: $id) { status problem { code message } } } }`),
      { id: integration?.id },
    );
    expect(after.viewer.integration).toMatchObject({
      status: 'RECONNECT_REQUIRED',
      problem: { code: 'RECONNECT_REQUIRED', message: expect.stringMatching(/connect/i) },
    });
    expect(await app.connect(app.token, failing, integration?.address ?? '')).toBe(integration?.id);
    expect(source(await page(), failing)).toMatchObject({ state: 'COMPLETE', problem: null });
  },
);
