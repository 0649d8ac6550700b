import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { pieces, uploadInPieces } from '../../src/providers/gmail/compose/upload.ts';
import { BatchWidth } from '../../src/providers/gmail/wire/batch-width.ts';
import { GmailClient } from '../../src/providers/gmail/wire/client.ts';
import { interactive } from '../support/app/lab.ts';

const PIECE = 1024 * 1024;
const message = randomBytes(2 * PIECE + 1000);

describe('a resumable upload', () => {
  let server: Server;
  let origin: string;
  let location: string | null;
  let received: Buffer;
  let ranges: string[];
  /** What Google does with each piece instead of accepting it. The first entry is for the first request. */
  let faults: ((piece: Buffer, response: ServerResponse) => undefined | 'take')[];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.method === 'POST') {
        response.writeHead(200, { location: location ?? `${origin}/session` }).end();
        return;
      }
      const piece = Buffer.concat(chunks);
      const range = request.headers['content-range'] ?? '';
      ranges.push(range);
      const fault = faults.shift();
      if (fault && fault(piece, response) !== 'take') return;
      received = Buffer.concat([received, piece]);
      if (range.endsWith(`/${received.length}`)) response.writeHead(200).end(JSON.stringify({ id: 'the draft' }));
      else goOn(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    location = null;
    received = Buffer.alloc(0);
    ranges = [];
    faults = [];
  });

  const goOn = (response: ServerResponse) =>
    response.writeHead(308, received.length > 0 ? { range: `bytes=0-${received.length - 1}` } : {}).end();
  const keep = (length: number) => (piece: Buffer, response: ServerResponse) => {
    received = Buffer.concat([received, piece.subarray(0, length)]);
    response.destroy();
    return undefined;
  };
  const upload = (given: { beforeLast?: () => Promise<void>; maxBytes?: number } = {}) => {
    const limiter = {
      request: <T>(_: unknown, call: { signal: AbortSignal }, attempt: (s: AbortSignal) => Promise<T>) =>
        attempt(call.signal),
      stream: () => Promise.reject(new Error('there is no file')),
      maxSlots: 10,
    };
    const account = {
      address: 'me@gmail.example',
      access: 'WRITE' as const,
      scopes: [],
      limiter,
      accessToken: async () => 'token',
    };
    return uploadInPieces(
      new GmailClient(origin, account, new BatchWidth()),
      {
        operation: 'drafts.create',
        path: '/gmail/v1/users/me/drafts?uploadType=resumable',
        metadata: {},
        message: chunked(message, 10_007),
        maxBytes: given.maxBytes ?? 1e9,
        beforeLast: given.beforeLast ?? (async () => undefined),
      },
      interactive(),
    );
  };

  it('sends whole pieces, and states the total length with the last one', async () => {
    const beforeLast = vi.fn(async () => expect(received).toHaveLength(2 * PIECE));
    expect(await upload({ beforeLast })).toEqual({ id: 'the draft' });
    expect(beforeLast).toHaveBeenCalledOnce();
    expect(received.equals(message)).toBe(true);
    expect(ranges).toEqual([
      `bytes 0-${PIECE - 1}/*`,
      `bytes ${PIECE}-${2 * PIECE - 1}/*`,
      `bytes ${2 * PIECE}-${message.length - 1}/${message.length}`,
    ]);
  });

  it.each([
    ['none of a piece arrived', 0],
    ['part of it arrived', 256 * 1024],
    ['all of it arrived', PIECE],
  ])('continues from what Google has: %s', async (_, length) => {
    faults = [() => 'take', keep(length)];
    expect(await upload()).toEqual({ id: 'the draft' });
    expect(received.equals(message)).toBe(true);
    expect(ranges[2]).toBe('bytes */*');
  });

  it('continues when Google accepted less than it was sent', async () => {
    faults = [
      (piece, response) => {
        received = piece.subarray(0, 512 * 1024);
        goOn(response);
        return undefined;
      },
    ];
    expect(await upload()).toEqual({ id: 'the draft' });
    expect(received.equals(message)).toBe(true);
  });

  it('asks again for an answer that was lost, instead of sending the piece twice', async () => {
    faults = [() => 'take', () => 'take', keep(PIECE)];
    expect(await upload()).toEqual({ id: 'the draft' });
    expect(ranges.at(-1)).toBe(`bytes */${message.length}`);
    expect(received.equals(message)).toBe(true);
  });

  it('does not finish when the check before the last piece fails', async () => {
    const beforeLast = async () => Promise.reject(new Error('changed elsewhere'));
    await expect(upload({ beforeLast })).rejects.toThrow('changed elsewhere');
    expect(received).toHaveLength(2 * PIECE);
  });

  it('gives up a session that is lost, or that would send the token to another host', async () => {
    faults = [(_, response) => void response.writeHead(404).end('{}')];
    await expect(upload()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    location = 'https://evil.example/session';
    await expect(upload()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    location = 'https://evilgoogleapis.com/session';
    await expect(upload()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('stops at the limit', async () => {
    await expect(upload({ maxBytes: PIECE + 1 })).rejects.toMatchObject({ code: 'INVALID' });
    expect(received).toHaveLength(PIECE);
  });
});

it.each([0, 1, 9, 10, 11, 20, 25])('cuts %i bytes into pieces of ten', async (length) => {
  const whole = randomBytes(length);
  const cut: { bytes: Buffer; isLast: boolean }[] = [];
  for await (const piece of pieces(chunked(whole, 3), 10)) cut.push(piece);
  expect(Buffer.concat(cut.map(({ bytes }) => bytes)).equals(whole)).toBe(true);
  expect(cut.map(({ isLast }) => isLast)).toEqual([...cut.slice(1).map(() => false), true]);
  expect(cut.slice(0, -1).every(({ bytes }) => bytes.length === 10)).toBe(true);
});

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
