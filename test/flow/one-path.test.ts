import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Parser } from 'graphql/language/parser.js';
import { createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { OperationRequest } from '../../src/graphql/operation/operation.ts';
import { createContext } from '../../src/graphql/request-context.ts';
import { createLog } from '../../src/platform/log.ts';
import type { Door } from '../../src/server/door.ts';
import { startSmallGateway } from '../support/app/small-gateway.ts';
import { openEventStream } from '../support/clients/event-stream.ts';
import { openLineClient } from '../support/clients/line-client.ts';
import { openSocket, Socket } from '../support/clients/socket.ts';
import { lineDoor } from '../support/line-door.ts';

const socketPath = join(tmpdir(), `postern-${randomUUID()}.sock`);
let gateway: Awaited<ReturnType<typeof startSmallGateway>>;
let door: Door;
beforeAll(async () => {
  gateway = await startSmallGateway();
  door = lineDoor(socketPath)(gateway.tools);
  await door.open();
});
afterAll(async () => {
  await door.close();
  await gateway.close();
});
afterEach(() => vi.restoreAllMocks());

const USER = 'someone';
const repeat = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Replaces the references of errors, which differ from request to request. */
const withoutReferences = (answer: unknown): string =>
  JSON.stringify(answer).replace(/[\da-f]{8}-[\da-f-]{27}/g, '<reference>');

async function overHttp(request: OperationRequest, user: string | null = USER): Promise<string> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(user && { authorization: `Bearer ${user}` }) },
    body: JSON.stringify(request),
  });
  return withoutReferences(await response.json());
}

/** The WebSocket protocol has a message of its own for the errors of a request that was not executed. */
async function overWebSocket(request: OperationRequest): Promise<string> {
  const socket = await openSocket(gateway, USER);
  await socket.send({ id: '1', type: 'subscribe', payload: request });
  const { type, payload } = await socket.receive('error', 'next');
  socket.close();
  return withoutReferences(type === 'error' ? { errors: payload } : payload);
}

/** Returns the one result of an operation that is no subscription. */
async function overEventStream(request: OperationRequest, user: string | null = USER): Promise<string> {
  const stream = await openEventStream(gateway, request, { token: user });
  expect(await stream.closed).toBe(true);
  expect(stream.events.map(({ event }) => event)).toEqual(['next', 'complete']);
  return withoutReferences(stream.events[0]?.data);
}

async function overLines(request: unknown): Promise<string> {
  const client = await openLineClient(socketPath, USER);
  const answer = await client.ask(request);
  client.close();
  return withoutReferences(answer);
}

async function inProcess(request: OperationRequest, user: string | null = USER): Promise<string> {
  const outcome = await gateway.path.run(request, contextOf(user));
  if (outcome.kind === 'events') throw new Error('it is a subscription');
  return withoutReferences(outcome.kind === 'refused' ? { errors: outcome.errors } : outcome.result);
}

const contextOf = (user: string | null) =>
  createContext({
    principal:
      user === null
        ? null
        : { userId: user, kind: 'session', scopes: [], sessionId: user, expiresAt: new Date(Date.now() + 60_000) },
    refusal: null,
    signal: new AbortController().signal,
    log: createLog('silent'),
    requestId: '00000000-0000-0000-0000-000000000000',
    clientAddress: '',
  });

describe('one operation has one answer, byte for byte, over HTTP, over WebSocket, as an event stream, through a further door and in process', () => {
  const double = 'query ($n: Int!) { double(n: $n) }';

  it.each<[what: string, request: OperationRequest, answer: RegExp]>([
    ['a query', { query: '{ me small }' }, /^{"data":{"me":"someone","small":"small"}}$/],
    ['variables', { query: double, variables: { n: 4 } }, /^{"data":{"double":8}}$/],
    ['one of two operations', { query: 'query A { me } query B { small }', operationName: 'B' }, /"small":"small"/],
    ['the schema', { query: '{ __schema { types { name fields { name type { name } } } } }' }, /"name":"lateBig"/],
    ['null for variables and name', { query: '{ me }', variables: null, operationName: null }, /"me":"someone"/],
    ['text that does not parse', { query: '{ me ' }, /GRAPHQL_PARSE_FAILED/],
    ['no text', { query: '' }, /non-empty `query`.*BAD_REQUEST/],
    ['a field that there is not', { query: '{ mee }' }, /Did you mean \\"me\\"\?.*GRAPHQL_VALIDATION_FAILED/],
    ['several faults', { query: '{ mee smal double }' }, /"mee.*smal.*"double\\".*GRAPHQL_VALIDATION_FAILED/],
    ['null where there must be a value', { query: '{ double(n: null) }' }, /Argument \\"n\\".*BAD_USER_INPUT/],
    ['no variable', { query: double }, /Variable \\"\$n\\" of required type.*BAD_USER_INPUT/],
    ['a variable of another type', { query: double, variables: { n: 'x' } }, /Variable \\"\$n\\" got.*BAD_USER_INPUT/],
    ['half a character', { query: double, variables: { n: '\ud800' } }, /surrogate pair.*BAD_USER_INPUT/],
    ['an unknown operation', { query: 'query A { me }', operationName: 'Z' }, /OPERATION_RESOLUTION_FAILURE/],
    ['no name for one of two', { query: 'query A { me } query B { me }' }, /OPERATION_RESOLUTION_FAILURE/],
    ['too many aliases', { query: `{ ${repeat(101, (i) => `a${i}: me`).join(' ')} }` }, /QUERY_TOO_COMPLEX/],
    ['too many tokens', { query: `{ ${'me '.repeat(6_000)} }` }, /5000 tokens.*QUERY_TOO_COMPLEX/],
    [
      'too long a list of values',
      { query: '{ me }', variables: { ids: repeat(5_001, String) } },
      /5001 values.*QUERY_TOO_COMPLEX/,
    ],
    [
      'a fault of ours',
      { query: '{ me broken }' },
      /^{"errors":.*"INTERNAL","reference".*"data":{"me":"someone","broken"/,
    ],
    ['a mutation in a query', { query: '{ count }' }, /GRAPHQL_VALIDATION_FAILED/],
    [
      'a document under another hash',
      { query: '{ me }', extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } },
      /sha does not match/,
    ],
  ])('%s', async (_what, request, answer) => {
    const expected = await overHttp(request);
    expect(expected).toMatch(answer);
    expect(expected).not.toContain('secret');
    expect(await overWebSocket(request)).toBe(expected);
    expect(await overEventStream(request)).toBe(expected);
    expect(await overLines(request)).toBe(expected);
    expect(await inProcess(request)).toBe(expected);
  });

  it('refuses a member of a wrong type with the client error of HTTP', async () => {
    for (const request of [null, undefined, [], [{ query: '{ me }' }], 7, 'query']) {
      const answer = await inProcess(request as unknown as OperationRequest);
      expect(answer).toMatch(/must be an object.*BAD_REQUEST/);
      expect(await overLines(request)).toBe(answer);
    }
    const withoutDoor = (answer: string) => answer.replace(' in a POST body', '');
    for (const [request, answer] of [
      [{ query: 7 }, /GraphQL queries must be strings.*BAD_REQUEST/],
      [{ query: ['{ me }'] }, /GraphQL queries must be strings.*BAD_REQUEST/],
      [{ query: null }, /non-empty `query`.*BAD_REQUEST/],
      [{ query: '{ me }', variables: ['x'] }, /`variables`.*must be an object.*BAD_REQUEST/],
      [{ query: '{ me }', variables: 7 }, /`variables`.*must be an object.*BAD_REQUEST/],
      [{ query: '{ me }', extensions: [] }, /`extensions`.*must be an object.*BAD_REQUEST/],
      [{ query: '{ me }', operationName: 7 }, /`operationName`.*must be a string.*BAD_REQUEST/],
    ] as const) {
      const untyped = request as unknown as OperationRequest;
      const expected = await overHttp(untyped);
      expect(expected).toMatch(answer);
      expect(await inProcess(untyped)).toBe(withoutDoor(expected));
      expect(await overEventStream(untyped)).toBe(withoutDoor(expected));
    }
  });

  it('a client that is not signed in gets UNAUTHENTICATED; over WebSocket its connection is refused', async () => {
    const expected = await overHttp({ query: '{ me small }' }, null);
    expect(expected).toMatch(/UNAUTHENTICATED.*"data":{"me":null,"small":"small"}/);
    expect(await inProcess({ query: '{ me small }' }, null)).toBe(expected);
    expect(await overEventStream({ query: '{ me small }' }, null)).toBe(expected);
    const socket = new Socket(gateway);
    await socket.send({ type: 'connection_init', payload: {} });
    expect((await socket.closed).code).toBe(4401);
  });

  it('a mutation is executed once each time that it is sent', async () => {
    const before = gateway.counts.mutations;
    const request = { query: 'mutation { one: count two: count }' };
    const answer = (n: number) => JSON.stringify({ data: { one: before + n, two: before + n + 1 } });
    expect(await overHttp(request)).toBe(answer(1));
    expect(await overWebSocket(request)).toBe(answer(3));
    expect(await inProcess(request)).toBe(answer(5));
    expect(await overEventStream(request)).toBe(answer(7));
  });

  it('a subscription is refused for the same reasons as a query', async () => {
    for (const query of ['subscription { nothing }', 'subscription { events', 'subscription A { events }']) {
      const request = { query, operationName: query.includes('A') ? 'Z' : null };
      const expected = await overHttp(request);
      expect(await overWebSocket(request)).toBe(expected);
      expect(await overEventStream(request)).toBe(expected);
      expect(await inProcess(request)).toBe(expected);
    }
    const where = await overHttp({ query: 'subscription { events }' });
    expect(where).toMatch(/served over WebSocket.*BAD_REQUEST/);
    expect(await inProcess({ query: 'subscription { events }' })).toBe(where);
  });
});

describe('a document is parsed and validated once', () => {
  /** Returns how often documents were parsed and validated during the call, over any transport. */
  async function work(during: () => Promise<unknown>) {
    const parses = vi.spyOn(Parser.prototype, 'parseDocument');
    const validations = vi.spyOn(gateway.schema, 'getDirectives');
    await during();
    const counts = { parses: parses.mock.calls.length, validations: validations.mock.calls.length };
    vi.restoreAllMocks();
    return counts;
  }

  it.each(['over HTTP first', 'over WebSocket first', 'in process first'])('%s', async (order) => {
    const { validations: rules } = await work(() => overHttp({ query: `{ small } # before ${order}` }));
    expect(rules).toBeGreaterThan(0);
    const ways = { 'over HTTP first': overHttp, 'over WebSocket first': overWebSocket, 'in process first': inProcess };
    const query = `{ me small } # ${order}`;
    const ask = async (way: (request: OperationRequest) => Promise<string>) =>
      expect(await way({ query })).toMatch(/^{"data"/);
    expect(await work(() => ask(ways[order as keyof typeof ways]))).toEqual({ parses: 1, validations: rules });
    const again = async () => {
      for (const way of Object.values(ways)) await ask(way);
    };
    expect(await work(again)).toEqual({ parses: 0, validations: 0 });
  });

  it('also one that is invalid, and one that is named by its hash', async () => {
    const rules = (await work(() => overHttp({ query: '{ nope }' }))).validations;
    const bad = { query: '{ nothing } # at all' };
    const everywhere = async (request: OperationRequest) => {
      await overHttp(request);
      await overWebSocket(request);
      await inProcess(request);
    };
    expect(await work(() => everywhere(bad))).toEqual({ parses: 1, validations: rules });
    const query = '{ small me }';
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(query) } };
    expect(await overHttp({ extensions })).toMatch(/PERSISTED_QUERY_NOT_FOUND/);
    expect((await work(() => overHttp({ query, extensions }))).parses).toBe(1);
    const byHash = async () => {
      expect(await overHttp({ extensions })).toBe('{"data":{"small":"small","me":"someone"}}');
      expect(await inProcess({ extensions })).toBe('{"data":{"small":"small","me":"someone"}}');
    };
    expect(await work(byHash)).toEqual({ parses: 0, validations: 0 });
  });

  it('also a subscription over WebSocket', async () => {
    const query = 'subscription { brokenEvents { small } }';
    const rules = (await work(() => overWebSocket({ query: `${query} # before` }))).validations;
    expect(rules).toBeGreaterThan(0);
    const subscribed = async () => expect(await overWebSocket({ query })).toMatch(/^{"data":.*"small":"small"/);
    expect(await work(subscribed)).toEqual({ parses: 1, validations: rules });
    expect(await work(subscribed)).toEqual({ parses: 0, validations: 0 });
    const streamed = async () => {
      const stream = await openEventStream(gateway, { query }, { token: USER });
      expect((await stream.find(({ event }) => event === 'next')).data).toEqual({
        data: { brokenEvents: { small: 'small' } },
      });
      stream.close();
    };
    expect(await work(streamed)).toEqual({ parses: 0, validations: 0 });
  });

  it('except where it is too long to be cached: then once for each request', async () => {
    const query = `{ me } # ${'x'.repeat(30_000)}`;
    for (const way of [overHttp, overWebSocket, inProcess]) expect((await work(() => way({ query }))).parses).toBe(1);
  });
});

describe('events of a subscription', () => {
  it('are masked as answers are', async () => {
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${USER}` },
    });
    const events = client.iterate({ query: 'subscription { brokenEvents { broken } }' });
    const { value } = await events.next();
    const expected =
      '{"errors":[{"message":"Something went wrong","locations":[{"line":1,"column":31}],"path":["brokenEvents","broken"],"extensions":{"code":"INTERNAL","reference":"<reference>"}}],"data":{"brokenEvents":{"broken":null}}}';
    expect(withoutReferences(value)).toBe(expected);
    expect(await overLines({ query: 'subscription { brokenEvents { broken } }' })).toBe(expected);
    const stream = await openEventStream(
      gateway,
      { query: 'subscription { brokenEvents { broken } }' },
      { token: USER },
    );
    expect(withoutReferences((await stream.find(({ event }) => event === 'next')).data)).toBe(expected);
    expect(await stream.closed).toBe(true);
    await events.return?.();
    await client.dispose();
  });
});
