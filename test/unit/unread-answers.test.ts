import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { OperationQueueLimits } from '../../src/server/operation-queue/operation-queue.limits.ts';
import { MEGABYTE, startSmallGateway } from '../support/app/small-gateway.ts';
import { init, subscribe } from '../support/clients/socket.ts';

type Gateway = Awaited<ReturnType<typeof startSmallGateway>>;
const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
});
const start = async (limits: Partial<OperationQueueLimits> = {}): Promise<Gateway> => {
  const gateway = await startSmallGateway(limits);
  closers.push(() => gateway.close());
  return gateway;
};

const repeat = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const big = (name: string | number) => `{ big(name: "${name}") }`;
/** Waits until everything that was ready has run, many times over. */
const settle = async () => {
  for (let i = 0; i < 500; i++) await new Promise(setImmediate);
};

/** Connects a signed-in client that reads nothing until the test resumes it. */
async function silentClient(gateway: Gateway, user: string) {
  const ws = new WebSocket(`ws://127.0.0.1:${gateway.port}/graphql`, 'graphql-transport-ws');
  const messages: { type: string; id?: string; payload: string }[] = [];
  ws.on('error', () => {});
  await new Promise((resolve) => ws.once('open', resolve));
  ws.send(JSON.stringify(init(user)));
  await new Promise((resolve) => ws.once('message', resolve));
  ws.on('message', (data) => {
    const message = JSON.parse(String(data));
    messages.push({ ...message, payload: JSON.stringify(message.payload ?? null).slice(0, 200) });
  });
  ws.pause();
  closers.push(() => ws.terminate());
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const send = (...sent: object[]) => {
    for (const one of sent) ws.send(JSON.stringify(one));
  };
  const answered = () => messages.filter(({ type }) => type === 'complete').length;
  return { ws, messages, closed, send, answered };
}

/** Sends all requests at once on one HTTP connection, and reads nothing. */
function silentHttp(gateway: Gateway, user: string, names: readonly (string | number)[]) {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.pause();
  const requests = names.map((name) => {
    const body = JSON.stringify({ query: big(name) });
    const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${user}\r\ncontent-type: application/json`;
    return `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  });
  socket.write(requests.join(''));
  closers.push(() => socket.destroy());
  const answers: string[] = [];
  let unseen = '';
  socket.on('data', (chunk) => {
    // The beginning of an answer may be split across two pieces.
    const text = unseen + String(chunk);
    let end = text.length - 16;
    for (const found of text.matchAll(/"big":"(\w+) /g)) {
      answers.push(found[1] ?? '');
      end = Math.max(end, found.index + found[0].length);
    }
    unseen = text.slice(Math.max(end, 0));
  });
  return { socket, answers };
}

const LIMITS = {
  socketBytes: 2 * MEGABYTE,
  userBytes: 5 * MEGABYTE,
  socketRunning: 4,
  userRunning: 12,
  slowAfterMs: 60_000,
};

describe('answers that nobody reads', () => {
  it('over WebSocket are buffered up to the limits, and all arrive when the client resumes', async () => {
    const gateway = await start(LIMITS);
    const clients = await Promise.all(repeat(3, () => silentClient(gateway, 'ada')));
    for (const client of clients) client.send(...repeat(24, (i) => subscribe(big(i), String(i))));
    await expect.poll(() => gateway.buffered()).toBeGreaterThanOrEqual(LIMITS.userBytes);
    await settle();
    expect(gateway.operationQueue.unreadOf('ada')).toBe(gateway.buffered());
    expect(gateway.counts.peakBytes).toBeLessThan(LIMITS.userBytes + (LIMITS.userRunning + 1) * MEGABYTE);
    for (const socket of gateway.served)
      expect(socket.writableLength).toBeLessThan(LIMITS.socketBytes + (LIMITS.socketRunning + 1) * MEGABYTE);
    expect(gateway.counts.started).toBeLessThan(3 * 24);

    const other = await silentClient(gateway, 'bob');
    other.ws.resume();
    other.send(subscribe('{ small }', 'mine'));
    await expect.poll(other.answered).toBe(1);

    for (const { ws } of clients) ws.resume();
    for (const { answered } of clients) await expect.poll(answered).toBe(24);
    for (const { messages } of clients) {
      for (let i = 0; i < 24; i++) {
        const own = messages.filter(({ id }) => id === String(i));
        expect(own.map(({ type }) => type)).toEqual(['next', 'complete']);
        expect(own[0]?.payload).toContain(`"big":"${i} x`);
      }
    }
    expect(gateway.counts.peakBytes).toBeLessThan(LIMITS.userBytes + (LIMITS.userRunning + 1) * MEGABYTE);
    expect(gateway.buffered()).toBe(0);
  });

  it('over HTTP are buffered up to the same limits, pipelined or on many connections, and arrive in order', async () => {
    const gateway = await start(LIMITS);
    const clients = repeat(3, () =>
      silentHttp(
        gateway,
        'ada',
        repeat(20, (i) => i),
      ),
    );
    await expect.poll(() => gateway.counts.started).toBeGreaterThan(4);
    await settle();
    expect(gateway.counts.peakBytes).toBeLessThan(LIMITS.userBytes + (LIMITS.userRunning + 1) * MEGABYTE);
    expect(gateway.counts.started).toBeLessThan(3 * 20);
    const mine = await fetch(`${gateway.url}/graphql?query={small}`, { headers: { authorization: 'Bearer bob' } });
    expect(await mine.json()).toEqual({ data: { small: 'small' } });
    for (const { socket } of clients) socket.resume();
    for (const { answers } of clients) await expect.poll(() => answers).toEqual(repeat(20, String));
  });

  it('of subscriptions pause the events, which continue where they were', async () => {
    const gateway = await start(LIMITS);
    const client = await silentClient(gateway, 'ada');
    client.send(...repeat(10, (i) => subscribe('subscription { events }', String(i))));
    await expect.poll(() => gateway.buffered()).toBeGreaterThanOrEqual(LIMITS.socketBytes);
    await settle();
    const { pulled } = gateway.counts;
    await settle();
    expect(gateway.counts.pulled).toBe(pulled);
    expect(gateway.counts.peakBytes).toBeLessThan(LIMITS.socketBytes + (LIMITS.socketRunning + 1) * MEGABYTE);
    client.ws.resume();
    await expect.poll(() => client.messages.length).toBeGreaterThan(pulled + 20);
    const seen = client.messages.map(({ payload }) => Number(/"events":"(\d+) /.exec(payload)?.[1]));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.toSorted((a, b) => a - b)).toEqual(repeat(seen.length, (i) => i));
  });
});

describe('a connection on which nothing is read', () => {
  it('is closed with 1013, after which clients connect again', async () => {
    // With fake timers, a slow machine does not cut the client off before the client has read the close frame.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const gateway = await start({ ...LIMITS, sendTimeoutMs: 200 });
    const client = await silentClient(gateway, 'ada');
    client.send(...repeat(60, (i) => subscribe(big(i), String(i))));
    await expect.poll(() => gateway.counts.hungUp).toBeGreaterThan(0);
    client.ws.resume();
    expect(await client.closed).toEqual({
      code: 1013,
      reason: 'Answers were not read: connect again, and resume from the last cursor',
    });
    await expect.poll(() => gateway.operationQueue.unreadOf('ada')).toBe(0);
  });

  it('is closed over HTTP', async () => {
    const gateway = await start({ ...LIMITS, sendTimeoutMs: 200 });
    silentHttp(
      gateway,
      'ada',
      repeat(40, (i) => i),
    );
    await expect.poll(() => gateway.served.length).toBe(1);
    await expect.poll(() => gateway.served[0]?.destroyed).toBe(true);
    // The bytes are subtracted once the connection has closed, which happens after it was ended.
    await expect.poll(() => gateway.operationQueue.unreadOf('ada')).toBe(0);
  });

  it('is closed for another one of its user that is read', async () => {
    const gateway = await start({ ...LIMITS, userBytes: 2 * MEGABYTE, contendedTimeoutMs: 200 });
    const silent = await silentClient(gateway, 'ada');
    silent.send(...repeat(60, (i) => subscribe(big(i), String(i))));
    await expect.poll(() => gateway.buffered()).toBeGreaterThanOrEqual(2 * MEGABYTE);
    const reading = await silentClient(gateway, 'ada');
    reading.ws.resume();
    reading.send(...repeat(5, (i) => subscribe(big(i), String(i))));
    await expect.poll(reading.answered).toBe(5);
    expect(reading.ws.readyState).toBe(WebSocket.OPEN);
  });
});

describe('a slow operation', () => {
  const EAGER = { ...LIMITS, slowAfterMs: 50 };
  it('gives its slot to others of its connection', async () => {
    const gateway = await start(EAGER);
    const client = await silentClient(gateway, 'ada');
    client.ws.resume();
    client.send(...repeat(30, (i) => subscribe('{ late }', String(i))), subscribe('{ small }', 'quick'));
    await expect.poll(client.answered).toBe(1);
    expect(client.messages.at(-1)?.id).toBe('quick');
    expect(gateway.counts.hanging).toBe(30);
    gateway.letGo();
    await expect.poll(client.answered).toBe(31);
  });

  it('gives its slot to others of its user, over HTTP as well', async () => {
    const gateway = await start(EAGER);
    const headers = { authorization: 'Bearer ada' };
    const ask = async (query: string): Promise<unknown> =>
      (await fetch(`${gateway.url}/graphql?query=${query}`, { headers })).json();
    const late = Promise.all(repeat(30, () => ask('{late}')));
    await expect.poll(() => gateway.counts.hanging).toBe(30);
    expect(await ask('{small}')).toEqual({ data: { small: 'small' } });
    gateway.letGo();
    expect(await late).toEqual(repeat(30, () => ({ data: { late: 'late' } })));
  });

  it('keeps its slot when its answer, with those of other slow ones, may exceed the limit', async () => {
    const gateway = await start(EAGER);
    const client = await silentClient(gateway, 'ada');
    client.send(...repeat(40, (i) => subscribe('{ lateBig }', String(i))));
    await expect.poll(() => gateway.counts.hanging).toBeGreaterThanOrEqual(8);
    const other = await silentClient(gateway, 'bob');
    other.ws.resume();
    // Bob's operations became slow only after they got their slots. More of Ada's would have, too.
    other.send(...repeat(9, (i) => subscribe('{ late }', String(i))), subscribe('{ small }', 'quick'));
    await expect.poll(other.answered).toBe(1);
    expect(gateway.counts.hanging).toBe(8 + 9);
    gateway.letGo();
    await expect.poll(() => gateway.buffered()).toBeGreaterThanOrEqual(LIMITS.socketBytes);
    await settle();
    expect(gateway.counts.peakBytes).toBeLessThan(LIMITS.socketBytes + 9 * MEGABYTE);
    client.ws.resume();
    await expect.poll(client.answered).toBe(40);
  });

  it('leaves nothing behind when its connection closes, at any stage', async () => {
    const gateway = await start({ ...EAGER, slowAfterMs: 5 });
    for (let round = 0; round < 40; round++) {
      const client = await silentClient(gateway, 'ada');
      const query = ['{ late }', '{ lateBig }', big('x'), 'subscription { events }'][round % 4] as string;
      client.send(...repeat(25, (i) => subscribe(query, String(i))));
      if (round % 3 > 0) await new Promise(setImmediate);
      if (round % 3 > 1)
        await expect.poll(() => gateway.operationQueue.unreadOf('ada') > 0 || query.includes('late')).toBe(true);
      client.ws.terminate();
      await client.closed;
    }
    const client = await silentClient(gateway, 'ada');
    client.ws.resume();
    // As many operations as one connection has slots for, and as many again as their bytes have room for.
    client.send(...repeat(30, (i) => subscribe('{ late }', String(i))), subscribe('{ small }', 'quick'));
    await expect.poll(client.answered).toBe(1);
  });
});

describe('a client that aborts its operations', () => {
  it('cannot start more of them by that', async () => {
    const gateway = await start(LIMITS);
    const client = await silentClient(gateway, 'ada');
    client.ws.resume();
    for (let i = 0; i < 400; i++) client.send(subscribe('{ hang }', 'one'), { id: 'one', type: 'complete' });
    await expect.poll(() => client.messages.at(-1)?.payload ?? '').toContain('QUERY_TOO_COMPLEX');
    expect(gateway.counts.hanging).toBe(LIMITS.socketRunning);
  });
});
