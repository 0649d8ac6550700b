import { Agent, type RequestOptions, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { silent, TEST_DATABASES } from '../support/app/database.ts';
import type { Relay } from '../support/app/relay.ts';
import { type AnswerBody, bodyOf } from '../support/clients/answer.ts';
import { type Document, documentText } from '../support/clients/document.ts';
import { Follower } from '../support/clients/follower.ts';
import { answerIn, init, openSocket, Socket, subscribe } from '../support/clients/socket.ts';

/** Limits as long as a busy machine needs for a statement, and much shorter than in production. */
const SHORT = { connectMs: 4_000, statementMs: 4_000, requestMs: 6_000, probeMs: 2_000, probeEveryMs: 100 };

const ME = '{ viewer { email } }';
const INBOX = graphql(`{ viewer { messages(first: 5) { nodes { subject } sources { problem { code } } } } }`);
const SUBMISSIONS = graphql(`{ viewer { submissions(first: 100) { nodes { id status } } } }`);
const SENT = graphql(`{ viewer { messages(first: 100, filter: { role: SENT }) { nodes { subject } } } }`);
const ACCOUNTS = graphql(`{ viewer { integrations { id provider { id } sync { cursor } } } }`);
const SIGN_IN = graphql(
  `mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } userErrors { message } } }`,
);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { id status } userErrors { code message } } }`,
);
const CONNECT =
  'mutation ($input: ConnectInput!) { connect(input: $input) { authorizationUrl userErrors { message } } }';
const LIVE = graphql(
  `subscription ($after: Cursor, $integration: ID!) { messageReceived(after: $after, integrations: [$integration]) { cursor message { subject } } }`,
);
const STEPS = graphql(
  `subscription ($after: Cursor) { submissionChanged(after: $after) { cursor submission { id status } } }`,
);

const codesOf = (answer: Pick<AnswerBody, 'errors'>) => (answer.errors ?? []).map(({ extensions }) => extensions.code);

const upload = (app: TestApp, token: string, bytes: Uint8Array<ArrayBuffer>) =>
  fetch(`${app.url}/upload?filename=a.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
    body: bytes,
  });

const stateOf = async (app: TestApp, path: string) => (await fetch(`${app.url}${path}`)).status;

/** Executes one operation over a new, authenticated socket. */
async function overSocket(app: TestApp, token: string, query: string) {
  const socket = await openSocket(app, token);
  await socket.send(subscribe(query));
  const answer = answerIn(await socket.receive('next', 'error'));
  socket.close();
  return answer;
}

describe('a database that is full', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ messages: 3, demo: false });
    // Rows of the user `stuffed` cannot be stored, as on a full disk. Those of others can.
    await app.restart(async () => {
      const { databaseUrl: url, config } = app;
      const db = await openDatabase({ url, dataDir: url ? null : config.dataDir, log: silent });
      await db.execute(`
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id AND email LIKE 'stuffed-%') THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
          END IF;
          IF EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id AND email LIKE 'odd-%') THEN
            RAISE EXCEPTION 'a bug of ours';
          END IF;
          RETURN NEW;
        END $$;
        CREATE FUNCTION no_chunk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
        END $$;
        CREATE TRIGGER no_chunk BEFORE INSERT ON upload_chunks FOR EACH ROW EXECUTE FUNCTION no_chunk()`);
      for (const table of ['uploads', 'connect_flows'])
        await db.execute(`CREATE TRIGGER no_room BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION no_room()`);
      await db.close();
    });
  });
  afterAll(() => app?.close());

  it('is reported with a code of its own over every transport, and reading still works', async () => {
    const { token, email } = await app.user('stuffed');
    const input = { provider: 'GMAIL', access: 'READ' };
    const overHttp = await app.query(CONNECT, { input }, token);
    expect(overHttp).toMatchObject({
      status: 200,
      errors: [
        { message: "The gateway's database is unavailable. Try again.", extensions: { code: 'STORE_UNAVAILABLE' } },
      ],
    });
    expect(Date.parse(String(overHttp.errors?.[0]?.extensions.retryAfter))).toBeGreaterThan(0);
    const newer = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: {
        accept: 'application/graphql-response+json',
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify({ query: CONNECT, variables: { input } }),
    });
    expect([newer.status, newer.headers.get('retry-after'), codesOf(await bodyOf(newer))]).toEqual([
      503,
      '2',
      ['STORE_UNAVAILABLE'],
    ]);
    const socket = await openSocket(app, token);
    await socket.send(subscribe(CONNECT, '1', { variables: { input } }));
    expect(codesOf(answerIn(await socket.receive('next', 'error')))).toEqual(['STORE_UNAVAILABLE']);
    socket.close();

    const refused = await upload(app, token, new Uint8Array(10));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([507, '2']);
    expect(codesOf(await bodyOf(refused))).toEqual(['STORE_UNAVAILABLE']);

    expect(await app.data(ME, {}, token)).toEqual({ viewer: { email } });
    expect(await stateOf(app, '/ready')).toBe(200);
  });

  it('a bug during an upload is INTERNAL, and not reported as an interrupted file', async () => {
    const { token } = await app.user('odd');
    const failed = await upload(app, token, new Uint8Array(2_000_000));
    expect([failed.status, codesOf(await bodyOf(failed))]).toEqual([500, ['INTERNAL']]);
  });

  it.each([
    ['the body', 'application/octet-stream', '', ''],
    ['a form', 'multipart/form-data; boundary=x', FORM, '\r\n--x--\r\n'],
  ])(
    'a file, sent as %s, that cannot be stored to its end does not block later requests',
    async (_, type, before, after) => {
      const { token } = await app.user('half');
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const send = (path: string, contentType: string, body: Buffer | string) =>
        fetchVia(`${app.url}${path}`, body, {
          agent,
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
        });
      const body = Buffer.concat([Buffer.from(before), Buffer.alloc(2_000_000), Buffer.from(after)]);
      expect(await send('/upload?filename=a.bin', type, body)).toMatchObject([
        507,
        { errors: [{ extensions: { code: 'STORE_UNAVAILABLE' } }] },
      ]);
      expect(await send('/graphql', 'application/json', JSON.stringify({ query: ME }))).toMatchObject([
        200,
        { data: {} },
      ]);
      agent.destroy();
    },
  );
});

const FORM = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n';

/** Returns the status and the body of the answer. */
const fetchVia = (url: string, body: Buffer | string, options: RequestOptions): Promise<[number, AnswerBody]> =>
  new Promise((resolve, reject) => {
    const asking = request(url, options, (response) => {
      let text = '';
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve([response.statusCode ?? 0, JSON.parse(text)]));
    });
    asking.on('error', reject).end(body);
  });

describe.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))('%s behind a bad network', () => {
  let app: TestApp;
  let relay: Relay;
  beforeAll(async () => {
    // A send that was cut off before its answer is settled after this time. The default, which allows for Graph's
    // delay, is longer than the test.
    app = await startApp({ messages: 5, relayed: true, storeLimits: SHORT, sendTimes: { settlesMs: 5_000 } });
    if (!app.relay) throw new Error('there is no relay');
    relay = app.relay;
  });
  afterAll(() => app?.close());

  it('answers in time over every transport while the database hangs, and works again when it does', async () => {
    const { token } = await app.user('patient');
    const following = await openSocket(app, app.token);
    const { viewer } = await app.data(ACCOUNTS);
    const { id, sync } = viewer.integrations.find((i) => i.provider.id === 'OUTLOOK') ?? {};
    // The subscription begins at a cursor. Without one, a subscription that has not started when the database hangs
    // could begin after the mail.
    await following.send(subscribe(documentText(LIVE), '1', { variables: { integration: id, after: sync?.cursor } }));
    await following.send(subscribe(ME, '2'));
    await following.find((message) => message.id === '2' && message.type === 'complete');

    relay.hang();
    const signIn = { input: { email: 'a@x.example', password: 'a good long password' } };
    const [reading, signingIn, file, callback, page, socketed] = await Promise.all([
      app.query(SUBMISSIONS),
      app.query(SIGN_IN, signIn, null),
      upload(app, token, new Uint8Array(600_000)),
      fetch(`${app.url}/oauth/callback?state=abc&code=x`),
      app.query(INBOX, {}, token),
      overSocket(app, app.token, documentText(SUBMISSIONS)),
    ]);
    for (const answer of [reading, signingIn, socketed, page]) expect(codesOf(answer)).toEqual(['STORE_UNAVAILABLE']);
    expect([file.status, codesOf(await bodyOf(file))]).toEqual([503, ['STORE_UNAVAILABLE']]);
    expect([callback.status, await callback.text()]).toEqual([503, expect.stringContaining('database is unavailable')]);
    expect([await stateOf(app, '/ready'), await stateOf(app, '/health')]).toEqual([503, 200]);
    // A client that connects now is not refused as unauthenticated.
    const newcomer = new Socket(app);
    await newcomer.send(init(app.token));
    await newcomer.receive('connection_ack');
    await newcomer.send(subscribe('subscription { messageReceived(integrations: ["x"]) { cursor } }'));
    await newcomer.receive('next', 'error');
    newcomer.close();

    // A change during the outage is not lost: the provider announces it again, or a poll finds it.
    await app.control('/deliver', {
      vendor: 'microsoft',
      account: 'demo@outlook.example',
      from: 'a@example.org',
      subject: 'while it hung',
      text: 'x',
    });
    relay.resume();
    await expect.poll(() => stateOf(app, '/ready')).toBe(200);
    await expect.poll(async () => codesOf(await app.query(SUBMISSIONS))).toEqual([]);
    // On a busy machine a statement may still exceed its limit.
    await expect.poll(async () => (await upload(app, token, new Uint8Array(600_000))).status).toBe(201);
    const event = await following.find((message) => message.id === '1');
    expect(event.payload).toMatchObject({ data: { messageReceived: { message: { subject: 'while it hung' } } } });
    following.close();
  });

  it('ends no subscription, sends nothing twice and loses nothing when its connections are cut at random', async () => {
    const seed = Number(process.env.STORE_SEED ?? Date.now() % 1_000_000);
    console.info(`STORE_SEED=${seed}`);
    const random = generator(seed);
    const { viewer } = await app.data(ACCOUNTS);
    const integrations: string[] = viewer.integrations.map((i) => i.id);
    // The subscriptions begin at cursors. Without one, a subscription that is cut off while it starts begins at the end
    // of the log.
    const live = viewer.integrations.map(
      ({ id, sync }) => new Follower(app.url, app.token, LIVE, { integration: id, after: sync?.cursor }),
    );
    const steps = new Follower(app.url, app.token, STEPS, {});
    await Promise.all([...live, steps].map(({ opened }) => opened));
    let cuts = 0;
    let left = 30;
    relay.onPiece = (_piece, cut) => {
      if (--left > 0) return;
      left = 15 + Math.floor(random() * 60);
      cuts++;
      cut();
    };

    const codes = new Set<string>();
    const insist = async <T>(ask: () => Promise<T | null>): Promise<T> => {
      for (;;) {
        const answer = await ask();
        if (answer !== null) return answer;
      }
    };
    const execute = <T>(document: Document<T>, variables = {}) =>
      insist(async () => {
        const answer = await app.query(document, variables);
        for (const code of codesOf(answer)) codes.add(code);
        return answer.errors ? null : answer.data;
      });
    const uploaded = () =>
      insist(async () => {
        const response = await upload(app, app.token, new Uint8Array(300_000));
        const body = (await response.json()) as Pick<AnswerBody, 'errors'> & { upload?: string };
        for (const code of codesOf(body)) codes.add(code);
        return response.status === 201 ? body.upload : null;
      });
    const ids = new Map<string, string>();
    const delivered: string[] = [];
    const send = async (turn: number) => {
      const subject = `cut ${turn}`;
      const attachments = turn % 3 === 0 ? [{ upload: await uploaded() }] : [];
      const message = {
        integration: integrations[turn % integrations.length],
        to: [{ address: 'zoe@example.org' }],
        subject,
        text: 'x',
        attachments,
      };
      const input = { idempotencyKey: subject, undoSeconds: turn % 4 === 3 ? 1 : 0, message };
      const { send: sent } = await execute(SEND, { input });
      expect(sent.userErrors).toEqual([]);
      ids.set(subject, sent.submission.id);
      const subjectOfMail = `arrives ${turn}`;
      await app.control('/deliver', {
        vendor: turn % 2 ? 'google' : 'microsoft',
        account: turn % 2 ? 'demo@gmail.example' : 'demo@outlook.example',
        from: 'a@example.org',
        subject: subjectOfMail,
        text: 'x',
      });
      delivered.push(subjectOfMail);
    };
    const SENDS = 10;
    let turn = 0;
    const sender = async () => {
      while (turn < SENDS) await send(turn++);
    };
    let sending = true;
    const reader = async () => {
      while (sending) {
        await execute(SUBMISSIONS);
        await execute(INBOX);
      }
    };
    const reading = reader();
    await Promise.all([sender(), sender()]);
    sending = false;
    await reading;
    expect(cuts).toBeGreaterThan(5);
    relay.onPiece = null;

    expect([...codes].filter((code) => code !== 'STORE_UNAVAILABLE')).toEqual([]);
    const states = async () =>
      (await app.data(SUBMISSIONS)).viewer.submissions.nodes.map(({ id, status }) => `${id} ${status}`).sort();
    const done = [...ids.values()].map((id) => `${id} SENT`).sort();
    await expect.poll(states, { timeout: 120_000 }).toEqual(done);
    const { viewer: sent } = await app.data(SENT);
    const subjects = sent.messages.nodes.map((m) => m.subject).filter((s: string) => s.startsWith('cut'));
    expect(subjects.sort()).toEqual([...ids.keys()].sort());
    const arrived = () =>
      [
        ...new Set(
          live.flatMap(({ events }) => events.map((e) => e.message?.subject).filter((s) => s?.startsWith('arrives'))),
        ),
      ].sort();
    await expect.poll(arrived, { timeout: 120_000 }).toEqual(delivered.sort());
    const followed = () => new Set(steps.events.flatMap(({ submission: s }) => (s.status === 'SENT' ? s.id : [])));
    await expect.poll(followed, { timeout: 120_000 }).toEqual(new Set(ids.values()));
    for (const follower of [...live, steps]) {
      expect([follower.failures, follower.closed]).toEqual([[], []]);
      await follower.end();
    }
  }, 300_000);
});

/** Returns random numbers, the same ones for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
