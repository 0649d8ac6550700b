import { createHash } from 'node:crypto';
import { buildSchema, type GraphQLObjectType } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unauthenticated } from '../../src/domain/error.ts';
import { requirePrincipal } from '../../src/graphql/caller.ts';
import type { Context } from '../../src/graphql/context.ts';
import { OperationPath } from '../../src/graphql/operation/operation-path.ts';
import { firstDifference } from '../../src/server/answers/difference.ts';
import { Shadow, type StaleAnswer } from '../../src/server/answers/shadow.ts';
import { WholeAnswers } from '../../src/server/answers/whole-answers.ts';
import { Contexts } from '../../src/server/http/contexts.ts';
import { createHttp } from '../../src/server/http/http.ts';
import { openListener } from '../../src/server/http/listener.ts';
import { OperationQueue } from '../../src/server/operation-queue/operation-queue.ts';
import { mountGraphql } from '../../src/server/routes/graphql.route.ts';
import { silent } from '../support/app/database.ts';
import { TestRead } from '../support/fakes/dated-read.ts';

const JSON_TYPE = 'application/json';
const RESPONSE_JSON = 'application/graphql-response+json';

type Options = Partial<ConstructorParameters<typeof WholeAnswers>[0]>;

/** A small schema over the real HTTP server, whose answers are kept. A token is the JSON of its principal, or its user id. */
async function serve(options: Options = {}) {
  const schema = buildSchema(`
    type Query { me: String  twice(n: Int, in: In): String  undated: String  broken: String  large: String  until: String }
    type Mutation { change: String }
    input In { a: Int  b: [Int!] }
  `);
  const counts = { executed: 0 };
  const world = { text: 'first', until: Number.POSITIVE_INFINITY };
  /** The read of each user's rows, by user id. */
  const reads = new Map<string, TestRead>();
  const listeners = new Set<(userId: string) => void>();
  const revisions = {
    known: true,
    read: async (userId: string) => {
      if (!revisions.known) return null;
      const read = reads.get(userId) ?? new TestRead(userId);
      reads.set(userId, read);
      return read;
    },
    onChanged(fn: (userId: string) => void) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
  };
  const resolvers: Record<string, (source: unknown, args: object, context: Context) => unknown> = {
    me: (_source, _args, context) => `${requirePrincipal(context).userId} ${world.text}`,
    twice: (_source, args) => JSON.stringify(args),
    undated: () => 'undated',
    broken: () => {
      throw new Error('a secret of ours');
    },
    large: () => 'x'.repeat(20_000),
    until: (_source, _args, context) => {
      context.reads.until(world.until);
      return 'until';
    },
  };
  const fields = (schema.getQueryType() as GraphQLObjectType).getFields();
  for (const [name, resolve] of Object.entries(resolvers))
    Object.assign(fields[name] ?? {}, {
      resolve: (...args: Parameters<typeof resolve>) => {
        counts.executed++;
        return resolve(...args);
      },
      extensions: { dated: name !== 'undated' },
    });
  const log = silent;
  const contexts = new Contexts(async (token) => {
    if (token === 'refused') throw unauthenticated('The token has expired.');
    const principal = token.startsWith('{') ? JSON.parse(token) : { userId: token };
    return { kind: 'session', scopes: ['*'], expiresAt: new Date(Date.now() + 3_600_000), ...principal };
  }, log);
  const operationQueue = new OperationQueue();
  const listener = await openListener('127.0.0.1', 0);
  const path = await OperationPath.open({ schema, introspection: true, log });
  const answers = new WholeAnswers({
    maxBytes: 100_000,
    revalidates: true,
    shadow: null,
    build: '1',
    revisions,
    ...options,
  });
  const { http, open } = await createHttp({
    listener,
    log,
    trust: false,
    corsOrigins: ['https://app.example'],
    hosts: null,
    operationQueue,
    callerOf: (headers, address) => contexts.caller(headers.authorization, address),
    limited: (work) => work(() => {}),
    draining: () => false,
  });
  mountGraphql(http, path, contexts, [], answers);
  await open();
  const url = `http://127.0.0.1:${listener.port}/graphql`;
  return {
    url,
    counts,
    world,
    revisions,
    /** Somebody has written rows of the user. */
    change(userId: string) {
      reads.get(userId)?.change();
      reads.delete(userId);
      for (const fn of listeners) fn(userId);
    },
    readOf: (userId: string) => reads.get(userId) as TestRead,
    async close() {
      answers.close();
      await path.close();
      operationQueue.close();
      listener.server.closeAllConnections();
      await new Promise((resolve) => listener.server.close(resolve));
    },
  };
}

let gateway: Awaited<ReturnType<typeof serve>>;
beforeEach(async () => {
  gateway = await serve();
});
afterEach(() => gateway.close());

interface Reply {
  readonly status: number;
  readonly text: string;
  /** Without what differs between any two responses. */
  readonly headers: Readonly<Record<string, string>>;
}
async function send(input: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Reply> {
  const response = await fetch(input, init);
  const text = await response.text();
  const { date, 'x-request-id': id, ...headers } = Object.fromEntries(response.headers);
  expect([date, id]).toEqual([expect.any(String), expect.any(String)]);
  return { status: response.status, text, headers };
}
const authorization = (token: string | null) => (token === null ? {} : { authorization: `Bearer ${token}` });
const post = (body: unknown, token: string | null = 'ada', headers: Record<string, string> = {}) =>
  send(gateway.url, {
    method: 'POST',
    headers: { 'content-type': JSON_TYPE, ...authorization(token), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const get = (parameters: Record<string, string>, token: string | null = 'ada', headers: Record<string, string> = {}) =>
  send(`${gateway.url}?${new URLSearchParams(parameters)}`, { headers: { ...authorization(token), ...headers } });
const ME = { query: '{ me }' };
/** `fetch` asks for a fresh answer when If-None-Match is set by hand, unless another Cache-Control is. */
const ifNoneMatch = (tag: string) => ({ 'if-none-match': tag, 'cache-control': 'max-age=0' });
/** How often a field was executed meanwhile. */
async function executions(work: () => Promise<unknown>): Promise<number> {
  const before = gateway.counts.executed;
  await work();
  return gateway.counts.executed - before;
}

describe('a whole answer is given again', () => {
  it.each([
    ['nothing', undefined],
    ['anything', '*/*'],
    [JSON_TYPE, JSON_TYPE],
    [RESPONSE_JSON, RESPONSE_JSON],
    ['one of both', `${RESPONSE_JSON}, ${JSON_TYPE};q=0.9`],
  ])('with the same bytes and headers to a client that accepts %s', async (_name, accept) => {
    const headers = accept === undefined ? {} : { accept };
    for (const ask of [() => post(ME, 'ada', headers), () => get(ME, 'ada', headers)]) {
      gateway.change('ada');
      const first = await ask();
      expect(first).toMatchObject({ status: 200, text: '{"data":{"me":"ada first"}}\n' });
      expect(await executions(async () => expect(await ask()).toEqual(first))).toBe(0);
    }
  });

  it('to GET and POST, however the variables are ordered or the query is named', async () => {
    const query = 'query ($n: Int, $in: In) { twice(n: $n, in: $in) }';
    const first = await post({ query, variables: { n: 1, in: { a: 1, b: [1, 2] } } });
    const hits = await executions(async () => {
      const others = [
        await post({
          query,
          variables: { in: { b: [1, 2], a: 1 }, n: 1 },
          operationName: null,
          extensions: { other: 1 },
        }),
        await get({ query, variables: '{ "in": { "b": [1,2], "a": 1 }, "n": 1 }' }),
      ];
      for (const { text } of others) expect(text).toBe(first.text);
    });
    expect(hits).toBe(0);
  });

  it.each([
    ['another variable', { variables: { n: 2 } }],
    ['a missing variable', {}],
    ['another order of a list', { variables: { n: 1, in: { b: [2, 1] } } }],
    ['a null', { variables: { n: null } }],
    ['another name', { variables: { n: 1 }, operationName: 'B' }],
    ['another text', { variables: { n: 1 }, query: 'query A($n: Int, $in: In) { twice(n: $n, in: $in) me }' }],
  ])('and not to %s', async (_name, other) => {
    const query = ['A', 'B'].map((name) => `query ${name}($n: Int, $in: In) { twice(n: $n, in: $in) }`).join(' ');
    await post({ query, operationName: 'A', variables: { n: 1 } });
    await post({ query, operationName: 'A', variables: { n: 1, in: { b: [1, 2] } } });
    expect(await executions(() => post({ query, operationName: 'A', ...other }))).toBeGreaterThan(0);
  });

  it.each([
    ['another user', 'bob'],
    ['another kind of credential', '{"userId":"ada","kind":"api-token"}'],
    ['other scopes', '{"userId":"ada","scopes":["read"]}'],
    ['another credential', '{"userId":"ada","credentialId":"1"}'],
    ['nobody', null],
    ['a refused token', 'refused'],
  ])('and not to %s', async (_name, token) => {
    await post(ME);
    expect(await executions(() => post(ME, token))).toBe(1);
  });

  it('and its slot expects its bytes', async () => {
    const expected: number[] = [];
    const begin = OperationQueue.prototype.begin;
    const spy = vi.spyOn(OperationQueue.prototype, 'begin').mockImplementation(async function (
      this: OperationQueue,
      ...args
    ) {
      const slot = await begin.apply(this, args);
      return slot && { ...slot, expect: (bytes) => expected.push(bytes) };
    });
    await post(ME);
    const { text } = await post(ME);
    spy.mockRestore();
    expect(expected).toEqual([expect.any(Number), text.length]);
  });

  it('to another session of the same user', async () => {
    await post(ME, '{"userId":"ada","sessionId":"1"}');
    expect(await executions(() => post(ME, '{"userId":"ada","sessionId":"2"}'))).toBe(0);
  });

  it('to nobody, where nothing of a user is shown', async () => {
    await post({ query: '{ twice(n: 1) }' }, null);
    expect(await executions(() => post({ query: '{ twice(n: 1) }' }, null))).toBe(0);
  });
});

describe('a query is executed', () => {
  it('once something of the user has changed', async () => {
    await post(ME);
    gateway.world.text = 'second';
    gateway.change('ada');
    expect((await post(ME)).text).toContain('second');
    expect(await executions(() => post(ME))).toBe(0);
  });

  it('again, where something changed while it was executed', async () => {
    const { me } = { me: gateway.revisions.read };
    gateway.revisions.read = async (userId) => {
      const read = await me(userId);
      read?.change();
      return read;
    };
    await post(ME);
    expect(await executions(() => post(ME))).toBe(1);
  });

  it('where it is not known whether something has changed, unless that is confirmed', async () => {
    await post(ME);
    const read = gateway.readOf('ada');
    read.state = 'unconfirmed';
    expect(await executions(() => post(ME))).toBe(0);
    expect(read.confirmed).toBe(1);
    read.confirms = 'changed';
    expect(await executions(() => post(ME))).toBe(1);
  });

  it('where the revision of the user is not known, and still has its entity tag', async () => {
    const { etag } = (await get(ME)).headers;
    gateway.change('ada');
    gateway.revisions.known = false;
    await post(ME);
    expect(await executions(async () => expect((await get(ME)).headers.etag).toBe(etag))).toBe(1);
  });

  it('once its time has come', async () => {
    gateway.world.until = Date.now() + 3_600_000;
    await post({ query: '{ until }' });
    expect(await executions(() => post({ query: '{ until }' }))).toBe(0);
    gateway.world.until = Date.now();
    gateway.change('ada');
    await post({ query: '{ until }' });
    expect(await executions(() => post({ query: '{ until }' }))).toBe(1);
  });

  it.each([
    ['a field that does not say what it reads', { query: '{ me undated }' }],
    ['an error', { query: '{ me broken }' }],
    ['what it costs', { ...ME, extensions: { cost: true } }],
    ['more variables than are kept', { ...ME, variables: { long: 'x'.repeat(110_000) } }],
  ])('each time, where it asks for %s', async (_name, body) => {
    const first = await post(body);
    expect(first.status).toBe(200);
    expect(await executions(() => post(body))).toBeGreaterThan(0);
  });

  it('for Cache-Control: no-cache, whose answer is not kept either', async () => {
    const fresh = () => post(ME, 'ada', { 'cache-control': 'no-cache' });
    await fresh();
    expect(await executions(() => post(ME))).toBe(1);
    expect(await executions(fresh)).toBe(1);
  });

  it('after Cache-Control: no-cache, whose answer may show what nobody reports', async () => {
    await post(ME);
    gateway.world.text = 'second';
    await post(ME, 'ada', { 'cache-control': 'no-cache' });
    expect((await post(ME)).text).toContain('second');
  });

  it('where its answer is larger than an eighth of the bytes', async () => {
    const large = { query: '{ large }' };
    await post(large);
    expect(await executions(() => post(large))).toBe(1);
  });

  it('where no answers are kept', async () => {
    await gateway.close();
    gateway = await serve({ maxBytes: 0 });
    await post(ME);
    expect(await executions(() => post(ME))).toBe(1);
  });

  it('where another user has displaced the answers of the users with the most', async () => {
    await post(ME, 'bob');
    const many = Array.from({ length: 150 }, (_, n) => ({ query: `{ twice(n: ${n}) }` }));
    for (const body of many) await post(body);
    expect(await executions(() => post(many.at(-1)))).toBe(0);
    expect(await executions(() => post(many[0]))).toBe(1);
    expect(await executions(() => post(ME, 'bob'))).toBe(0);
  });
});

describe('a request that is not well-formed is answered as if nothing was kept', () => {
  const query = '{ me }';
  it.each([
    ['no query', {}],
    ['an empty query', { query: '' }],
    ['a query that is no text', { query: 1 }],
    ['variables as text', { query, variables: '{}' }],
    ['variables as a list', { query, variables: [] }],
    ['extensions as a list', { query, extensions: [] }],
    ['a name that is no text', { query, operationName: 1 }],
    ['an empty name', { query, operationName: '' }],
    ['a batch', [{ query }]],
    ['a hash of another text', { query, extensions: { persistedQuery: { version: 1, sha256Hash: 'a' } } }],
    ['a registration that is no object', { query, extensions: { persistedQuery: 'a' } }],
  ])('%s', async (_name, body) => {
    await post({ query });
    const [first, again] = [await post(body), await post(body)];
    await gateway.close();
    gateway = await serve({ maxBytes: 0, revalidates: false });
    expect([first, again]).toEqual([await post(body), await post(body)]);
  });

  it.each([
    ['a parameter that occurs twice', '?query={me}&query={me}'],
    ['variables that are no JSON', '?query={me}&variables={'],
    ['variables that are null', '?query={me}&variables=null'],
    ['extensions that are a list', '?query={me}&extensions=[]'],
    ['a mutation', '?query=mutation{change}'],
  ])('%s, over GET', async (_name, search) => {
    const ask = () => send(gateway.url + search, { headers: authorization('ada') });
    await get({ query: '{me}' });
    const [first, again] = [await ask(), await ask()];
    expect(first.headers).toMatchObject({ 'cache-control': 'no-store' });
    await gateway.close();
    gateway = await serve({ maxBytes: 0, revalidates: false });
    expect([first, again]).toEqual([await ask(), await ask()]);
  });

  it('another content type', async () => {
    await get(ME);
    expect((await get(ME, 'ada', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(JSON.stringify(ME), 'ada', { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await get(ME, 'ada', { 'content-type': JSON_TYPE })).status).toBe(200);
  });

  it('a client whose Accept header is longer than any that is remembered', async () => {
    const accept = `${JSON_TYPE}, ${'a'.repeat(200)}/b`;
    await get(ME, 'ada', { accept });
    expect(await executions(() => get(ME, 'ada', { accept }))).toBe(1);
  });

  it('nothing that the client accepts', async () => {
    await get(ME);
    for (const accept of ['text/html', 'text/html']) expect((await get(ME, 'ada', { accept })).status).toBe(406);
  });
});

describe('a query that is registered under a hash', () => {
  const sha256Hash = createHash('sha256').update(ME.query).digest('hex');
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  const byHash = () => get({ extensions: JSON.stringify(extensions) });

  it('is executed when it is registered, and then given again by its hash and by its text', async () => {
    await post(ME);
    expect((await post({ ...ME, extensions })).text).toContain('ada first');
    const hits = await executions(async () => {
      for (const { text } of [await byHash(), await get(ME)]) expect(text).toContain('ada first');
    });
    expect(hits).toBe(0);
    gateway.change('ada');
    expect((await byHash()).text).toContain('ada first');
  });

  it('is not known before, and its refusal is not kept', async () => {
    expect((await byHash()).text).toContain('PERSISTED_QUERY_NOT_FOUND');
    await get({ ...ME, extensions: JSON.stringify(extensions) });
    expect((await byHash()).text).toContain('ada first');
  });
});

describe('over GET', () => {
  it('an answer has an entity tag by which it is revalidated, executed or not', async () => {
    const first = await get(ME);
    const { etag = '' } = first.headers;
    expect(first.headers).toMatchObject({
      etag: expect.stringMatching(/^W\/"[\w-]{32}"$/),
      'cache-control': 'private, no-cache',
      vary: 'Authorization, Accept, Origin',
    });
    const ask = () => get(ME, 'ada', { ...ifNoneMatch(etag), origin: 'https://app.example' });
    const { 'content-type': _type, 'content-length': _length, ...kept } = first.headers;
    const notModified = {
      status: 304,
      text: '',
      headers: {
        ...kept,
        'access-control-allow-origin': 'https://app.example',
        'access-control-expose-headers': 'x-request-id, retry-after, etag',
      },
    };
    expect(await executions(async () => expect(await ask()).toEqual(notModified))).toBe(0);
    gateway.change('ada');
    expect(await executions(async () => expect(await ask()).toEqual(notModified))).toBe(1);
    gateway.world.text = 'second';
    gateway.change('ada');
    const changed = await ask();
    expect(changed).toMatchObject({ status: 200, text: '{"data":{"me":"ada second"}}\n' });
    expect(changed.headers.etag).not.toBe(etag);
  });

  it('the entity tag is the same on every instance and for every session, and another one for another principal', async () => {
    const sessions = ['{"userId":"ada","sessionId":"1"}', '{"userId":"ada","sessionId":"2"}'];
    const [first, second] = [await get(ME, sessions[0]), await get(ME, sessions[1])];
    expect(second.headers.etag).toBe(first.headers.etag);
    const query = { query: '{ twice(n: 1) }' };
    const [ada, bob] = [await get(query), await get(query, 'bob')];
    expect(bob.text).toBe(ada.text);
    expect(bob.headers.etag).not.toBe(ada.headers.etag);
    const other = await get(ME, 'ada', { accept: RESPONSE_JSON });
    expect(other.headers.etag).not.toBe(first.headers.etag);
    await gateway.close();
    gateway = await serve({ maxBytes: 0 });
    expect((await get(ME)).headers.etag).toBe(first.headers.etag);
    await gateway.close();
    gateway = await serve({ build: '2' });
    expect((await get(ME)).headers.etag).not.toBe(first.headers.etag);
  });

  it('Cache-Control: no-cache executes, and is answered with 304 where the answer is the same', async () => {
    const { etag = '' } = (await get(ME)).headers;
    const headers = { 'cache-control': 'no-cache', 'if-none-match': etag };
    expect(await executions(async () => expect((await get(ME, 'ada', headers)).status).toBe(304))).toBe(1);
  });

  it.each([
    ['an undated field', '{ me undated }'],
    ['an error', '{ me broken }'],
    ['a refused document', '{ nothing }'],
  ])('there is no entity tag for %s', async (_name, query) => {
    for (const { headers } of [await get({ query }), await get({ query }, 'ada', ifNoneMatch('*'))]) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', vary: expect.stringContaining('Accept') });
      expect(headers).not.toHaveProperty('etag');
    }
  });

  it('there is none where the operator has not turned it on, and never one over POST', async () => {
    const { headers } = await post(ME, 'ada', ifNoneMatch('*'));
    expect(headers).not.toHaveProperty('etag');
    await gateway.close();
    gateway = await serve({ revalidates: false });
    for (let i = 0; i < 2; i++) {
      const reply = await get(ME, 'ada', ifNoneMatch('*'));
      expect(reply.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(reply.headers).not.toHaveProperty('etag');
      expect(reply.status).toBe(200);
    }
  });

  it('a page of another origin may send the headers and read the tag', async () => {
    const preflight = await fetch(gateway.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization,cache-control,if-none-match',
      },
    });
    const allowed = preflight.headers.get('access-control-allow-headers') ?? '';
    for (const name of ['authorization', 'cache-control', 'if-none-match']) expect(allowed).toContain(name);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('GET');
  });
});

describe('in the shadow', () => {
  let found: StaleAnswer[];
  let shadow: Shadow;
  beforeEach(async () => {
    found = [];
    shadow = new Shadow(silent, { onStale: (answer) => void found.push(answer), changeTimeoutMs: 0 });
    await gateway.close();
    gateway = await serve({ shadow });
  });

  it('every query is executed, and a kept answer that was wrong is reported', async () => {
    await post(ME);
    expect(await executions(() => post(ME))).toBe(1);
    await shadow.settled();
    expect(found).toEqual([]);
    gateway.world.text = 'second';
    expect((await post(ME)).text).toContain('second');
    await shadow.settled();
    expect(found).toEqual([{ key: expect.stringMatching(/^[\w-]{43}$/), path: 'data.me' }]);
  });

  it('an answer of which something is known to have changed is not wrong', async () => {
    await post(ME);
    gateway.world.text = 'second';
    gateway.change('ada');
    await post(ME);
    await shadow.settled();
    expect(found).toEqual([]);
  });

  it('an answer is not wrong, of which it becomes known in time that something has changed', async () => {
    shadow = new Shadow(silent, { onStale: (answer) => void found.push(answer) });
    await gateway.close();
    gateway = await serve({ shadow });
    await post(ME);
    gateway.world.text = 'second';
    const answering = post(ME);
    await expect.poll(() => gateway.counts.executed).toBe(2);
    gateway.change('ada');
    expect((await answering).text).toContain('second');
    expect(found).toEqual([]);
  });

  it('no request waits for the judgement where nobody asks for it', async () => {
    shadow = new Shadow(silent);
    await gateway.close();
    gateway = await serve({ shadow });
    await post(ME);
    gateway.world.text = 'second';
    expect((await post(ME)).text).toContain('second');
    gateway.change('ada');
    await shadow.settled();
  });
});

describe('two answers differ', () => {
  const link = {
    url: 'https://a/download/token',
    html: '<img src="https://a/download/token">',
    expiresAt: '1',
    endCursor: 'a',
    edges: [{ cursor: 'a', node: { id: '1' } }],
  };
  it.each([
    ['in nothing', { a: [1, { b: null }] }, { a: [1, { b: null }] }, null],
    ['in a value', { data: { a: 1 } }, { data: { a: 2 } }, 'data.a'],
    ['in the length of a list', { a: [1] }, { a: [1, 2] }, 'a.1'],
    ['in a missing member', { a: 1 }, { a: 1, b: null }, 'b'],
    ['in their kinds', { a: [] }, { a: {} }, 'a'],
    ['in a null', { a: null }, { a: {} }, 'a'],
    [
      'in the token of a link and a cursor, which may',
      link,
      {
        ...link,
        url: 'https://a/download/other',
        html: '<img src="https://a/download/other">',
        endCursor: 'b',
        edges: [{ ...link.edges[0], cursor: 'b' }],
      },
      null,
    ],
    ['in another part of a link', link, { ...link, url: 'https://b/download/token' }, 'url'],
    ['in a value named url that is no link to a file', { url: 'https://a/1' }, { url: 'https://a/2' }, 'url'],
    ['in a link that is missing', { url: 'a' }, { url: null }, 'url'],
  ])('%s', (_name, a, b, path) => expect(firstDifference(a, b)).toBe(path));
});
