import { unsubscribe as ignore, subscribe as observe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app/app.ts';
import { bodyOf } from '../support/clients/answer.ts';
import { answerIn, init, openSocket, Socket, subscribe } from '../support/clients/socket.ts';

let app: TestApp;
beforeAll(async () => {
  // The deadline is so long that no account is given up on by itself while a test waits for that.
  app = await startApp({ demo: false, messages: 0, env: { SOURCE_DEADLINE_MS: '600000' } });
});
afterAll(() => app.close());

const NEW_MAIL = 'subscription { messageReceived { cursor message { id subject from { name address } } } }';
const repeat = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));

/** Returns a subscription whose field is conditional. */
const conditional = (directive: string) =>
  `subscription S($b: Boolean! = true) { ... on Subscription { ...F } } fragment F on Subscription { ...F ...Fields ${directive} }
   fragment Fields on Subscription { messageReceived { cursor } }`;

describe('an error over WebSocket is the same as over HTTP', () => {
  let token: string;
  beforeAll(async () => {
    ({ token } = await app.user('errors'));
  });
  const page = 'query ($n: Int!) { viewer { messages(first: $n) { nodes { id } } } }';
  const filtered = 'query ($filter: MessageFilter) { viewer { messages(filter: $filter) { nodes { id } } } }';

  const lists = repeat(99, (i) => `a${i}: messages(first: 1) { nodes { id } }`).join(' ');
  const manyLists = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Viewer { ${lists} } } }`;

  it.each<[code: string, query: string, more?: object]>([
    ['GRAPHQL_PARSE_FAILED', '{ viewer { id '],
    ['GRAPHQL_VALIDATION_FAILED', '{ viewr { id } }'],
    ['GRAPHQL_VALIDATION_FAILED', 'query ($n: Nope) { viewer { id } }'],
    ['GRAPHQL_VALIDATION_FAILED', '{ viewer { messages(after: 7) { nodes { id } } } }'],
    ['GRAPHQL_VALIDATION_FAILED', `query Q { __typename } ${conditional('@skip(if: $b)')}`, { operationName: 'Q' }],
    ['OPERATION_RESOLUTION_FAILURE', 'query A { __typename } query B { __typename }'],
    ['OPERATION_RESOLUTION_FAILURE', 'query A { __typename }', { operationName: 'Z' }],
    ['BAD_USER_INPUT', page],
    ['BAD_USER_INPUT', page, { variables: { n: 'x' } }],
    ['BAD_USER_INPUT', filtered, { variables: { filter: { role: 'NOPE', frm: 3 } } }],
    [
      'BAD_USER_INPUT',
      'query ($c: Cursor) { viewer { messages(after: $c) { nodes { id } } } }',
      { variables: { c: 7 } },
    ],
    ['BAD_USER_INPUT', '{ viewer { messages(after: "forged") { nodes { id } } } }'],
    ['QUERY_TOO_COMPLEX', `{ ${'viewer { '.repeat(200)} id ${'}'.repeat(200)} }`],
    ['QUERY_TOO_COMPLEX', page, { variables: { n: 5_000 } }],
    ['QUERY_TOO_COMPLEX', manyLists, { variables: { ids: repeat(100, String) } }],
  ])('%s: %s %j', async (code, query, more = {}) => {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, ...more }),
    });
    const { errors } = await bodyOf(response);
    expect(errors?.[0]?.extensions.code).toBe(code);
    const socket = await openSocket(app, token);
    await socket.send(subscribe(query, '1', more));
    expect(answerIn(await socket.receive('error', 'next')).errors).toEqual(errors);
    socket.close();
  });
});

describe('a socket', () => {
  it('gets an error for a conditional field of a subscription, and stays open', async () => {
    const { token } = await app.user('conditions');
    const socket = await openSocket(app, token);
    const queries = ['@skip(if: true)', '@include(if: false)', '@include(if: $b)', '@skip(if: $b)'].map(conditional);
    queries.push('subscription { messageReceived @skip(if: true) { cursor } }');
    for (const [id, query] of queries.entries()) {
      await socket.send(subscribe(query, String(id), { variables: { b: false } }));
      const { payload } = await socket.find((message) => message.id === String(id));
      expect(payload).toEqual([
        {
          message: expect.stringMatching(/^"@(skip|include)" is not allowed on the field of a subscription/),
          locations: expect.anything(),
          extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
        },
      ]);
    }
    await socket.send(subscribe('{ __typename }', 'next'));
    expect((await socket.receive('next')).payload).toEqual({ data: { __typename: 'Query' } });
    socket.close();
  });

  it('accepts messages up to its size limit, and refuses a forged cursor', async () => {
    const { token } = await app.user('socket');
    const socket = await openSocket(app, token);
    await socket.send(subscribe('subscription { messageReceived(after: "forged") { cursor } }'));
    expect(answerIn(await socket.receive('error', 'next')).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    const large = new Socket(app);
    await large.send({ type: 'connection_init', payload: { authorization: 'x'.repeat(2_000_000) } });
    expect((await large.closed).code).toBe(1009);
  });

  it('takes the token from authorization, from token, or from the upgrade itself, and nowhere else', async () => {
    const { token } = await app.user('token');
    const authorization = `Bearer ${token}`;
    for (const [payload, headers] of [
      [{ Authorization: authorization }, {}],
      [{ token }, {}],
      [{}, { authorization }],
    ] as const) {
      const socket = new Socket(app, headers);
      await socket.send({ type: 'connection_init', payload });
      await socket.receive('connection_ack');
    }
    for (const payload of [{}, { authorization: token }, { token: 7 }, null]) {
      const socket = new Socket(app);
      await socket.send({ type: 'connection_init', payload });
      expect((await socket.closed).code).toBe(4401);
    }
  });

  it('closes with 4401 when its session ends', async () => {
    const { token } = await app.user('ended');
    const socket = await openSocket(app, token);
    await app.data('mutation { signOut { userErrors { message } } }', {}, token);
    expect(await socket.closed).toMatchObject({ code: 4401, reason: 'The session has ended' });
  });

  it('that does not authenticate is closed', async () => {
    expect((await new Socket(app).closed).code).toBe(4408);
  });
});

describe('an operation that its client completes', () => {
  const LIST = '{ viewer { messages(first: 1) { nodes { id } } } }';
  const START = 'http.server.request.start';

  it('aborts its request to the provider, and nothing else of its connection', async () => {
    const { token } = await app.user('completes');
    const account = 'completes@gmail.example';
    await app.connect(token, 'GMAIL', account);
    await app.synced(token);
    await app.control('/faults', { vendor: 'google', account, operation: 'messages.list', hang: true });
    const lists: IncomingMessage[] = [];
    const onRequest = (message: unknown) => {
      const { request } = message as { request: IncomingMessage };
      if (request.url?.includes('/messages?')) lists.push(request);
    };
    observe(START, onRequest);
    try {
      const socket = await openSocket(app, token);
      await socket.send(subscribe(LIST, 'given up'));
      await expect.poll(() => lists.length).toBe(1);
      expect(lists[0]?.socket.destroyed).toBe(false);
      await socket.send({ id: 'given up', type: 'complete' });
      await expect.poll(() => lists[0]?.socket.destroyed).toBe(true);
      await app.control('/faults', undefined, 'DELETE');
      await socket.send(subscribe(LIST, 'next'));
      await socket.find((message) => message.id === 'next' && message.type === 'complete');
      expect(socket.messages.map(({ type, id }) => [type, id])).toEqual([
        ['connection_ack', undefined],
        ['next', 'next'],
        ['complete', 'next'],
      ]);
      socket.close();
    } finally {
      ignore(START, onRequest);
    }
  });
});

describe('one user', () => {
  it('may have 100 operations open, and more once some have ended', async () => {
    const { token } = await app.user('hundred');
    const socket = await openSocket(app, token);
    await socket.send(...repeat(101, (i) => subscribe(NEW_MAIL, `s${i}`)));
    const refused = await socket.receive('error');
    expect(refused).toMatchObject({ id: 's100', payload: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }] });
    await socket.send({ id: 's0', type: 'complete' }, subscribe(NEW_MAIL, 'again'), subscribe(NEW_MAIL, 'over'));
    await socket.find((message) => message.id === 'over');
    expect(socket.messages.map(({ type, id }) => [type, id])).toEqual([
      ['connection_ack', undefined],
      ['error', 's100'],
      ['error', 'over'],
    ]);
    socket.close();
  });

  it('is disconnected in a flood of operations, and everybody else is answered', async () => {
    const { token } = await app.user('flood');
    const socket = await openSocket(app, token);
    await socket.send(...repeat(5_000, (i) => subscribe(NEW_MAIL, String(i))));
    expect(await socket.closed).toEqual({ code: 4429, reason: 'At most 100 operations may be open at a time' });
    expect(socket.messages.length).toBeLessThanOrEqual(100);
    await openSocket(app, token).then((next) => next.close());
    expect((await app.query('{ __typename }')).data).toEqual({ __typename: 'Query' });
  });

  it('may send 1,000 short queries in one burst', async () => {
    const { token } = await app.user('burst');
    const socket = await openSocket(app, token);
    await socket.send(...repeat(1_000, (i) => subscribe('{ __typename }', String(i))));
    await socket.find((message) => message.id === '999' && message.type === 'complete');
    expect(socket.messages.filter(({ type }) => type === 'next')).toHaveLength(1_000);
    socket.close();
  });

  it('may have 100 connections, and other users have their own', async () => {
    const [mine, other] = [await app.user('crowd'), await app.user('other')];
    const sockets = await Promise.all(repeat(100, () => openSocket(app, mine.token)));
    const late = new Socket(app);
    await late.send(init(mine.token));
    expect(await late.closed).toEqual({ code: 4429, reason: 'At most 100 connections of one user are allowed' });
    sockets.push(await openSocket(app, other.token));
    sockets[0]?.close();
    const again = async () => {
      const socket = new Socket(app);
      sockets.push(socket);
      await socket.send(init(mine.token));
      const acknowledged = socket.receive('connection_ack').then(() => 'open');
      return Promise.race([acknowledged, socket.closed]);
    };
    await expect.poll(again).toBe('open');
    for (const socket of sockets) socket.close();
  });
});
