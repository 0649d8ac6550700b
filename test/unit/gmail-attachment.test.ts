import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestLimiter } from '../../src/providers/contract/call.ts';
import { readAttachment, readRaw } from '../../src/providers/gmail/read/attachment.ts';
import { getMessages } from '../../src/providers/gmail/read/messages.ts';
import { BatchWidth } from '../../src/providers/gmail/wire/batch-width.ts';
import { GmailClient } from '../../src/providers/gmail/wire/client.ts';

const base64url = (value: string | Buffer) => Buffer.from(value).toString('base64url');
const inner = 'Subject: inner\r\n\r\nhello\r\n';
const raw = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--b--\r\n`;
const payload = {
  mimeType: 'multipart/mixed',
  parts: [
    { partId: '0', mimeType: 'text/plain', body: { size: 3, attachmentId: 'long-text' } },
    {
      partId: '1',
      mimeType: 'message/rfc822',
      filename: '',
      body: { size: 0 },
      parts: [{ partId: '1.0', mimeType: 'text/plain' }],
    },
    { partId: '2', mimeType: 'application/pdf', filename: 'a.pdf', body: { size: 3, attachmentId: 'only-now' } },
    { partId: '3', mimeType: 'image/gif', filename: 'b.gif', body: { size: 3, data: base64url('gif') } },
  ],
};

/** A limiter without limits. */
const open: RequestLimiter = {
  request: (_, { signal }, attempt) => attempt(signal),
  stream: async (_, { signal }, attempt) => (await attempt(signal)) ?? new ReadableStream(),
  maxSlots: 10,
};

describe('a part of a message', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const call = { signal: new AbortController().signal, priority: 'interactive' } as const;

  async function connect(cut = false) {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const answers: [RegExp, object][] = [
        [/attachments\/long-text/, { data: base64url(Buffer.from('\xfcml', 'latin1')) }],
        [/attachments\/only-now/, { data: base64url('pdf') }],
        [/format=raw/, { raw: base64url(raw) }],
        [/messages\/m/, { id: 'm', payload }],
      ];
      const json = JSON.stringify(answers.find(([path]) => path.test(`${request.url}${body}`))?.[1] ?? {});
      if (!request.url?.startsWith('/base/batch')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(cut ? json.slice(0, 12) : json);
        return;
      }
      const part = `--b\r\nContent-Type: application/http\r\nContent-ID: <response-item-0>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n${json}\r\n--b--\r\n`;
      response.writeHead(200, { 'content-type': 'multipart/mixed; boundary=b' }).end(part);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
    const account = {
      address: 'a@example.org',
      access: 'READ',
      scopes: [],
      limiter: open,
      accessToken: async () => 't',
    } as const;
    return new GmailClient(origin, account, new BatchWidth());
  }
  const text = async (stream: Promise<ReadableStream<Uint8Array>>) => new Response(await stream).text();

  it('is found by its position, inline or fetched', async () => {
    const client = await connect();
    expect(await text(readAttachment(client, 'm', '2', call))).toBe('pdf');
    expect(await text(readAttachment(client, 'm', '3', call))).toBe('gif');
    await expect(readAttachment(client, 'm', '1.0', call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is found among the parts that were listed once for all files of one read', async () => {
    const client = await connect();
    const listed: string[] = [];
    server?.on('request', ({ url }) => /messages\/m\?/.test(url ?? '') && listed.push(url ?? ''));
    const together = { ...call, signal: new AbortController().signal };
    const read = (part: string) => text(readAttachment(client, 'm', part, together));
    expect(await Promise.all(['2', '3', '2'].map(read))).toEqual(['pdf', 'gif', 'pdf']);
    expect(await read('3')).toBe('gif');
    expect(listed).toHaveLength(1);
    expect(await text(readAttachment(client, 'm', '3', call))).toBe('gif');
    expect(listed).toHaveLength(2);
  });

  it('is looked up again after its message could not be read', async () => {
    const { origin, options: account } = await connect();
    const failures = [new Error('away')];
    const limiter: RequestLimiter = {
      ...open,
      request: async (_, { signal }, attempt) => {
        const failure = failures.pop();
        if (failure) throw failure;
        return attempt(signal);
      },
    };
    const client = new GmailClient(origin, { ...account, limiter }, new BatchWidth());
    await expect(readAttachment(client, 'm', '3', call)).rejects.toThrow('away');
    expect(await text(readAttachment(client, 'm', '3', call))).toBe('gif');
  });

  it('is cut out of the raw mail when it is a message of which Gmail lists only the parts', async () => {
    expect((await text(readAttachment(await connect(), 'm', '1', call))).trim()).toBe(inner.trim());
  });

  it('is fetched into the body when it is a long text, and decoded when Gmail did not', async () => {
    const [message] = await getMessages(await connect(), ['m'], 'full', call);
    expect(message).toMatchObject({ content: { text: 'üml' }, hasAttachments: true });
  });

  it('streams the raw mail, and fails when the stream breaks off', async () => {
    expect(await text(readRaw(await connect(), 'm', call))).toBe(raw);
    server?.close();
    await expect(text(readRaw(await connect(true), 'm', call))).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});
