import { Agent, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Data, startApp, type TestApp } from '../support/app.ts';

const apps: TestApp[] = [];
const open = async (options: Parameters<typeof startApp>[0]) => {
  const app = await startApp(options);
  apps.push(app);
  return app;
};
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

/** fetch sets Host by itself. */
const get = (url: string, headers: Record<string, string>) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    request(url, { headers }, (response) => {
      let text = '';
      response
        .on('data', (chunk) => (text += chunk))
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });

/** What the answer to a slow request says about its connection. */
const connectionOf = (app: TestApp, agent: Agent) =>
  new Promise<string | undefined>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${app.token}` };
    request(`${app.url}/graphql`, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      resolve(response.headers.connection);
    })
      .on('error', reject)
      .end(JSON.stringify({ query: '{ viewer { messages(first: 3) { nodes { id } } } }' }));
  });

/** A socket by hand: what the protocol says, and how it closed. */
class Socket {
  readonly messages: Data[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly ws: WebSocket;
  private waiting: (() => void)[] = [];

  constructor(app: TestApp, headers: Record<string, string> = {}) {
    this.ws = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    this.ws.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.ws.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  async send(...messages: Data[]): Promise<void> {
    if (this.ws.readyState === WebSocket.CONNECTING) await new Promise((resolve) => this.ws.once('open', resolve));
    for (const message of messages) this.ws.send(JSON.stringify(message));
  }

  async receive(...types: string[]): Promise<Data> {
    for (;;) {
      const found = this.messages.find((message) => types.includes(message.type));
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}
const init = (token: string) => ({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
const subscribe = (query: string) => ({ id: '1', type: 'subscribe', payload: { query } });

describe('the sandbox', () => {
  it('answers on loopback names only, and shows its page under a strict policy', async () => {
    const app = await open({ demo: false, messages: 0, env: { SANDBOX: 'on' } });
    const foreign = await get(`${app.url}/`, { host: 'evil.example' });
    expect(foreign).toEqual({ status: 403, text: expect.stringContaining('loopback only') });
    expect((await get(`${app.url}/health`, { host: `localhost:${new URL(app.url).port}` })).status).toBe(200);
    const socket = new Socket(app, { host: 'evil.example' });
    expect((await socket.closed).code).toBe(1006);
    const page = await fetch(`${app.url}/`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe-eval');
  });
});

describe('production', () => {
  it('has no page and no introspection unless asked, and gives no hints', async () => {
    const app = await open({ demo: false, messages: 0, env: { GRAPHIQL: 'off', INTROSPECTION: 'off' } });
    expect((await fetch(`${app.url}/`)).status).toBe(404);
    const introspection = await app.query('{ __schema { types { name } } }');
    expect(introspection.errors?.[0]?.message).toMatch(/introspection/i);
    expect((await app.query('{ viewr { id } }')).errors?.[0]?.message).not.toMatch(/viewer/);
    const { token } = await app.user('hints');
    const socket = new Socket(app);
    await socket.send(init(token));
    await socket.receive('connection_ack');
    await socket.send(subscribe('{ __schema { types { name } } }'));
    expect((await socket.receive('error')).payload[0].message).toMatch(/introspection/i);
  });
});

describe('a socket', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ demo: false, messages: 0 });
  });
  afterAll(() => app.close());

  it('is held to the same limits and shows the same errors as a request', async () => {
    const { token } = await app.user('socket');
    for (const [query, code] of [
      [`{ ${'viewer { '.repeat(200)} id ${'}'.repeat(200)} }`, 'QUERY_TOO_COMPLEX'],
      ['{ viewer { messages(first: 5000) { nodes { id } } } }', 'QUERY_TOO_COMPLEX'],
      ['subscription { messageReceived(after: "forged") { cursor } }', 'BAD_USER_INPUT'],
    ] as const) {
      const socket = new Socket(app);
      await socket.send(init(token));
      await socket.receive('connection_ack');
      await socket.send(subscribe(query));
      const { payload } = await socket.receive('error', 'next');
      const errors = Array.isArray(payload) ? payload : payload.errors;
      expect(errors[0].extensions.code).toBe(code);
    }
    const large = new Socket(app);
    await large.send({ type: 'connection_init', payload: { authorization: 'x'.repeat(2_000_000) } });
    expect((await large.closed).code).toBe(1009);
  });

  it('takes the token from authorization, from token, or from the upgrade itself, and nothing less', async () => {
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
    const socket = new Socket(app);
    await socket.send(init(token));
    await socket.receive('connection_ack');
    await app.data('mutation { signOut { userErrors { message } } }', {}, token);
    expect(await socket.closed).toMatchObject({ code: 4401, reason: 'The session has ended' });
  });
});

describe('stopping', () => {
  it('finishes what is under way, says goodbye to sockets with 1001, and takes no more', async () => {
    const app = await open({ messages: 20 });
    const socket = new Socket(app);
    await socket.send(init(app.token));
    await socket.receive('connection_ack');
    await app.control('/faults', { vendor: 'google', operation: 'messages.list', latencyMs: 1_500 });
    const slow = app.query('{ viewer { messages(first: 5) { nodes { id } sources { state } } } }');
    const agent = new Agent({ keepAlive: true });
    const kept = connectionOf(app, agent);
    await expect.poll(async () => (await app.control<Data>('/faults'))[0].met).toBeGreaterThan(0);
    apps.splice(0);
    const closing = app.close();
    expect((await socket.closed).code).toBe(1001);
    const { data } = await slow;
    expect(data.viewer.messages.sources).toHaveLength(2);
    expect(await kept).toBe('close');
    await closing;
    agent.destroy();
    await expect(fetch(`${app.url}/health`)).rejects.toThrow();
  });
});
