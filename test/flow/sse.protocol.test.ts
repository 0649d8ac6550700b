import { hash } from 'node:crypto';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSmallGateway } from '../support/app/small-gateway.ts';
import { bodyOf } from '../support/clients/answer.ts';
import { type EventStreamClient, openEventStream } from '../support/clients/event-stream.ts';
import { openSocket } from '../support/clients/socket.ts';

/** GraphQL over Server-Sent Events on a schema without mail, where every event is known. */

type Gateway = Awaited<ReturnType<typeof startSmallGateway>>;
let gateway: Gateway;
const streams: EventStreamClient[] = [];
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  gateway = await startSmallGateway();
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  for (const close of closers.splice(0)) await close();
});
afterAll(() => gateway.close());

const USER = 'someone';
const repeat = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const open: typeof openEventStream = async (app, request, options = {}) => {
  const stream = await openEventStream(app, request, { token: USER, ...options });
  streams.push(stream);
  return stream;
};
const send = (path: string, init: RequestInit = {}) =>
  fetch(`${gateway.url}${path}`, {
    ...init,
    headers: { accept: 'text/event-stream', authorization: `Bearer ${USER}`, ...init.headers },
  });
const next = { event: 'next', id: null };
const complete = { event: 'complete', id: null, data: null };

describe('an operation', () => {
  it.each(['GET', 'POST'] as const)('by %s has one result, which says what it is', async (method) => {
    const request = {
      query: 'query A($n: Int!) { double(n: $n) } query B { me }',
      operationName: 'A',
      variables: { n: 4 },
    };
    const stream = await open(gateway, request, { method });
    expect(await stream.closed).toBe(true);
    expect(stream.events).toEqual([{ ...next, data: { data: { double: 8 } } }, complete]);
    expect(stream.response.status).toBe(200);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      vary: 'Accept',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    });
  });

  it('that changes something is not executed by GET', async () => {
    const { mutations } = gateway.counts;
    const response = await send(`/graphql?query=${encodeURIComponent('mutation { count }')}`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await bodyOf(response)).errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    expect(gateway.counts.mutations).toBe(mutations);
    const stream = await open(gateway, { query: 'mutation { count }' });
    expect((await stream.find(({ event }) => event === 'next')).data).toEqual({ data: { count: mutations + 1 } });
  });

  it.each<[status: number, what: string, path: string, init?: RequestInit]>([
    [400, 'a parameter twice', '/graphql?query={me}&query={small}'],
    [400, 'variables that are no JSON', '/graphql?query={me}&variables={'],
    [400, 'extensions that are no JSON', '/graphql?query={me}&extensions=x'],
    [400, 'no body', '/graphql', { method: 'POST' }],
    [
      400,
      'a body that is no JSON',
      '/graphql',
      { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
    ],
    [
      400,
      'a list of operations',
      '/graphql',
      { method: 'POST', body: '[{"query":"{me}"}]', headers: { 'content-type': 'application/json' } },
    ],
    [
      400,
      'a query that is no text, from a client that accepts JSON too',
      '/graphql',
      {
        method: 'POST',
        body: '{"query":5}',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      },
    ],
    [400, 'text', '/graphql', { method: 'POST', body: '{"query":"{me}"}' }],
    [415, 'a form', '/graphql', { method: 'POST', body: new URLSearchParams({ query: '{me}' }) }],
    [406, 'HEAD, which has no events', '/graphql?query={me}', { method: 'HEAD' }],
  ])('is refused with %i for %s', async (status, _what, path, init) => {
    const response = await send(path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type') ?? '').not.toContain('text/event-stream');
    const body = await response.text();
    if (init?.method !== 'HEAD') expect(body).toMatch(/BAD_REQUEST|BAD_USER_INPUT/);
  });

  it('is answered as its client prefers, and a subscription with the one answer that it has', async () => {
    const typeOf = async (accept: string, query: string) => {
      const { response } = await open(gateway, { query }, { headers: { accept } });
      return response.headers.get('content-type')?.split(';')[0];
    };
    const subscription = 'subscription { counted(until: 1) { n } }';
    for (const [accept, ofQuery, ofSubscription] of [
      ['text/event-stream', 'text/event-stream', 'text/event-stream'],
      ['application/json;q=0.5, text/event-stream', 'text/event-stream', 'text/event-stream'],
      ['application/json, text/event-stream', 'application/json', 'text/event-stream'],
      [
        'application/graphql-response+json, text/event-stream;q=0.1',
        'application/graphql-response+json',
        'text/event-stream',
      ],
      ['*/*', 'application/json', 'application/json'],
      ['application/json, text/event-stream;q=0', 'application/json', 'application/json'],
    ] as const) {
      expect(await typeOf(accept, '{ me }')).toBe(ofQuery);
      expect(await typeOf(accept, subscription)).toBe(ofSubscription);
    }
    const both = 'application/json, text/event-stream';
    // The same by its hash, which the client has registered before.
    const persistedQuery = { version: 1, sha256Hash: hash('sha256', subscription) };
    const byHash = async (query?: string) => {
      const request = { ...(query && { query }), extensions: { persistedQuery } };
      const { response } = await open(gateway, request, { headers: { accept: both } });
      return response.headers.get('content-type')?.split(';')[0];
    };
    expect(await byHash()).toBe('application/json');
    expect(await byHash(subscription)).toBe('text/event-stream');
    expect(await byHash()).toBe('text/event-stream');
    expect(await typeOf(both, 'subscription {')).toBe('application/json');
    const get = await send(`/graphql?query=${encodeURIComponent(subscription)}`, { headers: { accept: both } });
    expect(await get.text()).toContain('event: complete');
    expect((await send('/graphql?query={me}&variables={', { headers: { accept: both } })).status).toBe(400);
  });
});

describe('an operation that takes long', () => {
  it('keeps its connection open until its result comes', async () => {
    const own = await startSmallGateway({}, { heartbeatIntervalMs: 5 });
    closers.push(() => own.close());
    const stream = await open(own, { query: '{ late }' });
    await expect.poll(() => stream.comments).toBeGreaterThan(3);
    own.letGo();
    expect(await stream.closed).toBe(true);
    expect(stream.events).toEqual([{ ...next, data: { data: { late: 'late' } } }, complete]);
  });
});

describe('a subscription', () => {
  it('completes with its source, and the id of each event is its cursor, whatever is selected', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const stream = await open(gateway, { query: 'subscription { counted(until: 3) { n } }' }, { method });
      expect(await stream.closed).toBe(true);
      expect(stream.events).toEqual([
        ...repeat(3, (i) => ({ event: 'next', id: `${i + 1}`, data: { data: { counted: { n: i + 1 } } } })),
        complete,
      ]);
      expect(stream.comments).toBe(1);
    }
    // A source outlives the budget of the request that opened it.
    expect(gateway.counts.budgeted).toBe(0);
    const failed = await open(gateway, { query: 'subscription { counted(until: 1) { broken } }' });
    expect(await failed.find(({ event }) => event === 'next')).toMatchObject({
      id: '1',
      data: { errors: [{ extensions: { code: 'INTERNAL' } }], data: { counted: { broken: null } } },
    });
  });

  it.each<[what: string, query: string, variables?: Record<string, unknown>]>([
    ['a variable', 'subscription ($after: String) { counted(after: $after, until: 7) { n } }', { after: '2' }],
    ['a literal', 'subscription { counted(after: "2", until: 7) { n } }'],
    ['nothing', 'subscription { ... on Subscription { counted(until: 7) { n } } }'],
  ])('continues after Last-Event-ID, where its document says %s', async (_what, query, variables = {}) => {
    const resumed = await open(gateway, { query, variables }, { headers: { 'last-event-id': '5' } });
    await resumed.closed;
    expect(resumed.events.map(({ id }) => id)).toEqual(['6', '7', null]);
    // A cursor has some 84 characters for each account.
    const long = await open(gateway, { query, variables }, { headers: { 'last-event-id': '5'.padStart(60_000, '0') } });
    expect((await long.find(({ event }) => event === 'next')).id).toBe('6');
    // A client that has received no event yet sends none, or an empty one.
    const fresh = await open(gateway, { query, variables }, { headers: { 'last-event-id': '' } });
    await fresh.closed;
    expect(fresh.events[0]?.id).toBe(query.includes('after') ? '3' : '1');
  });

  it('that cannot be resumed, and a query, ignore Last-Event-ID', async () => {
    const headers = { 'last-event-id': 'anything' };
    const events = await open(gateway, { query: 'subscription { brokenEvents { small } }' }, { headers });
    expect((await events.find(({ event }) => event === 'next')).data).toEqual({
      data: { brokenEvents: { small: 'small' } },
    });
    const query = await open(gateway, { query: '{ small }' }, { headers });
    expect((await query.find(({ event }) => event === 'next')).data).toEqual({ data: { small: 'small' } });
  });

  it('without a token, or whose source fails, ends with the reason', async () => {
    const anonymous = await open(gateway, { query: 'subscription { waits }' }, { token: null });
    expect(await anonymous.closed).toBe(true);
    expect(anonymous.events).toMatchObject([
      { data: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } },
      complete,
    ]);
    const failing = await open(gateway, { query: 'subscription { fails }' });
    expect(await failing.closed).toBe(true);
    expect(failing.events).toMatchObject([{ data: { errors: [{ extensions: { code: 'INTERNAL' } }] } }, complete]);
    expect(JSON.stringify(failing.events)).not.toContain('secret');
  });

  it('ends with its client, at any stage', async () => {
    const { opened, left } = gateway.counts;
    const clients = await Promise.all(repeat(8, () => open(gateway, { query: 'subscription { waits }' })));
    await expect.poll(() => gateway.counts.opened - opened).toBe(8);
    for (const client of clients) client.close();
    await expect.poll(() => gateway.counts.left - left).toBe(8);
    // This one leaves before its source has opened: fetch has no response yet.
    const leaving = new AbortController();
    const opening = send('/graphql?query=subscription{opens}', { signal: leaving.signal }).catch(() => null);
    await expect.poll(() => gateway.counts.opened - opened).toBe(9);
    leaving.abort();
    await opening;
    await expect.poll(() => gateway.counts.left - left).toBe(9);
  });
});

describe('a user', () => {
  it('has 100 connections, of event streams and WebSockets together', async () => {
    const waiting = { query: 'subscription { waits }' };
    const token = 'crowd';
    const clients = await Promise.all(repeat(99, () => open(gateway, waiting, { token })));
    const socket = await openSocket(gateway, token);
    closers.push(() => socket.close());
    const { response: refused } = await open(gateway, waiting, { token });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await open(gateway, waiting, { token: 'other' });
    expect(other.response.status).toBe(200);
    clients[0]?.close();
    await expect.poll(async () => (await open(gateway, waiting, { token })).response.status).toBe(200);
  });
});

describe('a client that does not read', () => {
  const large = 'subscription ($after: String) { counted(after: $after, until: 1000) { n large } }';

  /** Sends the request on a socket of its own, of which nothing is read until the test resumes it. */
  function silent({ port }: Gateway) {
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => {});
    closers.push(() => socket.destroy());
    const body = JSON.stringify({ query: large });
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer silent\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    return socket;
  }

  it('pauses its events, and receives all of them once it reads', async () => {
    const own = await startSmallGateway({}, { heartbeatIntervalMs: 1 });
    closers.push(() => own.close());
    const socket = silent(own);
    // The interval of the comments passes many times. A stream that is read shows it.
    const other = await open(own, { query: 'subscription { waits }' });
    const pass = async () => {
      const until = other.comments + 50;
      await expect.poll(() => other.comments).toBeGreaterThan(until);
      return { pulled: own.counts.pulled, buffered: own.buffered() };
    };
    // The kernels on both sides hold the first events.
    await expect.poll(async () => (await pass()).pulled > 0 && own.buffered() > 0).toBe(true);
    // In the end neither an event nor a comment is added to what is not read. Until then the kernels may take some more.
    let held = await pass();
    const isHeld = async () => {
      const before = held;
      held = await pass();
      return isDeepStrictEqual(held, before);
    };
    await expect.poll(isHeld).toBe(true);
    const { pulled, buffered } = held;
    expect(buffered).toBeLessThan(2 * 2 ** 20);
    const ids: string[] = [];
    let unfinished = '';
    socket.setEncoding('latin1').on('data', (text) => {
      const lines = `${unfinished}${text}`.split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('id: ')) ids.push(line.slice(4));
    });
    socket.resume();
    await expect.poll(() => ids.length).toBeGreaterThan(pulled + 5);
    expect(ids.slice(0, 10)).toEqual(repeat(10, (i) => String(i + 1)));
    socket.destroy();
    await expect.poll(() => own.buffered()).toBe(0);
  });

  it('is disconnected when it reads nothing for too long', async () => {
    const own = await startSmallGateway({ sendTimeoutMs: 200 });
    closers.push(() => own.close());
    silent(own);
    await expect.poll(() => own.served[0]?.destroyed).toBe(true);
    await expect.poll(() => own.operationQueue.unreadOf('silent')).toBe(0);
  });
});

describe('at the drain', () => {
  it('a stream ends without `complete`, so that its client connects again, and one that begins later ends too', async () => {
    const own = await startSmallGateway();
    closers.push(() => own.close());
    const stream = await open(own, { query: 'subscription { counted { n } }' });
    await stream.find(({ id }) => id === '3');
    const query = open(own, { query: '{ late }' });
    await expect.poll(() => own.counts.hanging).toBe(1);
    await own.streams.close();
    expect(await stream.closed).toBe(true);
    expect(stream.events.map(({ event }) => event)).toEqual(['next', 'next', 'next']);
    expect(stream.retryMs).toBeGreaterThanOrEqual(1_000);
    const late = await open(own, { query: 'subscription { counted { n } }' });
    expect(await late.closed).toBe(true);
    expect([late.events, late.retryMs === null]).toEqual([[], false]);
    own.letGo();
    expect((await (await query).find(({ event }) => event === 'next')).data).toEqual({ data: { late: 'late' } });
  });
});
