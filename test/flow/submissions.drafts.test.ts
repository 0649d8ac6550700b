import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Data, startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let integrations: Data[];
beforeAll(async () => {
  app = await startApp({ messages: 20 });
  ({ integrations } = (await app.data('{ viewer { integrations { id address } } }')).viewer);
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

const FIELDS = 'id status attempts problem { code message }';
const SEND = `mutation ($input: SendInput!) { send(input: $input) { submission { ${FIELDS} } userErrors { code message field } } }`;
const SAVE =
  'mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id version } userErrors { code message field } } }';
const SENT =
  'query ($s: String) { viewer { messages(first: 10, search: $s, filter: { role: SENT }) { nodes { body { text } attachments { filename sizeBytes } } } } }';

let keys = 0;
const send = async (input: object, token?: string): Promise<Data> =>
  (await app.data(SEND, { input: { idempotencyKey: `drafts ${++keys}`, ...input } }, token)).send;
const save = async (input: object): Promise<Data> => (await app.data(SAVE, { input })).saveDraft.draft;
const read = async (id: string): Promise<Data> =>
  (await app.data(`query ($id: ID!) { node(id: $id) { ... on Submission { ${FIELDS} } } }`, { id })).node;
const sentCopies = async (subject: string): Promise<Data[]> =>
  (await app.data(SENT, { s: `subject:"${subject}"` })).viewer.messages.nodes;
const outcome = async (id: string): Promise<string> => {
  await expect.poll(async () => (await read(id)).status).not.toBe('SENDING');
  return (await read(id)).status;
};
const of = (vendor: string) => integrations.find(({ address }) => address.includes(vendor));
const ZOE = [{ address: 'zoe@example.org' }];

describe.each([
  {
    vendor: 'google',
    name: 'gmail',
    look: 'drafts.get',
    create: ['drafts.create'],
    revise: 'drafts.update',
    tell: 'drafts.send',
  },
  {
    vendor: 'microsoft',
    name: 'outlook',
    look: 'GET /me/messages/{id}',
    create: ['POST /me/messages', 'POST /me/messages/{id}/createReply'],
    revise: 'PATCH /me/messages/{id}',
    tell: 'POST /me/messages/{id}/send',
  },
])('$name', ({ vendor, name, look, create, revise, tell }) => {
  it('takes its own revision for no conflict, when the answer to it was lost', async () => {
    const subject = `Revised at ${name}`;
    const integration = of(name).id;
    const draft = await save({ integration, to: ZOE, subject, text: 'first' });
    await app.control('/faults', { vendor, operation: revise, loseAnswer: true, times: 1 });
    const { submission } = await send({
      message: { integration, draft: draft.id, ifVersion: draft.version, text: 'second' },
    });
    expect(await outcome(submission.id)).toBe('SENT');
    const copies = await sentCopies(subject);
    expect(copies.map(({ body }) => body.text.trim())).toEqual(['second']);
  });

  it('says of a draft that two submissions send that it was sent', async () => {
    const subject = `Twice at ${name}`;
    const draft = await save({ integration: of(name).id, to: ZOE, subject, text: 'x' });
    // So that both have seen the draft before one of them sends it.
    await app.control('/faults', { vendor, operation: tell, hang: 'release' });
    const both = Promise.all([send({ draft: draft.id }), send({ draft: draft.id })]);
    await expect.poll(async () => (await app.control<Data>('/faults'))[0].met).toBe(2);
    await app.control('/faults', undefined, 'DELETE');
    const answers = await both;
    for (const { submission } of answers) expect(await outcome(submission.id)).toBe('SENT');
    expect(await sentCopies(subject)).toHaveLength(1);
  });

  it('answers with the submission when the call was repeated and has sent the draft before this one looks at it', async () => {
    const draft = await save({ integration: of(name).id, to: ZOE, subject: `Repeated at ${name}`, text: 'x' });
    const input = { draft: draft.id, idempotencyKey: `repeated at ${name}` };
    await app.control('/faults', { vendor, operation: look, hang: 'release', times: 1 });
    const slow = send(input);
    await expect.poll(() => app.control('/faults')).toEqual([]);
    const { submission } = await send(input);
    expect(await outcome(submission.id)).toBe('SENT');
    await app.control('/faults', undefined, 'DELETE');
    expect(await slow).toMatchObject({ submission: { id: submission.id, status: 'SENT' }, userErrors: [] });
  });

  it('says in words that a draft is addressed to nobody, and keeps it', async () => {
    const draft = await save({ integration: of(name).id, subject: `To nobody at ${name}`, text: 'x' });
    const { submission } = await send({ draft: draft.id });
    expect(await outcome(submission.id)).toBe('FAILED');
    expect(await read(submission.id)).toMatchObject({
      attempts: 0,
      problem: { code: 'INVALID', message: expect.stringContaining('nobody') },
    });
    const kept = await app.data('query ($id: ID!) { node(id: $id) { id } }', { id: draft.id });
    expect(kept.node.id).toBe(draft.id);
  });

  it('keeps what was written in answer to a message that is gone when its time comes', async () => {
    const subject = `Gone at ${name}`;
    const integration = of(name).id;
    const original = await app.control('/deliver', { vendor, from: 'ada@example.org', subject, text: 'x' });
    const list =
      'query ($s: String) { viewer { messages(first: 10, search: $s) { nodes { id internetMessageId isDraft body { text } } } } }';
    const found = async (): Promise<Data[]> =>
      (await app.data(list, { s: `subject:"${subject}"` })).viewer.messages.nodes;
    const isIt = (one: Data) => `<${one.internetMessageId}>` === original.internetMessageId;
    await expect.poll(async () => (await found()).some(isIt)).toBe(true);
    const reply = (await found()).find(isIt)?.id;
    const message = { integration, reply, subject, text: 'An hour of work' };
    // Nothing that is sent gets further than its draft before the original is gone.
    for (const operation of create) await app.control('/faults', { vendor, operation, status: 503 });
    const { submission } = await send({ message });
    await expect.poll(async () => (await read(submission.id)).problem?.code).toBe('PROVIDER_UNAVAILABLE');
    const remove =
      'mutation ($ids: [ID!]!) { deleteForever(input: { ids: $ids }) { results { problem { message } } } }';
    expect((await app.data(remove, { ids: [reply] })).deleteForever.results).toEqual([{ problem: null }]);
    await app.control('/faults', undefined, 'DELETE');
    expect(await outcome(submission.id)).toBe('FAILED');
    const { problem } = await read(submission.id);
    expect(problem).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('among the drafts') });
    const drafts = (await found()).filter(({ isDraft }) => isDraft);
    expect(drafts.map(({ body }) => body.text.trim())).toEqual(['An hour of work']);
  });

  it('refuses at once what an account that may only read is to send in a month', async () => {
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

it('does not send a message whose file was cut off on its way into the draft', async () => {
  const upload = await fetch(`${app.url}/upload?filename=film.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}` },
    body: Buffer.alloc(4_000_000, 7),
  });
  const file = ((await upload.json()) as Data).upload;
  // Neither can the file be brought, nor what was begun be taken away again.
  await app.control('/faults', { vendor: 'microsoft', operation: 'PUT (uploadUrl)', status: 503 });
  await app.control('/faults', { vendor: 'microsoft', operation: 'DELETE /me/messages/{id}', status: 503 });
  const message = {
    integration: of('outlook').id,
    to: ZOE,
    subject: 'Cut off',
    text: 'See the film',
    attachments: [{ upload: file }],
  };
  const { submission } = await send({ message });
  await expect.poll(async () => (await read(submission.id)).problem?.code).toBeDefined();
  await app.control('/faults', undefined, 'DELETE');
  expect(await outcome(submission.id)).toBe('SENT');
  const copies = await sentCopies('Cut off');
  expect(copies.map(({ attachments }) => attachments.map((one: Data) => one.filename))).toEqual([['film.bin']]);
});

it('sends a message with its file once though its draft is not known everywhere for long', async () => {
  const upload = await fetch(`${app.url}/upload?filename=slow.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}` },
    body: Buffer.alloc(4_000_000, 7),
  });
  const file = ((await upload.json()) as Data).upload;
  await app.control('/replica-lag', { vendor: 'microsoft', seconds: 3_600, at: 'piece' });
  const attachments = [{ upload: file }];
  const message = { integration: of('outlook').id, to: ZOE, subject: 'Not everywhere', text: 'x', attachments };
  const { submission } = await send({ message });
  await expect
    .poll(() => read(submission.id))
    .toMatchObject({
      status: 'SENDING',
      problem: { code: 'PROVIDER_UNAVAILABLE' },
    });
  await app.control('/replica-lag', { vendor: 'microsoft', seconds: 0 });
  expect(await outcome(submission.id)).toBe('SENT');
  const copies = await sentCopies('Not everywhere');
  expect(copies.map((copy) => copy.attachments.map((one: Data) => one.filename))).toEqual([['slow.bin']]);
});

it('names the field of an id that is none', async () => {
  const { userErrors } = await send({ draft: 'rubbish' });
  expect(userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'draft'] }]);
  const other = await send({ message: { integration: 'rubbish', to: ZOE } });
  expect(other.userErrors).toMatchObject([{ code: 'BAD_USER_INPUT', field: ['input', 'message', 'integration'] }]);
  const cancel = 'mutation { cancelSubmission(input: { submission: "rubbish" }) { userErrors { code field } } }';
  const { cancelSubmission } = await app.data(cancel);
  expect(cancelSubmission.userErrors).toEqual([{ code: 'BAD_USER_INPUT', field: ['input', 'submission'] }]);
});
