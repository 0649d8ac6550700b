import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';

let app: TestApp;
let gmail: { id: string; address: string };
let outlook: typeof gmail;
beforeAll(async () => {
  app = await startApp({ messages: 20 });
  const { viewer } = await app.data(graphql(`{ viewer { integrations { id address } } }`));
  gmail = viewer.integrations.find((i) => i.address.includes('gmail')) as typeof gmail;
  outlook = viewer.integrations.find((i) => i.address.includes('outlook')) as typeof gmail;
});
afterAll(() => app.close());

graphql(
  `fragment ArrivedMail on Message { id subject from { address } to { address } internetMessageId inReplyTo references thread { id messageCount } body { text html } attachments { id filename mimeType isInline download { url } } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id status problem { message } } userErrors { code message field } } }`,
);
const STATUS = graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { status } } }`);
const SAVE = graphql(
  `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id version message { ...ArrivedMail } } userErrors { code message field } } }`,
);

let keys = 0;
const send = (message: object) => submit({ idempotencyKey: `composing-${++keys}`, message });
async function submit(input: Record<string, unknown>): Promise<void> {
  const { send } = await app.data(SEND, { input });
  expect(send.userErrors).toEqual([]);
  // The mutation waits for the answer for at most five seconds, so on a busy machine it may say SENDING.
  await expect.poll(async () => (await app.data(STATUS, { id: send.submission.id })).node.status).toBe('SENT');
}
async function save(input: Record<string, unknown>) {
  return (await app.data(SAVE, { input })).saveDraft;
}
/** Waits for the message with this subject in an account, and returns it. */
async function arrived(account: typeof gmail, subject: string, from: { address: string }) {
  const list = graphql(
    `query ($id: ID!) { node(id: $id) { ... on Integration { messages(first: 20) { nodes { ...ArrivedMail } } } } }`,
  );
  const look = async () => {
    const { node } = await app.data(list, { id: account.id });
    return node.messages.nodes.find((m) => m.subject === subject && m.from.address === from.address);
  };
  const message = `"${subject}" at ${account.address}`;
  await expect.poll(async () => (await look())?.subject, { message }).toBe(subject);
  return (await look()) as NonNullable<Awaited<ReturnType<typeof look>>>;
}
async function upload(bytes: Buffer, filename: string): Promise<string> {
  const response = await fetch(`${app.url}/upload?filename=${encodeURIComponent(filename)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bytes),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { upload: string }).upload;
}
const download = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());

it('sends replies with attachments between the accounts, in one conversation on both sides', async () => {
  const subject = 'Смета на ремонт 🎉';
  const file = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7) % 256));
  const to = [{ name: 'Outlook Демо', address: outlook.address }];
  const attachments = [{ upload: await upload(file, 'смета.bin') }];
  await send({ integration: gmail.id, to, subject, text: 'Смотрите файл.\n\nС уважением', attachments });

  const first = await arrived(outlook, subject, gmail);
  expect(first.attachments).toMatchObject([{ filename: 'смета.bin' }]);
  expect(await download(first.attachments[0]?.download.url ?? '')).toEqual(file);

  const picture = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64');
  await send({
    integration: outlook.id,
    reply: first.id,
    html: '<p>Danke! <img src="cid:dot@x"></p>',
    attachments: [
      { attachment: first.attachments[0]?.id, filename: 'zurück.bin' },
      { upload: await upload(picture, 'dot.gif'), inlineContentId: 'dot@x' },
    ],
  });
  const second = await arrived(gmail, `Re: ${subject}`, outlook);
  expect(second.inReplyTo).toEqual([first.internetMessageId]);
  expect(second.references).toEqual([first.internetMessageId]);
  expect(second.body.text).toMatch(/Danke![\s\S]*wrote:[\s\S]*> Смотрите файл\./);
  expect(second.body.html).toMatch(/Danke!.*<blockquote/s);
  const back = second.attachments.find((a) => a.filename === 'zurück.bin');
  expect(await download(back?.download.url ?? '')).toEqual(file);
  expect(second.attachments.find((a) => a.filename === 'dot.gif')).toMatchObject({ isInline: true });

  await send({ integration: gmail.id, reply: second.id, text: 'Bitte sehr' });
  const third = await arrived(outlook, `Re: ${subject}`, gmail);
  expect(third.references).toEqual([first.internetMessageId, second.internetMessageId]);
  expect(third.thread).toEqual({ id: first.thread.id, messageCount: 3 });
  const { node } = await app.data(
    graphql(`query ($id: ID!) { node(id: $id) { ... on Message { thread { messageCount } } } }`),
    {
      id: second.id,
    },
  );
  expect(node.thread.messageCount).toBe(3);
});

it('forwards a message from the other account without sending its bytes through the client', async () => {
  const file = Buffer.from('x'.repeat(300_000));
  const subject = 'To be passed on';
  const attachments = [{ upload: await upload(file, 'big.txt') }];
  await send({ integration: outlook.id, to: [{ address: gmail.address }], subject, html: '<b>Look</b>', attachments });
  const received = await arrived(gmail, subject, outlook);
  await send({ integration: gmail.id, forward: received.id, to: [{ address: outlook.address }], text: 'For you' });
  const passedOn = await arrived(outlook, `Fwd: ${subject}`, gmail);
  expect(passedOn.body.text).toMatch(/^For you[\s\S]*Forwarded message[\s\S]*Look/);
  expect(passedOn.body.html).toContain('<b>Look</b>');
  expect(await download(passedOn.attachments[0]?.download.url ?? '')).toEqual(file);

  await send({
    integration: outlook.id,
    forward: received.id,
    to: [{ address: gmail.address }],
    subject: 'Across',
    text: 'Here',
  });
  const across = await arrived(gmail, 'Across', outlook);
  expect(await download(across.attachments[0]?.download.url ?? '')).toEqual(file);
});

it('keeps a draft under one id, and says when it was changed elsewhere', async () => {
  for (const { id: integration } of [gmail, outlook]) {
    const { draft, userErrors } = await save({
      integration,
      subject: 'Half',
      text: 'One',
      to: [{ address: 'zoe@example.org' }],
    });
    expect(userErrors).toEqual([]);
    const attachments = [{ upload: await upload(Buffer.from('file'), 'file.txt') }];
    const second = (await save({ integration, draft: draft.id, ifVersion: draft.version, text: 'Two', attachments }))
      .draft;
    expect(second).toMatchObject({ id: draft.id, message: { subject: 'Half', to: [{ address: 'zoe@example.org' }] } });
    expect(second.version).not.toBe(draft.version);

    const conflict = await save({ integration, draft: draft.id, ifVersion: draft.version, text: 'Lost' });
    expect(conflict).toMatchObject({ draft: null, userErrors: [{ code: 'CONFLICT', field: ['input', 'ifVersion'] }] });
    expect(conflict.userErrors[0]?.message).toMatch(/changed elsewhere/);

    const third = (await save({ integration, draft: draft.id, ifVersion: second.version, subject: 'Whole' })).draft;
    const { node } = await app.data(
      graphql(`query ($id: ID!) { node(id: $id) { ... on Draft { version message { ...ArrivedMail } } } }`),
      { id: draft.id },
    );
    expect(node).toMatchObject({ version: third.version, message: { subject: 'Whole' } });
    expect(node.message.body.text.trim()).toBe('Two');
    expect((await download(node.message.attachments[0]?.download.url ?? '')).toString()).toBe('file');

    const DELETE = graphql(
      `mutation ($input: DraftInput!) { deleteDraft(input: $input) { draft userErrors { code field } } }`,
    );
    const stale = await app.data(DELETE, { input: { draft: draft.id, ifVersion: draft.version } });
    expect(stale.deleteDraft).toEqual({
      draft: null,
      userErrors: [{ code: 'CONFLICT', field: ['input', 'ifVersion'] }],
    });
    expect((await app.data(DELETE, { input: { draft: draft.id } })).deleteDraft).toEqual({
      draft: draft.id,
      userErrors: [],
    });
    expect((await app.data(graphql(`query ($id: ID!) { node(id: $id) { id } }`), { id: draft.id })).node).toBeNull();
    const again = await app.data(DELETE, { input: { draft: draft.id } });
    expect(again.deleteDraft).toEqual({ draft: null, userErrors: [{ code: 'NOT_FOUND', field: ['input', 'draft'] }] });
  }
});

it('keeps a draft in its conversation', async () => {
  for (const [account, other] of [
    [gmail, outlook],
    [outlook, gmail],
  ] as const) {
    const subject = `Place ${account.address}`;
    await send({ integration: other.id, to: [{ address: account.address }], subject, text: 'Well?' });
    const received = await arrived(account, subject, other);
    const { draft } = await save({ integration: account.id, reply: received.id });
    expect(draft.message).toMatchObject({
      subject: `Re: ${subject}`,
      to: [{ address: other.address }],
      thread: { id: received.thread.id },
    });
    const revised = (await save({ integration: account.id, draft: draft.id, text: 'So it is.' })).draft;
    expect(revised.message).toMatchObject({
      inReplyTo: [received.internetMessageId],
      thread: { id: received.thread.id },
    });
    const input = { idempotencyKey: `place-${account.id}`, draft: draft.id };
    await submit(input);
    const answer = await arrived(other, `Re: ${subject}`, account);
    expect(answer.inReplyTo).toEqual([received.internetMessageId]);
  }
});

it('names the field of an input that it refuses', async () => {
  const paths = async (input: object) =>
    (await save({ integration: gmail.id, ...input })).userErrors.map((e) => e.field);
  expect(await paths({ subject: 'x\r\nBcc: v@example.org' })).toEqual([['input', 'subject']]);
  expect(await paths({ to: [{ address: 'a@example.org' }, { address: 'no address' }] })).toEqual([
    ['input', 'to', '1', 'address'],
  ]);
  expect(await paths({ from: 'someone.else@example.org' })).toEqual([['input', 'from']]);
  expect(await paths({ attachments: [{ upload: 'rubbish', filename: '../x' }] })).toEqual([
    ['input', 'attachments', '0', 'filename'],
  ]);
  expect(await paths({ reply: 'rubbish' })).toEqual([['input', 'reply']]);
  const stranger = await app.user('stranger');
  const { saveDraft } = await app.data(SAVE, { input: { integration: gmail.id, text: 'x' } }, stranger.token);
  expect(saveDraft).toMatchObject({
    draft: null,
    userErrors: [{ code: 'NOT_FOUND', field: ['input', 'integration'] }],
  });
});
