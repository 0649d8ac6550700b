import { type AddressInfo, connect } from 'node:net';
import { fastify } from 'fastify';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { mountUpload } from '../../src/server/routes/upload.route.ts';

const HEAD = 'POST /upload HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer t\r\n';
const ONE_STEP = 20_000;

let close = () => Promise.resolve();
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(async () => {
  vi.useRealTimers();
  await close();
});

/** Sends `step` bytes every twenty seconds, up to `times` times. Returns how often it could, and the answer. */
async function uploads(step: number, times: number): Promise<{ sent: number; answer: string }> {
  let stored = 0;
  const http = fastify();
  await mountUpload(http, {
    authenticate: () => ({ userId: 'u', sessionId: 's', expiresAt: new Date(Date.now() + 1e9) }) as never,
    uploads: {
      maxBytes: 1e9,
      discard: async () => {},
      store: async (_, { bytes }) => {
        for await (const piece of bytes) stored += piece.length;
        return { upload: 'u', filename: 'f', mimeType: 'm', sizeBytes: stored, expiresAt: new Date() };
      },
    },
  });
  await http.listen({ port: 0, host: '127.0.0.1' });
  const { port } = http.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  close = async () => {
    socket.destroy();
    await http.close();
  };
  let answer = '';
  let closed = false;
  socket
    .on('error', () => {})
    .on('data', (piece) => {
      answer += String(piece);
    })
    .on('close', () => {
      closed = true;
    });
  socket.write(`${HEAD}connection: close\r\ncontent-length: ${step * times}\r\n\r\n`);
  // The clock stands still while the bytes are on their way, however many turns of the event loop they take.
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise(setImmediate);
  };
  let sent = 0;
  while (sent < times && !closed) {
    socket.write(Buffer.alloc(step, 7));
    sent++;
    const expected = step * sent;
    await until(() => closed || stored >= expected);
    await vi.advanceTimersByTimeAsync(ONE_STEP);
  }
  await until(() => closed);
  return { sent, answer };
}

it('ends an upload that is too slow', async () => {
  expect((await uploads(10, 20)).sent).toBeLessThan(10);
});

it('reads an upload over a slow line to its end, however long that takes', async () => {
  const { sent, answer } = await uploads(40_000, 20);
  expect(sent).toBe(20);
  expect(answer).toContain('201 Created');
});
