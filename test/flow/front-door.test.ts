import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type SetFault, startApp, type TestApp } from '../support/app/app.ts';
import { answerIn, openSocket, Socket, subscribe } from '../support/clients/socket.ts';

const apps: TestApp[] = [];
const open = async (options: Parameters<typeof startApp>[0]) => {
  const app = await startApp(options);
  apps.push(app);
  return app;
};
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

/** fetch does not allow setting Host. */
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

/** Returns the Connection header of the answer to a slow request. */
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

/** A document, and the values of its variables, for each mistake to which graphql-js adds a suggestion. */
const MISTAKES: [string, Record<string, unknown>?][] = [
  ['{ viewr { id } }'],
  ['{ viewer }'],
  ['{ viewer { messages(frist: 1) { nodes { id } } } }'],
  ['{ nodes(ids: []) { ... on Mesage { id } } }'],
  ['query ($a: Acess) { providers { scopes(access: $a) } }'],
  ['{ providers { scopes(access: REED) } }'],
  ['{ providers { scopes(access: "READ") } }'],
  ['{ viewer { messages(filter: { subjekt: "x" }) { nodes { id } } } }'],
  ['{ viewer { id @skp(if: true) } }'],
  ['query ($a: Access! = READ) { providers { scopes(access: $a) } }', { a: 'REED' }],
  ['query ($f: MessageFilter) { viewer { messages(filter: $f) { nodes { id } } } }', { f: { subjekt: 'x' } }],
  ['query ($f: MessageFilter) { viewer { messages(filter: $f) { nodes { id } } } }', { f: { not: { role: 'INBX' } } }],
];

describe('production', () => {
  it('has no page and no introspection unless they are turned on, and suggests no names', async () => {
    const app = await open({ demo: false, messages: 0, env: { GRAPHIQL: 'off', INTROSPECTION: 'off' } });
    expect((await fetch(`${app.url}/`)).status).toBe(404);
    const introspection = await app.query('{ __schema { types { name } } }');
    expect(introspection.errors?.[0]?.message).toMatch(/introspection/i);
    const { token } = await app.user('hints');
    const socket = await openSocket(app, token);
    for (const [index, [text, variables]] of MISTAKES.entries()) {
      const refusals = [(await app.query(text, variables)).errors];
      await socket.send(subscribe(text, `hint ${index}`, { variables }));
      refusals.push(answerIn(await socket.find(({ id }) => id === `hint ${index}`)).errors);
      for (const [refusal, ...others] of refusals.map((errors) => errors ?? [])) {
        expect(others).toEqual([]);
        expect(refusal?.message).toMatch(/\S/);
        expect(refusal?.message).not.toMatch(/did you mean|\?$/i);
      }
    }
    await socket.send(subscribe('{ __schema { types { name } } }'));
    const [error] = answerIn(await socket.find(({ id }) => id === '1')).errors ?? [];
    expect(error?.message).toMatch(/introspection/i);
    expect(error?.extensions.code).toBe(introspection.errors?.[0]?.extensions.code);
  });
});

describe('stopping', () => {
  it('finishes running requests, closes sockets with 1001, and accepts no more connections', async () => {
    const app = await open({ messages: 20 });
    const socket = await openSocket(app, app.token);
    await app.control('/faults', { vendor: 'google', operation: 'messages.list', hang: 'release' });
    const slow = app.query(graphql(`{ viewer { messages(first: 5) { nodes { id } sources { state } } } }`));
    const agent = new Agent({ keepAlive: true });
    const connection = connectionOf(app, agent);
    // Both requests are running, and stay so until the socket has been closed.
    await expect.poll(async () => (await app.control<SetFault[]>('/faults'))[0]?.met).toBe(2);
    apps.splice(0);
    const closing = app.close();
    expect((await socket.closed).code).toBe(1001);
    await app.control('/faults', undefined, 'DELETE');
    const { data } = await slow;
    expect(data.viewer.messages.sources).toHaveLength(2);
    expect(await connection).toBe('close');
    await closing;
    agent.destroy();
    await expect(fetch(`${app.url}/health`)).rejects.toThrow();
  });
});
