import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { bodyOf } from '../support/clients/answer.ts';

const MAX = 6 * 1024 * 1024;
let app: TestApp;
let integrations: { id: string; address: string; provider: { id: string } }[];
beforeAll(async () => {
  app = await startApp({ messages: 5, env: { UPLOAD_MAX_BYTES: String(MAX) } });
  ({ integrations } = (await app.data(graphql(`{ viewer { integrations { id address provider { id } } } }`))).viewer);
});
afterAll(() => app.close());

const post = (init: RequestInit & { path?: string; token?: string | null } = {}) => {
  const { path = '/upload', token = app.token, headers, ...rest } = init;
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${app.url}${path}`, { method: 'POST', ...rest, headers: { ...authorization, ...headers } });
};
interface Uploaded {
  readonly upload: string;
  readonly expiresAt: string;
  readonly filename: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
}
const errorOf = async (response: Response) => {
  const [error] = (await bodyOf(response)).errors ?? [];
  return { status: response.status, message: error?.message, ...error?.extensions };
};
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an upload accepts', () => {
  it('the body itself, named by its header', async () => {
    const disposition = "attachment; filename*=UTF-8''%C3%84rger%20%E4%B8%96.csv";
    const response = await post({
      body: 'a,b\n1,2\n',
      headers: { 'content-type': 'text/csv', 'content-disposition': disposition },
    });
    expect(response.status).toBe(201);
    const { upload, expiresAt, ...rest } = (await response.json()) as Uploaded;
    expect(rest).toEqual({ filename: 'Ärger 世.csv', mimeType: 'text/csv', sizeBytes: 8 });
    expect(upload).toEqual(expect.any(String));
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  });

  it('a form with one file, and removes the path from its name', async () => {
    const form = new FormData();
    form.set('note', 'ignored');
    // The bytes are constant, because random ones sometimes begin like an MP3, and the type is detected.
    form.set('file', new File([Buffer.alloc(700_000, 7)], '../../etc/Grüße\u202e.pdf'));
    const response = await post({ body: form });
    expect(response.status).toBe(201);
    const { filename, sizeBytes, mimeType } = (await response.json()) as Uploaded;
    expect(filename).toMatch(/^Grüße_?\.pdf$/);
    expect({ sizeBytes, mimeType }).toEqual({ sizeBytes: 700_000, mimeType: 'application/octet-stream' });
  });

  it('a file of any declared type, and detects the real one', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
    const lying = await post({
      body: png,
      path: '/upload?filename=report.pdf',
      headers: { 'content-type': 'application/pdf' },
    });
    expect(await lying.json()).toMatchObject({ filename: 'report.pdf', mimeType: 'image/png' });
  });

  it('a body of unknown length, and an empty one', async () => {
    const stream = Readable.toWeb(Readable.from([Buffer.alloc(300_000, 1), Buffer.alloc(5, 2)])) as ReadableStream;
    const chunked = await post({ body: stream, duplex: 'half' } as RequestInit);
    expect(await chunked.json()).toMatchObject({ sizeBytes: 300_005, filename: 'attachment' });
    const form = new FormData();
    form.set('file', new File([], 'empty.txt', { type: 'text/plain' }));
    expect(await (await post({ body: form })).json()).toMatchObject({ sizeBytes: 0, filename: 'empty.txt' });
  });
});

describe('a refusal says why', () => {
  it('to a client that is not signed in', async () => {
    for (const token of [null, 'rubbish', 'x'.repeat(10_000)])
      expect(await errorOf(await post({ body: 'x', token }))).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });
  it('with the sizes, for a file that is too large, whether its length is declared or not', async () => {
    const body = Buffer.alloc(MAX + 1);
    expect(await errorOf(await post({ body }))).toMatchObject({ status: 413, maxBytes: MAX, sizeBytes: MAX + 1 });
    const stream = Readable.toWeb(Readable.from([Buffer.alloc(MAX), Buffer.alloc(1)])) as ReadableStream;
    expect(await errorOf(await post({ body: stream, duplex: 'half' } as RequestInit))).toMatchObject({
      status: 413,
      maxBytes: MAX,
    });
    const form = new FormData();
    form.set('file', new File([body], 'large.bin'));
    expect(await errorOf(await post({ body: form }))).toMatchObject({ status: 413, maxBytes: MAX });
    expect((await post({ body: Buffer.alloc(MAX) })).status).toBe(201);
  });
  it('for a request that is not an upload', async () => {
    expect(await errorOf(await post({ body: 'x', headers: { 'content-encoding': 'gzip' } }))).toMatchObject({
      status: 415,
    });
    expect(
      await errorOf(await post({ body: 'x', headers: { 'content-type': 'multipart/mixed; boundary=a' } })),
    ).toMatchObject({ status: 415 });
    expect((await errorOf(await post())).status).toBe(400);
    const empty = new FormData();
    empty.set('note', 'no file');
    expect((await errorOf(await post({ body: empty }))).status).toBe(400);
    const two = new FormData();
    two.append('file', new File(['1'], 'one.txt'));
    two.append('file', new File(['2'], 'two.txt'));
    expect((await errorOf(await post({ body: two }))).status).toBe(400);
    const headers = { 'content-type': 'multipart/form-data; boundary=a' };
    expect((await errorOf(await post({ body: 'not a form at all', headers }))).status).toBe(400);
    expect(
      (
        await errorOf(
          await post({ body: '--a\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\nbroken', headers }),
        )
      ).status,
    ).toBe(400);
    expect((await errorOf(await post({ body: 'x', headers: { 'content-type': 'multipart/form-data' } }))).status).toBe(
      400,
    );
  });
});

it('an upload that is interrupted does not stop the server', async () => {
  for (const promised of [{ 'content-length': '1000000' }, { 'transfer-encoding': 'chunked' }]) {
    await new Promise<void>((resolve) => {
      const broken = request(`${app.url}/upload`, {
        method: 'POST',
        headers: { authorization: `Bearer ${app.token}`, ...promised },
      });
      broken.on('error', () => resolve());
      broken.write(Buffer.alloc(400_000), () => broken.destroy(new Error('gone')));
    });
  }
  expect((await post({ body: 'still here' })).status).toBe(201);
});

it('an upload is attached byte for byte to a later message of either account, and never of another user', async () => {
  const bytes = randomBytes(1_500_000);
  const stranger = await app.user('uploads');
  for (const integration of integrations) {
    const { upload } = (await (await post({ body: bytes, path: '/upload?filename=data.bin' })).json()) as Uploaded;
    const message = {
      integration: integration.id,
      to: [{ address: 'zoe@example.org' }],
      subject: `With a file ${integration.provider.id}`,
      text: 'x',
      attachments: [{ upload }],
    };
    const SEND = graphql(
      `mutation ($input: SendInput!) { send(input: $input) { submission { id status } userErrors { code field } } }`,
    );
    const theirs = await app.connect(stranger.token, 'GMAIL', 'uploads@gmail.example');
    const stolen = await app.data(
      SEND,
      { input: { idempotencyKey: upload, message: { ...message, integration: theirs } } },
      stranger.token,
    );
    expect(stolen.send).toMatchObject({
      submission: null,
      userErrors: [{ code: 'NOT_FOUND', field: ['input', 'message', 'attachments', '0', 'upload'] }],
    });
    const { submission } = (await app.data(SEND, { input: { idempotencyKey: upload, message, undoSeconds: 1 } })).send;
    const read = async () =>
      (
        await app.data(
          graphql(
            `query ($id: ID!) { node(id: $id) { ... on Submission { status message { attachments { filename sizeBytes download { url } } } } } }`,
          ),
          { id: submission.id },
        )
      ).node;
    // The sent copy may be found a moment after the send.
    await expect.poll(async () => (await read()).message).toBeTruthy();
    const { status, message: sent } = await read();
    expect(status).toBe('SENT');
    const [attachment] = sent.attachments;
    expect(attachment?.filename).toBe('data.bin');
    const got = new Uint8Array(await (await fetch(attachment?.download.url ?? '')).arrayBuffer());
    expect(hash(got)).toBe(hash(bytes));
  }
});
