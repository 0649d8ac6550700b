import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, type Dumped, startApp, type TestApp } from '../support/app/app.ts';
import { Follower } from '../support/clients/follower.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

let app: TestApp;
let integration: string;
beforeAll(async () => {
  app = await startApp({ messages: 20, sendTimes: { minProbeMs: 100 } });
  const { integrations } = (await app.data(graphql(`{ viewer { integrations { id address } } }`))).viewer;
  integration = integrations.find(({ address }) => address.includes('outlook'))?.id ?? '';
  await app.control('/accounts', { vendor: 'google', address: 'zoe@gmail.example' });
});
afterEach(async () => {
  await app.control('/faults', undefined, 'DELETE');
  await app.control('/sending', { vendor: 'microsoft' });
});
afterAll(() => app.close());

graphql(
  `fragment SentSubmission on Submission { id status attempts problem { code message } message { id subject isDraft } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { ...SentSubmission } userErrors { message } } }`,
);
const SEND_OPERATION = 'POST /me/messages/{id}/send';

const send = async (subject: string) => {
  const message = { integration, to: [{ address: 'zoe@gmail.example' }], subject, text: 'Hello' };
  return (await app.data(SEND, { input: { idempotencyKey: subject, message } })).send.submission;
};
const read = async (id: string) =>
  (await app.data(graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { ...SentSubmission } } }`), { id }))
    .node;
const arrived = async (): Promise<number> =>
  (await app.control<Dumped[]>('/dump?vendor=google&account=zoe@gmail.example')).length;
const orders = async (): Promise<number> =>
  (await app.control<ControlLog>('/log?vendor=microsoft')).totals.byOperation[SEND_OPERATION] ?? 0;
const delaySending = (meanwhile: string, ids: string) =>
  app.control('/sending', { vendor: 'microsoft', lagSeconds: 3_600, meanwhile, ids });
const finishSending = (ids: string) => app.control('/sending', { vendor: 'microsoft', ids });

const WAYS = ['draft', 'absent'].flatMap((meanwhile) => ['kept', 'changed'].map((ids) => [meanwhile, ids] as const));

it.each(WAYS)(
  'names the sent copy as soon as there is one, and sends an event: meanwhile %s, id %s',
  async (meanwhile, ids) => {
    const subject = `Named ${meanwhile} ${ids}`;
    const [before, ordered] = [await arrived(), await orders()];
    await delaySending(meanwhile, ids);
    const submission = await send(subject);
    expect(submission).toMatchObject({ status: 'SENT', attempts: 1, problem: null, message: null });
    const watch = graphql(
      `subscription ($after: Cursor) { submissionChanged(after: $after) { cursor submission { id message { subject isDraft } } } }`,
    );
    const follower = new Follower(app.url, app.token, watch, {});
    await follower.opened;
    // The search for the sent copy continues after a restart.
    if (ids === 'changed') await app.restart();
    expect(await arrived()).toBe(before);
    await finishSending(ids);
    await expect
      .poll(async () => (await read(submission.id)).message, THROUGH_RETRIES)
      .toMatchObject({ subject, isDraft: false });
    const named = { submission: { id: submission.id, message: { subject, isDraft: false } } };
    await expect.poll(() => follower.events).toContainEqual(expect.objectContaining(named));
    await follower.end();
    expect([await arrived(), await orders()]).toEqual([before + 1, ordered + 1]);
  },
);

it.each(WAYS)('sends once when the answer is lost: meanwhile %s, id %s', async (meanwhile, ids) => {
  const subject = `Lost ${meanwhile} ${ids}`;
  const [before, ordered] = [await arrived(), await orders()];
  await delaySending(meanwhile, ids);
  await app.control('/faults', { vendor: 'microsoft', operation: SEND_OPERATION, loseAnswer: true, times: 1 });
  const submission = await send(subject);
  // A message that is found nowhere may have been sent or not.
  const status = meanwhile === 'draft' ? 'SENT' : 'SENDING';
  await expect.poll(() => read(submission.id), THROUGH_RETRIES).toMatchObject({ status, attempts: 1, message: null });
  await finishSending(ids);
  await expect
    .poll(() => read(submission.id), THROUGH_RETRIES)
    .toMatchObject({ status: 'SENT', attempts: 1, problem: null, message: { subject, isDraft: false } });
  expect([await arrived(), await orders()]).toEqual([before + 1, ordered + 1]);
});
