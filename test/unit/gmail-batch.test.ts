import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { RequestLimiter } from '../../src/providers/contract/call.ts';
import { runBatch } from '../../src/providers/gmail/wire/batch.ts';
import { BatchWidth } from '../../src/providers/gmail/wire/batch-width.ts';
import { GmailClient } from '../../src/providers/gmail/wire/client.ts';
import { decodeBatch, encodeBatch } from '../../src/providers/gmail/wire/multipart.ts';

const decoded = (type: string, text: string, count: number, length = 7) => {
  async function* body() {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  }
  return decodeBatch(type, body(), count);
};
const answer = (items: readonly { id?: string; status: number; body: string; headers?: string }[]) =>
  `${items
    .map(
      ({ id, status, body, headers = '' }) =>
        `--b\r\nContent-Type: application/http\r\n${id === undefined ? '' : `Content-ID: <response-${id}>\r\n`}\r\nHTTP/1.1 ${status} X\r\n${headers}Content-Type: application/json\r\n\r\n${body}\r\n`,
    )
    .join('')}--b--\r\n`;

describe('the batch format', () => {
  it('writes whole requests, each with its position', () => {
    const text = encodeBatch(
      [
        { method: 'GET', path: '/gmail/v1/a' },
        { method: 'POST', path: '/gmail/v1/b', body: { ü: 1 } },
      ],
      'b',
    );
    expect(text).toContain(
      '--b\r\nContent-Type: application/http\r\nContent-ID: <item-0>\r\n\r\nGET /gmail/v1/a HTTP/1.1\r\n\r\n',
    );
    expect(text).toContain('Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{"ü":1}\r\n');
    expect(text.endsWith('\r\n--b--\r\n')).toBe(true);
  });

  it('matches answers by Content-ID in any order, or else by order', async () => {
    const named = await decoded(
      'multipart/mixed; boundary=b',
      answer([
        { id: 'item-1', status: 200, body: '{"n":1}' },
        { id: 'item-0', status: 404, body: '{}' },
      ]),
      2,
    );
    expect(named.get(0)?.status).toBe(404);
    expect(named.get(1)).toMatchObject({ status: 200, body: { n: 1 } });
    const unnamed = await decoded('multipart/mixed; boundary="b"', answer([{ status: 200, body: '{"n":0}' }]), 1);
    expect(unnamed.get(0)?.body).toEqual({ n: 0 });
  });

  it('rejects half an answer, an unknown position and a missing boundary', async () => {
    const cut = answer([
      { id: 'item-0', status: 200, body: '{"n":0}' },
      { id: 'item-1', status: 200, body: '{"n":1}' },
    ]).slice(0, -25);
    expect([...(await decoded('multipart/mixed; boundary=b', cut, 2)).keys()]).toEqual([0]);
    expect(
      (await decoded('multipart/mixed; boundary=b', answer([{ id: 'item-9', status: 200, body: '{}' }]), 1)).size,
    ).toBe(0);
    expect((await decoded('text/html', '<html>', 1)).size).toBe(0);
  });

  it('reads the same however the answer is split on its way', async () => {
    const text = answer([
      { id: 'item-0', status: 200, body: '{"n":"\\u00fc \u00fc"}' },
      { id: 'item-1', status: 200, body: '{"n":"--b"}' },
    ]);
    for (let length = 1; length < 40; length++) {
      const read = await decoded('multipart/mixed; boundary=b', text, 2, length);
      expect([read.get(0)?.body, read.get(1)?.body]).toEqual([{ n: '\u00fc \u00fc' }, { n: '--b' }]);
    }
  });

  it('lets other work run between two long parts, and holds one part at a time', async () => {
    const body = JSON.stringify({ data: 'x'.repeat(300_000) });
    const turns: string[] = [];
    async function* parts() {
      for (let n = 0; n < 4; n++) {
        turns.push(`part ${n}`);
        setImmediate(() => turns.push('other'));
        yield Buffer.from(answer([{ id: `item-${n}`, status: 200, body }]).replace('--b--\r\n', ''));
      }
      yield Buffer.from('--b--\r\n');
    }
    const read = await decodeBatch('multipart/mixed; boundary=b', parts(), 4);
    expect(read.size).toBe(4);
    expect(turns.slice(0, 7)).toEqual(['part 0', 'part 1', 'other', 'other', 'part 2', 'other', 'part 3']);
  });

  it('reads Retry-After of a part', async () => {
    const limited = answer([{ id: 'item-0', status: 429, body: '{}', headers: 'Retry-After: 7\r\n' }]);
    expect((await decoded('multipart/mixed; boundary=b', limited, 1)).get(0)?.retryAfter).toBe('7');
  });
});

describe('a batch', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** A limiter that retries a transient failure at once, without limit. */
  const eager: RequestLimiter = {
    async request(cost, call, attempt) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(call.signal);
        } catch (error) {
          const isTransient =
            isMailError(error) && (error.code === 'RATE_LIMITED' || error.code === 'PROVIDER_UNAVAILABLE');
          if (!cost.safe || !isTransient || tries === 4) throw error;
        }
      }
    },
    stream: () => Promise.reject(new Error('there is no file')),
    maxSlots: 10,
  };
  type Attempt = (signal: AbortSignal) => Promise<unknown>;
  const call = { signal: new AbortController().signal, priority: 'interactive' } as const;

  async function serve(status: (path: string, request: number, token: string) => number) {
    const requests: string[][] = [];
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const paths = [...body.matchAll(/^GET (\S+)/gm)].map((match) => match[1] ?? '');
      requests.push(paths);
      const items = paths.map((path, index) => {
        const code = status(path, requests.length, request.headers.authorization ?? '');
        return {
          id: `item-${index}`,
          status: code,
          body: JSON.stringify(code === 200 ? { id: path } : { error: { code } }),
        };
      });
      response.writeHead(200, { 'content-type': 'multipart/mixed; boundary=b' }).end(answer(items));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const account = {
      scopes: [],
      limiter: eager,
      address: 'a@example.org',
      access: 'READ',
      accessToken: async (_: AbortSignal, rejected?: string) => (rejected ? 'new' : 'old'),
    } as const;
    return { client: new GmailClient(origin, account, new BatchWidth()), requests };
  }
  const parts = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ method: 'GET' as const, path: `/gmail/v1/${n}` }));

  it('holds at most fifty parts and answers in the order asked', async () => {
    const { client, requests } = await serve(() => 200);
    const results = await runBatch(client, 'messages.get', parts(120), call);
    expect(requests.map((paths) => paths.length).sort()).toEqual([20, 50, 50]);
    expect(results).toEqual(parts(120).map(({ path }) => ({ id: path })));
  });

  it('repeats only the parts that were limited, and returns the other failures as values', async () => {
    const { client, requests } = await serve((path, request) =>
      path.endsWith('/1') ? 404 : path.endsWith('/2') && request === 1 ? 429 : 200,
    );
    const results = await runBatch(client, 'messages.get', parts(4), call);
    expect(requests).toEqual([['/gmail/v1/0', '/gmail/v1/1', '/gmail/v1/2', '/gmail/v1/3'], ['/gmail/v1/2']]);
    expect(results[1]).toMatchObject({ code: 'NOT_FOUND' });
    expect(results[2]).toEqual({ id: '/gmail/v1/2' });
  });

  /** Answers 25 parts of each batch, and the rest with 429. */
  const answers25 = (counted: Map<number, number>) => (_path: string, request: number) => {
    counted.set(request, (counted.get(request) ?? 0) + 1);
    return (counted.get(request) ?? 0) > 25 ? 429 : 200;
  };

  it('sends what a batch was too wide for in narrower batches, and keeps to that width', async () => {
    const { client, requests } = await serve(answers25(new Map()));
    const results = await runBatch(client, 'messages.get', parts(50), call);
    expect(results).toEqual(parts(50).map(({ path }) => ({ id: path })));
    expect(requests.map((paths) => paths.length)).toEqual([50, 25]);
    for (let n = 0; n < 6; n++) await runBatch(client, 'messages.get', parts(50), call);
    expect(requests.slice(2).every((paths) => paths.length === 25)).toBe(true);
  });

  it('does not mistake a batch that was only too wide for a limit of the account', async () => {
    const { client, requests } = await serve(answers25(new Map()));
    // This limiter never retries, so a RATE_LIMITED for the whole account would be a result here.
    Object.assign(client, {
      limiter: { ...eager, request: (_cost: unknown, { signal }: typeof call, attempt: Attempt) => attempt(signal) },
    });
    const results = await runBatch(client, 'messages.get', parts(50), call);
    expect(results.some(isMailError)).toBe(false);
    expect(requests).toHaveLength(2);
  });

  it('narrows and tries again when no part is answered', async () => {
    const { client, requests } = await serve((_, request) => (request <= 2 ? 429 : 200));
    await runBatch(client, 'messages.get', parts(50), call);
    expect(requests.map((paths) => paths.length)).toEqual([50, 25, 12, 12, 12, 12, 2]);
  });

  it('widens again after many full batches, one step at a time', () => {
    const width = new BatchWidth();
    width.record(50, 25);
    for (let n = 0; n < 99; n++) width.record(25, 0);
    width.record(13, 0);
    expect(width.current).toBe(25);
    width.record(25, 0);
    expect(width.current).toBe(30);
    width.record(30, 3);
    expect(width.current, 'what passed before').toBe(25);
    width.record(25, 3);
    expect(width.current, 'when that no longer passes').toBe(12);
  });

  it.each([
    ['the rest is answered first', [26, 50, 50]],
    ['the rest is answered last', [50, 50, 26]],
  ])('does not measure the allowed width by the rest of a run, when %s', (_, batches) => {
    const width = new BatchWidth();
    for (const parts of batches) expect(width.record(parts, 1)).toBe(true);
    expect(width.current).toBe(25);
  });

  it('does not narrow for a few refused parts, which no width would reduce', () => {
    const width = new BatchWidth();
    expect(width.record(3, 3)).toBe(false);
    expect(width.current).toBe(50);
  });

  it('gives the error to the parts that stay unanswered', async () => {
    const { client } = await serve((path) => (path.endsWith('/0') ? 503 : 200));
    const results = await runBatch(client, 'messages.get', parts(2), call);
    expect(results[0]).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(results[1]).toEqual({ id: '/gmail/v1/1' });
  });

  it('renews a refused token once', async () => {
    const { client, requests } = await serve((_path, _request, token) => (token === 'Bearer new' ? 200 : 401));
    const results = await runBatch(client, 'messages.get', parts(2), call);
    expect(results.some(isMailError)).toBe(false);
    expect(requests).toHaveLength(2);
  });
});
