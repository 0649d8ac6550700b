import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { documentText, type Present, type ResultOf } from '../support/clients/document.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

let app: TestApp;
let integrations: { id: string; address: string; provider: { id: string } }[];
const clients: Client[] = [];
beforeAll(async () => {
  app = await startApp({ messages: 20, sendTimes: { settlesMs: 1_000 } });
  ({ integrations } = (await app.data(graphql(`{ viewer { integrations { id address provider { id } } } }`))).viewer);
});
afterEach(async () => {
  await app.control('/faults', undefined, 'DELETE');
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
});
afterAll(() => app.close());

graphql(
  `fragment ListedSubmission on Submission { id status sendAt undoUntil attempts problem { code message retryAfter } message { subject } integration { id } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { ...ListedSubmission } userErrors { code message field } } }`,
);
const CANCEL = graphql(
  `mutation ($id: ID!) { cancelSubmission(input: { submission: $id }) { submission { ...ListedSubmission } userErrors { code message field } } }`,
);
const NODE = graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { ...ListedSubmission } } }`);

let keys = 0;
const send = async (subject: string, more: object = {}, integration = integrations[0]) => {
  const message = { integration: integration?.id, to: [{ address: 'zoe@example.org' }], subject, text: 'Hello' };
  const { send: payload } = await app.data(SEND, { input: { idempotencyKey: `key ${++keys}`, message, ...more } });
  return payload;
};
const cancel = async (id: string) => (await app.data(CANCEL, { id })).cancelSubmission;
const read = async (id: string) => (await app.data(NODE, { id })).node;
const ended = (id: string, status: string) =>
  expect.poll(async () => (await read(id)).status, THROUGH_RETRIES).toBe(status);
/** Returns when the vendor got the order to send. The draft is created before. */
const orderedAt = async (vendor: string, since: number): Promise<number> => {
  const { records } = await app.control<ControlLog>(`/log?vendor=${vendor}&since=${since}`);
  return records.find((record) => record.operation === SEND_OPERATION[vendor])?.startedAt ?? 0;
};
const copies = async (subject: string, role: 'SENT' | 'DRAFTS' = 'SENT'): Promise<number> => {
  const list = graphql(
    `query ($s: String, $r: MailboxRole) { viewer { messages(first: 20, search: $s, filter: { role: $r }) { nodes { subject } } } }`,
  );
  return (await app.data(list, { s: `subject:"${subject}"`, r: role })).viewer.messages.nodes.length;
};
const soon = (ms: number) => new Date(Date.now() + ms).toISOString();
const vendorOf = (account: (typeof integrations)[number] | undefined) =>
  account?.address.includes('gmail') ? 'google' : 'microsoft';
const SEND_OPERATION: Record<string, string> = { google: 'drafts.send', microsoft: 'POST /me/messages/{id}/send' };

describe('a key', () => {
  it('stands for one submission, however often it is used', async () => {
    const input = {
      idempotencyKey: 'one key',
      message: { integration: integrations[0]?.id, to: [{ address: 'a@example.org' }], subject: 'One key', text: 'x' },
    };
    const answers = await Promise.all(Array.from({ length: 6 }, () => app.data(SEND, { input })));
    expect(new Set(answers.map((answer) => answer.send.submission.id)).size).toBe(1);
    await ended(answers[0]?.send.submission.id ?? '', 'SENT');
    expect(await copies('One key')).toBe(1);
    const other = await app.data(SEND, { input: { ...input, message: { ...input.message, text: 'y' } } });
    expect(other.send).toMatchObject({
      submission: null,
      userErrors: [{ code: 'CONFLICT', field: ['input', 'idempotencyKey'] }],
    });
    const stranger = await app.user('keys');
    const theirs = await app.data(SEND, { input }, stranger.token);
    expect(theirs.send).toMatchObject({ submission: null, userErrors: [{ code: 'NOT_FOUND' }] });
  });

  it.each(['google', 'microsoft'])('%s: sends although the first request failed', async (vendor) => {
    const integration = integrations.find((one) => vendorOf(one) === vendor);
    await app.control('/faults', { vendor, operation: SEND_OPERATION[vendor], status: 503, times: 1 });
    const { submission } = await send(`Not through ${vendor}`, {}, integration);
    await ended(submission.id, 'SENT');
    expect(await read(submission.id)).toMatchObject({ attempts: 2, problem: null });
    expect(await copies(`Not through ${vendor}`)).toBe(1);
  });
});

describe('a scheduled submission', () => {
  it('is not sent before its time, and not at all when it was cancelled', async () => {
    const since = Date.now();
    const { submission } = await send('Undone', { undoSeconds: 10 });
    expect(submission).toMatchObject({ status: 'SCHEDULED', attempts: 0, undoUntil: expect.any(String) });
    expect(await cancel(submission.id)).toMatchObject({ submission: { status: 'CANCELLED' }, userErrors: [] });
    expect(await cancel(submission.id)).toMatchObject({ submission: { status: 'CANCELLED' }, userErrors: [] });

    const sends = integrations.flatMap((integration) => [
      send('Undoable', { undoSeconds: 4 }, integration),
      send('Scheduled', { sendAt: soon(4_000) }, integration),
    ]);
    const scheduled = (await Promise.all(sends)).map(({ submission: one }) => one);
    for (const one of scheduled) await ended(one.id, 'SENT');
    for (const integration of integrations) {
      const own = scheduled.filter((one) => one.integration.id === integration.id);
      const earliest = Math.min(...own.map((one) => Date.parse(one.undoUntil ?? one.sendAt)));
      expect(await orderedAt(vendorOf(integration), since)).toBeGreaterThanOrEqual(earliest);
    }
    expect(await cancel(scheduled[0]?.id ?? '')).toMatchObject({
      submission: null,
      userErrors: [{ code: 'CONFLICT', message: expect.stringContaining('already sent') }],
    });

    // The submissions are processed in the order of their times, so the first one would have been sent before this one.
    const after = new Date(Date.parse(submission.undoUntil) + 100).toISOString();
    await ended((await send('The next one', { sendAt: after })).submission.id, 'SENT');
    expect(await read(submission.id)).toMatchObject({ status: 'CANCELLED', attempts: 0 });
    expect([await copies('Undone'), await copies('Undone', 'DRAFTS')]).toEqual([0, 0]);
  });

  it('is either sent or cancelled when both happen at the same time', async () => {
    const dueAt = Date.now() + 1_500;
    const sent = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        send(`Race ${n}`, { sendAt: new Date(dueAt).toISOString() }, integrations[n % 2]),
      ),
    );
    const outcomes = await Promise.all(
      sent.map(async ({ submission }, n) => {
        await delay(dueAt - Date.now() - 50 + n * 40);
        return cancel(submission.id);
      }),
    );
    for (const [n, outcome] of outcomes.entries()) {
      const cancelled = outcome.submission?.status === 'CANCELLED';
      if (!cancelled) expect(outcome).toMatchObject({ submission: null, userErrors: [{ code: 'CONFLICT' }] });
      await ended(sent[n]?.submission.id ?? '', cancelled ? 'CANCELLED' : 'SENT');
      expect(await copies(`Race ${n}`)).toBe(cancelled ? 0 : 1);
    }
  });

  it('is sent at the start when it fell due while the server was down', async () => {
    const dueAt = Date.now() + 3_000;
    const { submission } = await send('While down', { sendAt: new Date(dueAt).toISOString() });
    await app.restart(() => delay(dueAt - Date.now()));
    await ended(submission.id, 'SENT');
    expect(await copies('While down')).toBe(1);
  });

  it('is refused after more than a year, or with more than two minutes to undo', async () => {
    expect(await send('Far', { sendAt: soon(400 * 86_400_000) })).toMatchObject({
      submission: null,
      userErrors: [{ code: 'INVALID', field: ['input', 'sendAt'] }],
    });
    expect(await send('Long', { undoSeconds: 121 })).toMatchObject({
      userErrors: [{ code: 'INVALID', field: ['input', 'undoSeconds'] }],
    });
    expect(await send('Negative', { undoSeconds: -1 })).toMatchObject({
      userErrors: [{ code: 'INVALID', field: ['input', 'undoSeconds'] }],
    });
    const far = await send('Nearly a year', { sendAt: soon(364 * 86_400_000) });
    expect(far.submission.status).toBe('SCHEDULED');
    expect((await cancel(far.submission.id)).submission.status).toBe('CANCELLED');
    await ended((await send('Past', { sendAt: soon(-86_400_000) })).submission.id, 'SENT');
  });

  it('waits for an account to be connected again', async () => {
    const someone = await app.user('waiting');
    const id = await app.connect(someone.token, 'GMAIL', 'waiting@gmail.example');
    await app.control('/expire-tokens', { vendor: 'google', account: 'waiting@gmail.example' });
    await app.control('/revoke', { vendor: 'google', account: 'waiting@gmail.example' });
    const message = { integration: id, to: [{ address: 'a@example.org' }], subject: 'Waiting', text: 'x' };
    const sent = await app.data(SEND, { input: { idempotencyKey: 'waiting', message } }, someone.token);
    const now = async () => (await app.data(NODE, { id: sent.send.submission.id }, someone.token)).node;
    await expect
      .poll(now, THROUGH_RETRIES)
      .toMatchObject({ status: 'SENDING', attempts: 0, problem: { code: 'RECONNECT_REQUIRED' } });
    await app.connect(someone.token, 'GMAIL', 'waiting@gmail.example');
    await expect.poll(now, THROUGH_RETRIES).toMatchObject({ status: 'SENT', problem: null });
  });
});

it('sends a draft unchanged', async () => {
  for (const integration of integrations) {
    const subject = `A draft of ${integration.provider.id}`;
    const save = graphql(
      `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id } userErrors { message } } }`,
    );
    const input = { integration: integration.id, to: [{ address: 'a@example.org' }], subject, text: 'x' };
    const { draft } = (await app.data(save, { input })).saveDraft;
    const kept = await app.data(SEND, {
      input: { idempotencyKey: `draft ${++keys}`, draft: draft.id, undoSeconds: 60 },
    });
    await cancel(kept.send.submission.id);
    expect(await copies(subject, 'DRAFTS')).toBe(1);
    const { submission } = (await app.data(SEND, { input: { idempotencyKey: `draft ${++keys}`, draft: draft.id } }))
      .send;
    await ended(submission.id, 'SENT');
    expect(await read(submission.id)).toMatchObject({ attempts: 1, problem: null });
    expect([await copies(subject), await copies(subject, 'DRAFTS')]).toEqual([1, 0]);
    const again = await app.data(SEND, { input: { idempotencyKey: `draft ${++keys}`, draft: draft.id } });
    expect(again.send).toMatchObject({
      submission: null,
      userErrors: [{ code: 'CONFLICT', field: ['input', 'draft'] }],
    });
  }
});

it('lists what was sent, page by page and by status, and not to another user', async () => {
  const LIST = graphql(
    `query ($first: Int, $after: Cursor, $status: [SubmissionStatus!]) { viewer { submissions(first: $first, after: $after, status: $status) { nodes { id status } pageInfo { hasNextPage endCursor } } } }`,
  );
  for (let n = 0; n < 3; n++) await ended((await send(`Listed ${n}`)).submission.id, 'SENT');
  const whole = (await app.data(LIST, { first: 100 })).viewer.submissions.nodes;
  const page = (after: string | null) => app.data(LIST, { first: 2, after });
  const paged: unknown[] = [];
  for (let after: string | null = null; ; ) {
    const { viewer }: Awaited<ReturnType<typeof page>> = await page(after);
    const { nodes, pageInfo } = viewer.submissions;
    paged.push(...nodes);
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  expect(paged).toEqual(whole);
  const cancelled = (await app.data(LIST, { first: 100, status: ['CANCELLED'] })).viewer.submissions.nodes;
  expect(cancelled).toEqual(whole.filter((one) => one.status === 'CANCELLED'));
  const stranger = await app.user('lists');
  expect((await app.data(LIST, { first: 100 }, stranger.token)).viewer.submissions.nodes).toEqual([]);
  expect((await app.data(NODE, { id: whole[0]?.id }, stranger.token)).node).toBeNull();
  expect((await app.data(CANCEL, { id: whole[0]?.id }, stranger.token)).cancelSubmission).toMatchObject({
    submission: null,
    userErrors: [{ code: 'NOT_FOUND' }],
  });
});

it('sends an event for each step, ends with the outcome, and resumes with its cursor', async () => {
  const WATCH = graphql(
    `subscription ($id: ID, $after: Cursor) { submissionChanged(id: $id, after: $after) { cursor submission { id status } } }`,
  );
  const client = createClient({
    url: `${app.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${app.token}` },
  });
  clients.push(client);
  const watch = (variables: Record<string, unknown>) =>
    client.iterate<Present<ResultOf<typeof WATCH>>>({ query: documentText(WATCH), variables });
  // An event shows the status of its row, so the submission stays SENDING until that event was received.
  const vendor = vendorOf(integrations[0]);
  await app.control('/faults', { vendor, operation: SEND_OPERATION[vendor], hang: 'release' });
  const { submission } = await send('Watched', { undoSeconds: 8 });
  const steps: { cursor: string; submission: { status: string } }[] = [];
  for await (const { data } of watch({ id: submission.id })) {
    if (data) steps.push(data.submissionChanged);
    if (data?.submissionChanged.submission.status === 'SENDING') await app.control('/faults', undefined, 'DELETE');
  }
  const statuses = steps.map((step) => step.submission.status);
  expect([...new Set(statuses)]).toEqual(['SCHEDULED', 'SENDING', 'SENT']);
  const away = await send('While away');
  const seen: string[] = [];
  for await (const { data } of watch({ after: steps.at(-1)?.cursor })) {
    if (data) seen.push(data.submissionChanged.submission.id);
    if (seen.includes(away.submission.id)) break;
  }
  expect(seen).toContain(away.submission.id);
});
