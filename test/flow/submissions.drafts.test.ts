import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type SetFault, startApp, type TestApp } from '../support/app/app.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

let app: TestApp;
let integrations: { id: string; address: string }[];
beforeAll(async () => {
  app = await startApp({
    messages: 20,
    providerTimes: { lagWaitsMs: [50, 100, 200, 400, 800] },
    sendTimes: { backoffsMs: [300, 600, 1_200, 2_400, 5_000], minProbeMs: 100 },
  });
  ({ integrations } = (await app.data(graphql(`{ viewer { integrations { id address } } }`))).viewer);
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

graphql(`fragment DraftSubmission on Submission { id status attempts problem { code message } }`);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { ...DraftSubmission } userErrors { code message field } } }`,
);
const SAVE = graphql(
  `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id version } userErrors { code message field } } }`,
);
const SENT = graphql(
  `query ($s: String) { viewer { messages(first: 10, search: $s, filter: { role: SENT }) { nodes { body { text } attachments { filename sizeBytes } } } } }`,
);

let keys = 0;
const send = async (input: object, token?: string) =>
  (await app.data(SEND, { input: { idempotencyKey: `drafts ${++keys}`, ...input } }, token)).send;
const save = async (input: object) => (await app.data(SAVE, { input })).saveDraft.draft;
const read = async (id: string) =>
  (await app.data(graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { ...DraftSubmission } } }`), { id }))
    .node;
const sentCopies = async (subject: string) =>
  (await app.data(SENT, { s: `subject:"${subject}"` })).viewer.messages.nodes;
const outcomeOf = async (id: string) => {
  await expect.poll(async () => (await read(id)).status, THROUGH_RETRIES).toMatch(/SENT|FAILED|UNKNOWN/);
  return read(id);
};
const outcome = async (id: string): Promise<string> => (await outcomeOf(id)).status;
const discard = async (draft: string) => {
  const mutation = graphql(
    `mutation ($draft: ID!) { deleteDraft(input: { draft: $draft }) { userErrors { code message } } }`,
  );
  return (await app.data(mutation, { draft })).deleteDraft.userErrors;
};
const accountAt = (vendor: string) => integrations.find(({ address }) => address.includes(vendor));
const ZOE = [{ address: 'zoe@example.org' }];

describe.each([
  {
    vendor: 'google',
    name: 'gmail',
    check: 'drafts.get',
    create: ['drafts.create'],
    revise: 'drafts.update',
    order: 'drafts.send',
    afterDelete: { status: 'FAILED', code: 'NOT_FOUND' },
  },
  {
    vendor: 'microsoft',
    name: 'outlook',
    check: 'GET /me/messages/{id}',
    create: ['POST /me/messages', 'POST /me/messages/{id}/createReply'],
    revise: 'PATCH /me/messages/{id}',
    order: 'POST /me/messages/{id}/send',
    // Exchange moves a deleted draft to another folder, where a send that is already running still finds it.
    afterDelete: { status: 'SENT', code: undefined },
  },
])('$name', ({ vendor, name, check, create, revise, order, afterDelete }) => {
  it('does not treat its own revision as a conflict, when the answer to it was lost', async () => {
    const subject = `Revised at ${name}`;
    const integration = accountAt(name)?.id;
    const draft = await save({ integration, to: ZOE, subject, text: 'first' });
    await app.control('/faults', { vendor, operation: revise, loseAnswer: true, times: 1 });
    const { submission } = await send({
      message: { integration, draft: draft.id, ifVersion: draft.version, text: 'second' },
    });
    expect(await outcome(submission.id)).toBe('SENT');
    const copies = await sentCopies(subject);
    expect(copies.map(({ body }) => body.text.trim())).toEqual(['second']);
  });

  it('sends a draft once, with several keys at the same time and later, unchanged or revised', async () => {
    const subject = `Once at ${name}`;
    const integration = accountAt(name)?.id;
    const draft = await save({ integration, to: ZOE, subject, text: 'x' });
    // All sends read the draft before one of them sends it.
    await app.control('/faults', { vendor, operation: order, hang: 'release' });
    const revision = { message: { integration, draft: draft.id, text: 'revised' } };
    const all = [{ draft: draft.id }, { draft: draft.id }, revision, { draft: draft.id }].map((input) => send(input));
    const refused: unknown[] = [];
    for (const one of all) void one.then((answer) => answer.submission ?? refused.push(...answer.userErrors));
    await expect.poll(() => refused.length).toBe(3);
    const conflict = {
      code: 'CONFLICT',
      message: expect.stringContaining('already, by submission'),
      field: expect.arrayContaining(['draft']),
    };
    expect(refused).toEqual([conflict, conflict, conflict]);
    await app.control('/faults', undefined, 'DELETE');
    const [accepted] = (await Promise.all(all)).flatMap(({ submission }) => submission ?? []);
    expect(await outcome(accepted?.id ?? '')).toBe('SENT');
    const late = await send({ draft: draft.id });
    expect(late).toMatchObject({ submission: null, userErrors: [{ code: 'CONFLICT', field: ['input', 'draft'] }] });
    expect(late.userErrors[0]?.message).toBe(`This draft was sent already, by submission ${accepted?.id}.`);
    expect(await sentCopies(subject)).toHaveLength(1);
  });

  it('lets a draft be sent with another key once the first was cancelled or failed', async () => {
    const subject = `Second try at ${name}`;
    const draft = await save({ integration: accountAt(name)?.id, subject, text: 'x' });
    const failed = await send({ draft: draft.id });
    expect(await outcome(failed.submission.id)).toBe('FAILED');
    const addressed = await save({ integration: accountAt(name)?.id, draft: draft.id, to: ZOE });
    const scheduled = await send({ draft: addressed.id, undoSeconds: 120 });
    const refused = await send({ draft: addressed.id });
    expect(refused.userErrors).toMatchObject([{ code: 'CONFLICT', message: expect.stringContaining('cancel that') }]);
    await app.data(
      graphql(`mutation ($id: ID!) { cancelSubmission(input: { submission: $id }) { submission { status } } }`),
      {
        id: scheduled.submission.id,
      },
    );
    const { submission } = await send({ draft: addressed.id });
    expect(await outcome(submission.id)).toBe('SENT');
    expect(await sentCopies(subject)).toHaveLength(1);
  });

  it('sends the version of a draft that was seen, and no other', async () => {
    const subject = `Seen at ${name}`;
    const integration = accountAt(name)?.id;
    const seen = await save({ integration, to: ZOE, subject, text: 'as seen' });
    const scheduled = await send({ draft: seen.id, ifVersion: seen.version, sendAt: new Date(Date.now() + 1_500) });
    const now = await save({ integration, draft: seen.id, text: 'changed' });
    expect(await outcomeOf(scheduled.submission.id)).toMatchObject({
      status: 'FAILED',
      attempts: 0,
      problem: { code: 'CONFLICT', message: expect.stringContaining('changed since') },
    });
    const stale = await send({ draft: now.id, ifVersion: seen.version });
    expect(stale).toMatchObject({
      submission: null,
      userErrors: [{ code: 'CONFLICT', field: ['input', 'ifVersion'] }],
    });
    const { submission } = await send({ draft: now.id, ifVersion: now.version });
    expect(await outcome(submission.id)).toBe('SENT');
    expect((await sentCopies(subject)).map(({ body }) => body.text.trim())).toEqual(['changed']);
  });

  it('reports the true outcome when a draft is deleted between the last check of it and the order to send', async () => {
    const subject = `Overtaken at ${name}`;
    const draft = await save({ integration: accountAt(name)?.id, to: ZOE, subject, text: 'x' });
    await app.control('/faults', { vendor, operation: order, hang: 'release' });
    const sending = send({ draft: draft.id });
    await expect.poll(async () => (await app.control<SetFault[]>('/faults'))[0]?.met).toBe(1);
    expect(await discard(draft.id)).toEqual([]);
    await app.control('/faults', undefined, 'DELETE');
    const { submission } = await sending;
    const { status, attempts, problem } = await outcomeOf(submission.id);
    expect({ status, attempts, code: problem?.code }).toEqual({ attempts: 1, ...afterDelete });
    expect(await sentCopies(subject)).toHaveLength(afterDelete.status === 'SENT' ? 1 : 0);
  });

  it('ends FAILED where its draft was deleted before its time came', async () => {
    const subject = `Waits at ${name}`;
    const draft = await save({ integration: accountAt(name)?.id, to: ZOE, subject, text: 'x' });
    const scheduled = await send({ draft: draft.id, sendAt: new Date(Date.now() + 1_500) });
    expect(await discard(draft.id)).toEqual([]);
    expect(await outcomeOf(scheduled.submission.id)).toMatchObject({
      status: 'FAILED',
      attempts: 0,
      problem: { code: 'NOT_FOUND', message: expect.stringContaining('deleted') },
    });
  });

  it('keeps the text of a revision whose draft was deleted before its time came', async () => {
    const subject = `Revision of nothing at ${name}`;
    const integration = accountAt(name)?.id;
    const draft = await save({ integration, to: ZOE, subject, text: 'first' });
    const message = { integration, draft: draft.id, to: ZOE, subject, text: 'An hour of work' };
    const scheduled = await send({ message, sendAt: new Date(Date.now() + 1_500) });
    expect(await discard(draft.id)).toEqual([]);
    const { status, problem } = await outcomeOf(scheduled.submission.id);
    expect({ status, code: problem.code }).toEqual({ status: 'FAILED', code: 'NOT_FOUND' });
    expect(problem.message).toContain('among the drafts');
    const list = graphql(
      `query ($s: String) { viewer { messages(first: 10, search: $s) { nodes { isDraft body { text } } } } }`,
    );
    const { nodes } = (await app.data(list, { s: `subject:"${subject}"` })).viewer.messages;
    expect(nodes.map(({ isDraft, body }) => [isDraft, body.text.trim()])).toEqual([[true, 'An hour of work']]);
  });

  it('answers with the submission when a repetition of the call has sent the draft before the call reads it', async () => {
    const draft = await save({ integration: accountAt(name)?.id, to: ZOE, subject: `Repeated at ${name}`, text: 'x' });
    const input = { draft: draft.id, idempotencyKey: `repeated at ${name}` };
    await app.control('/faults', { vendor, operation: check, hang: 'release', times: 1 });
    const slow = send(input);
    await expect.poll(() => app.control('/faults')).toEqual([]);
    const { submission } = await send(input);
    expect(await outcome(submission.id)).toBe('SENT');
    await app.control('/faults', undefined, 'DELETE');
    expect(await slow).toMatchObject({ submission: { id: submission.id, status: 'SENT' }, userErrors: [] });
  });

  it('says that a draft has no recipient, and keeps it', async () => {
    const draft = await save({ integration: accountAt(name)?.id, subject: `To nobody at ${name}`, text: 'x' });
    const { submission } = await send({ draft: draft.id });
    expect(await outcome(submission.id)).toBe('FAILED');
    expect(await read(submission.id)).toMatchObject({
      attempts: 0,
      problem: { code: 'INVALID', message: expect.stringContaining('no recipient') },
    });
    const kept = await app.data(graphql(`query ($id: ID!) { node(id: $id) { id } }`), { id: draft.id });
    expect(kept.node.id).toBe(draft.id);
  });

  it('keeps the text of a reply whose original was deleted before its time came', async () => {
    const subject = `Gone at ${name}`;
    const integration = accountAt(name)?.id;
    const original = await app.control<{ internetMessageId: string }>('/deliver', {
      vendor,
      from: 'ada@example.org',
      subject,
      text: 'x',
    });
    const list = graphql(
      `query ($s: String) { viewer { messages(first: 10, search: $s) { nodes { id internetMessageId isDraft body { text } } } } }`,
    );
    const found = async () => (await app.data(list, { s: `subject:"${subject}"` })).viewer.messages.nodes;
    const isIt = (one: { internetMessageId: string }) => `<${one.internetMessageId}>` === original.internetMessageId;
    await expect.poll(async () => (await found()).some(isIt)).toBe(true);
    const reply = (await found()).find(isIt)?.id;
    const message = { integration, reply, subject, text: 'An hour of work' };
    // Every send fails when it creates its draft, until the original has been deleted.
    for (const operation of create) await app.control('/faults', { vendor, operation, status: 503 });
    const { submission } = await send({ message });
    await expect
      .poll(async () => (await read(submission.id)).problem?.code, THROUGH_RETRIES)
      .toBe('PROVIDER_UNAVAILABLE');
    const remove = graphql(
      `mutation ($ids: [ID!]!) { deleteForever(input: { ids: $ids }) { results { problem { message } } } }`,
    );
    expect((await app.data(remove, { ids: [reply] })).deleteForever.results).toEqual([{ problem: null }]);
    await app.control('/faults', undefined, 'DELETE');
    expect(await outcome(submission.id)).toBe('FAILED');
    const { problem } = await read(submission.id);
    expect(problem).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('among the drafts') });
    const drafts = (await found()).filter(({ isDraft }) => isDraft);
    expect(drafts.map(({ body }) => body.text.trim())).toEqual(['An hour of work']);
  });

  it('refuses at once a message that is scheduled in an account with READ access', async () => {
    const { token } = await app.user(`reader-${name}`);
    const address = `reader@${name}.example`;
    const integration = await app.connect(token, name === 'gmail' ? 'GMAIL' : 'OUTLOOK', address, 'READ');
    const message = { integration, to: ZOE, subject: 'Later', text: 'x' };
    const sendAt = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const answer = await app.query(SEND, { input: { idempotencyKey: 'reader', sendAt, message } }, token);
    expect(answer.errors?.[0]).toMatchObject({
      message: expect.stringContaining('READ'),
      extensions: { code: 'FORBIDDEN' },
    });
  });
});

it('does not send a message whose file was not completely uploaded into its draft', async () => {
  const upload = await fetch(`${app.url}/upload?filename=film.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}` },
    body: Buffer.alloc(4_000_000, 7),
  });
  const file = ((await upload.json()) as { upload: string }).upload;
  // The file cannot be uploaded, and the incomplete draft cannot be deleted.
  await app.control('/faults', { vendor: 'microsoft', operation: 'PUT (uploadUrl)', status: 503 });
  await app.control('/faults', { vendor: 'microsoft', operation: 'DELETE /me/messages/{id}', status: 503 });
  const message = {
    integration: accountAt('outlook')?.id,
    to: ZOE,
    subject: 'Cut off',
    text: 'See the film',
    attachments: [{ upload: file }],
  };
  const { submission } = await send({ message });
  await expect.poll(async () => (await read(submission.id)).problem?.code, THROUGH_RETRIES).toBeDefined();
  await app.control('/faults', undefined, 'DELETE');
  expect(await outcome(submission.id)).toBe('SENT');
  const copies = await sentCopies('Cut off');
  expect(copies.map(({ attachments }) => attachments.map((one) => one.filename))).toEqual([['film.bin']]);
});

it('sends a message with its file once, even if its draft is missing on some replicas for a long time', async () => {
  const upload = await fetch(`${app.url}/upload?filename=slow.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}` },
    body: Buffer.alloc(4_000_000, 7),
  });
  const file = ((await upload.json()) as { upload: string }).upload;
  await app.control('/replica-lag', { vendor: 'microsoft', seconds: 3_600, at: 'piece' });
  const attachments = [{ upload: file }];
  const message = { integration: accountAt('outlook')?.id, to: ZOE, subject: 'Not everywhere', text: 'x', attachments };
  const { submission } = await send({ message });
  await expect
    .poll(() => read(submission.id), THROUGH_RETRIES)
    .toMatchObject({
      status: 'SENDING',
      problem: { code: 'PROVIDER_UNAVAILABLE' },
    });
  await app.control('/replica-lag', { vendor: 'microsoft', seconds: 0 });
  expect(await outcome(submission.id)).toBe('SENT');
  const copies = await sentCopies('Not everywhere');
  expect(copies.map((copy) => copy.attachments.map((one) => one.filename))).toEqual([['slow.bin']]);
});

it('names the field of an invalid id', async () => {
  const { userErrors } = await send({ draft: 'rubbish' });
  expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'draft'] }]);
  const other = await send({ message: { integration: 'rubbish', to: ZOE } });
  expect(other.userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'message', 'integration'] }]);
  const cancel = graphql(
    `mutation { cancelSubmission(input: { submission: "rubbish" }) { userErrors { code field } } }`,
  );
  const { cancelSubmission } = await app.data(cancel);
  expect(cancelSubmission.userErrors).toEqual([{ code: 'BAD_USER_INPUT', field: ['input', 'submission'] }]);
});
