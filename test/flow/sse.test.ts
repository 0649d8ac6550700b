import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { type EventStreamClient, openEventStream } from '../support/clients/event-stream.ts';

/** Server-Sent Events of the real gateway: resumption, and every way in which a stream ends. */

let app: TestApp;
const sessionTimes = { accessTokenSeconds: 15 * 60 };
const streams: EventStreamClient[] = [];
beforeAll(async () => {
  const env = { CORS_ORIGINS: 'https://mail.example' };
  app = await startApp({ demo: false, messages: 0, sessionTimes, streamTimes: { heartbeatIntervalMs: 20 }, env });
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});
afterAll(() => app.close());

const open: typeof openEventStream = async (...request) => {
  const stream = await openEventStream(...request);
  streams.push(stream);
  return stream;
};
const NEW_MAIL = 'subscription ($after: Cursor) { messageReceived(after: $after) { message { subject } } }';
const WAITS = { query: 'subscription { submissionChanged { submission { id } } }' };
const SIGN_OUT = 'mutation { signOut { userErrors { message } } }';
const CURSOR = graphql(`{ viewer { integrations { sync { cursor } } } }`);

/** Registers a user with an account, and returns the cursor of what has happened in it so far. */
async function userWith(address: string) {
  const user = await app.user(address.split('@')[0] ?? '');
  await app.connect(user.token, 'GMAIL', address);
  const { viewer } = await app.data(CURSOR, {}, user.token);
  return { ...user, after: viewer.integrations[0]?.sync.cursor as string };
}

/** Opens a stream with a token that expires soon, but not before: on a busy machine it takes longer to open one. */
async function expiring() {
  for (let seconds = 2; ; seconds *= 2) {
    // The time of a token is in whole seconds.
    const validUntil = Date.now() + (seconds - 1) * 1_000;
    sessionTimes.accessTokenSeconds = seconds;
    const user = await app.user('expires');
    sessionTimes.accessTokenSeconds = 15 * 60;
    const stream = await open(app, WAITS, { token: user.token });
    if (Date.now() < validUntil) return { ...user, stream };
  }
}

/** Returns the subject of a message, whose text no other member of the result repeats. */
const subjectOf = (event: object): string | undefined => /"subject":"(\d+)"/.exec(JSON.stringify(event))?.[1];

/** The code of the error with which a stream has ended. */
async function endOf(stream: EventStreamClient): Promise<{ code: unknown; message: unknown }> {
  expect(await stream.closed).toBe(true);
  const [last, complete] = stream.events.slice(-2);
  expect(complete).toEqual({ event: 'complete', id: null, data: null });
  // The id of the last event stays: the error has none of its own.
  expect(last?.id).toBeNull();
  const [error] = last?.data?.errors ?? [];
  return { code: error?.extensions.code, message: error?.message };
}

describe('a client that repeats its request with Last-Event-ID', () => {
  it('misses nothing and gets nothing twice, however its streams end', async () => {
    const account = 'resumes@gmail.example';
    const { token, after } = await userWith(account);
    let sent = 0;
    const deliver = async (n: number) => {
      for (let i = 0; i < n; i++)
        await app.control('/deliver', {
          vendor: 'google',
          account,
          from: 'a@example.org',
          subject: `${sent++}`,
          text: 'x',
        });
    };
    const received: (string | undefined)[] = [];
    let lastEventId = '';
    const interruptions = [
      async (stream: EventStreamClient) => stream.close(),
      async (stream: EventStreamClient) => {
        await app.restart(() => deliver(1));
        expect(await stream.closed).toBe(true);
        expect(stream.events.map(({ event }) => event)).not.toContain('complete');
        expect(stream.retryMs).toBeGreaterThanOrEqual(1_000);
      },
      async (stream: EventStreamClient) => {
        await app.data(SIGN_OUT, {}, token);
        expect(await endOf(stream)).toMatchObject({ code: 'UNAUTHENTICATED' });
      },
    ];
    await deliver(2);
    for (const [round, interrupt] of interruptions.entries()) {
      const stream = await open(
        app,
        { query: NEW_MAIL, variables: { after } },
        { token, method: round % 2 === 0 ? 'POST' : 'GET', headers: { 'last-event-id': lastEventId } },
      );
      await deliver(2);
      const latest = `${sent - 1}`;
      await stream.find((event) => subjectOf(event) === latest);
      received.push(...stream.events.map(subjectOf));
      ({ lastEventId } = stream);
      await interrupt(stream);
      await deliver(1);
    }
    expect(received).toEqual(Array.from({ length: sent - 1 }, (_, i) => `${i}`));
  });

  it('is refused for an id that was not given to it, as for `after`', async () => {
    const { token } = await app.user('forges');
    const { token: other, after } = await userWith('owner@gmail.example');
    expect(after).not.toBe('');
    expect(other).not.toBe(token);
    for (const lastEventId of ['forged', after]) {
      const byHeader = await open(app, { query: NEW_MAIL }, { token, headers: { 'last-event-id': lastEventId } });
      const byArgument = await open(app, { query: NEW_MAIL, variables: { after: lastEventId } }, { token });
      expect(await endOf(byHeader)).toMatchObject({ code: 'BAD_USER_INPUT' });
      await byArgument.closed;
      expect(byHeader.events).toEqual(byArgument.events);
    }
  });
});

it('the client of the README renews its token, and continues after a restart', async () => {
  const readme = readFileSync('README.md', 'utf8');
  const [, text = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const follow = new Function(`${text.replaceAll('http://127.0.0.1:4000', app.url)}\nreturn follow;`)() as Follow;
  const account = 'readme@gmail.example';
  const { after, email } = await userWith(account);
  const deliver = (subject: string) =>
    app.control('/deliver', { vendor: 'google', account, from: 'a@example.org', subject, text: 'x' });
  const tokens: string[] = [];
  let restarted: Promise<void> | undefined;
  const accessToken = async () => {
    // The client connects again after a second, when the gateway may not have started yet.
    await restarted;
    // The first token expires while it is used.
    sessionTimes.accessTokenSeconds = tokens.length === 0 ? 2 : 15 * 60;
    const { signIn } = await app.data(
      graphql(`mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }`),
      { input: { email, password: 'a good long password' } },
      null,
    );
    tokens.push(signIn.session.accessToken);
    return signIn.session.accessToken as string;
  };
  const received: (string | undefined)[] = [];
  const ended = new Error('enough');
  const following = follow({ query: NEW_MAIL, variables: { after } }, accessToken, (result) => {
    received.push(subjectOf(result));
    if (received.length === 4) throw ended;
  });
  await deliver('1');
  await expect.poll(() => received).toEqual(['1']);
  await expect.poll(() => tokens.length).toBe(2);
  await deliver('2');
  await expect.poll(() => received).toEqual(['1', '2']);
  restarted = app.restart(() => deliver('3'));
  await restarted;
  await deliver('4');
  await expect(following).rejects.toBe(ended);
  expect(received).toEqual(['1', '2', '3', '4']);
});

type Follow = (
  request: object,
  accessToken: () => Promise<string>,
  onResult: (result: object) => void,
) => Promise<void>;

describe('a stream', () => {
  it('completes after the outcome of its submission', async () => {
    const account = 'sends@gmail.example';
    const { token } = await userWith(account);
    const { viewer } = await app.data(graphql(`{ viewer { integrations { id } } }`), {}, token);
    const integration = viewer.integrations[0]?.id;
    const message = { integration, to: [{ address: 'ada@example.org' }], subject: 'Hello', text: 'Hello' };
    const { send } = await app.data(
      graphql(`mutation ($input: SendInput!) { send(input: $input) { submission { id } userErrors { message } } }`),
      { input: { idempotencyKey: 'sse', message } },
      token,
    );
    const query = 'subscription ($id: ID) { submissionChanged(id: $id) { submission { status } } }';
    const stream = await open(app, { query, variables: { id: send.submission.id } }, { token });
    expect(await stream.closed).toBe(true);
    const [outcome, complete] = stream.events.slice(-2);
    expect(outcome).toMatchObject({
      id: expect.any(String),
      data: { data: { submissionChanged: { submission: { status: 'SENT' } } } },
    });
    expect(complete?.event).toBe('complete');
  });

  it('is kept open by comments', async () => {
    const { token } = await app.user('silent');
    const stream = await open(app, WAITS, { token });
    await expect.poll(() => stream.comments).toBeGreaterThan(3);
    expect(stream.events).toEqual([]);
  });

  it('ends with UNAUTHENTICATED when its token expires, and the next one continues', async () => {
    const { stream, token, refreshToken } = await expiring();
    const { code, message } = await endOf(stream);
    expect(code).toBe('UNAUTHENTICATED');
    expect(message).toMatch(/has expired.*fresh one.*Last-Event-ID/s);
    const { refreshSession } = await app.data(
      graphql(`mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken } } }`),
      { input: { refreshToken } },
      null,
    );
    const next = await open(app, WAITS, { token: refreshSession.session.accessToken });
    await expect.poll(() => next.comments).toBeGreaterThan(1);
    // The expired token opens no stream.
    expect((await endOf(await open(app, WAITS, { token }))).code).toBe('UNAUTHENTICATED');
  });

  it('ends when its session does, and the operation that ends the session is answered', async () => {
    const { token } = await app.user('leaves');
    const stream = await open(app, WAITS, { token });
    const leaving = await open(app, { query: SIGN_OUT }, { token });
    expect(await leaving.closed).toBe(true);
    expect(leaving.events).toMatchObject([{ data: { data: { signOut: { userErrors: [] } } } }, { event: 'complete' }]);
    const { code, message } = await endOf(stream);
    expect(code).toBe('UNAUTHENTICATED');
    expect(message).toMatch(/^The session has ended\./);
    expect((await endOf(await open(app, WAITS, { token }))).code).toBe('UNAUTHENTICATED');
  });

  it('can be read by a page of another origin that is listed', async () => {
    const { token } = await app.user('page');
    const headers = { origin: 'https://mail.example' };
    const preflight = await fetch(`${app.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        ...headers,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,last-event-id',
      },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('last-event-id');
    const { response } = await open(app, WAITS, { token, headers });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://mail.example');
    expect(response.headers.get('vary')).toBe('Origin, Accept');
    const foreign = await open(app, WAITS, { token, headers: { origin: 'https://evil.example' } });
    expect(foreign.response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
