import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthenticationRequest, Authenticator } from '../../src/accounts/users/authenticator.ts';
import { MailError, unauthenticated } from '../../src/domain/error.ts';
import { EVERYTHING, type Principal } from '../../src/domain/principal.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { bodyOf } from '../support/clients/answer.ts';
import { answerIn, init, openSocket, Socket, subscribe } from '../support/clients/socket.ts';

/** An authenticator for another kind of credential, as its author would write it. */
class ApiTokens implements Authenticator {
  readonly users = new Map<string, string>();
  readonly calls: [credential: string, request: AuthenticationRequest][] = [];
  /** While this is set, every call fails with it. */
  failure: Error | null = null;
  expiresAt = new Date(Date.now() + 3_600_000);
  readonly listeners = new Set<(credentialId: string) => void>();
  /** The authenticator answers when this has resolved. */
  until: Promise<void> = Promise.resolve();

  async authenticate(credential: string, request: AuthenticationRequest): Promise<Principal | null> {
    this.calls.push([credential, request]);
    if (!credential.startsWith('api_')) return null;
    await this.until;
    if (this.failure) throw this.failure;
    const userId = this.users.get(credential);
    if (!userId) throw unauthenticated('This API token has been revoked: make another.');
    const credentialId = `token ${credential}`;
    return { userId, kind: 'api-token', scopes: [EVERYTHING], expiresAt: this.expiresAt, credentialId };
  }

  onEnded(listener: (credentialId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  revoke(credential: string): void {
    this.users.delete(credential);
    for (const listener of this.listeners) listener(`token ${credential}`);
  }
}

const tokens = new ApiTokens();
let app: TestApp;
let session: { email: string; token: string };
beforeAll(async () => {
  app = await startApp({ demo: false, messages: 0, authenticators: [tokens] });
  session = await app.user('owner');
  const [, claims = ''] = session.token.split('.');
  tokens.users.set('api_good', JSON.parse(Buffer.from(claims, 'base64url').toString()).sub);
});
afterAll(() => app.close());

const WHO = '{ viewer { email } }';
type Who = { viewer: { email: string } };
const SIGN_OUT = 'mutation { signOut { userErrors { message } } }';

describe('an API token', () => {
  it('authenticates its user over HTTP, and its authenticator is not asked about session tokens', async () => {
    tokens.calls.length = 0;
    expect((await app.data<Who>(WHO, {}, session.token)).viewer.email).toBe(session.email);
    expect(tokens.calls).toEqual([]);
    expect((await app.data<Who>(WHO, {}, 'api_good')).viewer.email).toBe(session.email);
    // Once for the slot and the context together.
    expect(tokens.calls).toEqual([['api_good', { clientAddress: '127.0.0.1' }]]);
  });

  it('is refused with the message of its own authenticator, and an unknown credential with that of sessions', async () => {
    const refusal = async (credential: string) => (await app.query(WHO, {}, credential)).errors?.[0];
    expect(await refusal('api_revoked')).toMatchObject({
      message: 'This API token has been revoked: make another.',
      extensions: { code: 'UNAUTHENTICATED' },
    });
    expect(await refusal('something else')).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
    expect((await refusal('nobodys'))?.message).toMatch(/refresh the session/);
  });

  it.each([
    ['its store is away', new MailError('STORE_UNAVAILABLE', 'The tokens cannot be read: try again.'), 503],
    ['its issuer is away', new MailError('PROVIDER_UNAVAILABLE', `The issuer is away. ${'x'.repeat(200)}`), 503],
    ['its issuer hangs', new MailError('TIMEOUT', 'The issuer did not answer: try again.'), 503],
    ['its issuer limits requests', new MailError('RATE_LIMITED', 'Later.', { retryAfterMs: 3_000 }), 429],
    ['its authenticator fails', new TypeError('fetch failed: a secret of ours'), 503],
  ])('gets a temporary error, neither UNAUTHENTICATED nor INTERNAL, while %s', async (_what, failure, status) => {
    const code = failure instanceof MailError ? failure.code : 'PROVIDER_UNAVAILABLE';
    const headers = { authorization: 'Bearer api_good', 'content-type': 'application/json' };
    const socket = await openSocket(app, 'api_good');
    tokens.failure = failure;
    const asked = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: WHO }) });
    const uploaded = await fetch(`${app.url}/upload?filename=a.json`, { method: 'POST', headers, body: '{}' });
    const refused = new Socket(app);
    await refused.send(init('api_good'));
    // A graphql-ws client reconnects after 1013, but not after 4401 or 4500.
    expect(await refused.closed).toMatchObject({ code: 1013 });
    await socket.send(subscribe(WHO));
    const refusal = answerIn(await socket.receive('error', 'next'));
    tokens.failure = null;
    const answer = await bodyOf(asked);
    expect([asked.status, uploaded.status, asked.headers.get('retry-after')]).toEqual([
      status,
      status,
      status === 429 ? '3' : '1',
    ]);
    for (const { errors } of [answer, refusal]) {
      const { extensions } = errors?.[0] ?? {};
      expect(extensions).toEqual({ code, ...(status === 429 && { retryAfter: expect.stringMatching(/^\d{4}-.*Z$/) }) });
    }
    expect(JSON.stringify([answer, await uploaded.json(), refusal])).not.toContain('secret');
    await socket.send(subscribe(WHO, 'again'));
    const again = await socket.find(({ id, type }) => id === 'again' && type === 'next');
    expect(answerIn<Who>(again).data.viewer.email).toBe(session.email);
    socket.close();
  });

  it('is refused with the code that its authenticator gives', async () => {
    tokens.failure = new MailError('FORBIDDEN', 'Your organisation has locked this token.');
    const { errors } = await app.query(WHO, {}, 'api_good');
    const headers = { authorization: 'Bearer api_good', 'content-type': 'text/plain' };
    const uploaded = await fetch(`${app.url}/upload?filename=a.txt`, { method: 'POST', headers, body: 'a file' });
    const socket = new Socket(app);
    await socket.send(init('api_good'));
    const closed = await socket.closed;
    tokens.failure = null;
    const refusal = { message: 'Your organisation has locked this token.', extensions: { code: 'FORBIDDEN' } };
    expect(errors?.[0]).toMatchObject(refusal);
    expect([uploaded.status, await uploaded.json()]).toEqual([403, { errors: [refusal] }]);
    expect(closed).toEqual({ code: 4403, reason: refusal.message });
  });

  it('that is revoked is refused over WebSocket in the words of its authenticator', async () => {
    const socket = new Socket(app);
    await socket.send(init('api_revoked'));
    expect(await socket.closed).toEqual({ code: 4401, reason: 'This API token has been revoked: make another.' });
  });

  it('that expires later than a timer can wait keeps its socket open', async () => {
    tokens.expiresAt = new Date(Date.now() + 365 * 86_400_000);
    const socket = await openSocket(app, 'api_good');
    for (const id of ['1', '2', '3']) {
      await socket.send(subscribe(WHO, id));
      await socket.find((message) => message.id === id && message.type === 'next');
    }
    tokens.expiresAt = new Date(Date.now() + 3_600_000);
    socket.close();
  });

  it('authorizes an upload', async () => {
    const upload = (credential: string) =>
      fetch(`${app.url}/upload?filename=a.txt`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'text/plain' },
        body: 'a file',
      });
    expect((await upload('api_good')).status).toBe(201);
    expect((await upload('api_revoked')).status).toBe(401);
  });

  it('opens a socket that stays open when the sessions of its user end, and cannot sign out', async () => {
    const [ofToken, ofSession] = [await openSocket(app, 'api_good'), await openSocket(app, session.token)];
    await ofToken.send(subscribe(SIGN_OUT, 'out'));
    expect(answerIn(await ofToken.receive('next', 'error')).errors?.[0]?.extensions.code).toBe('UNSUPPORTED');
    await app.data(SIGN_OUT, {}, session.token);
    expect(await ofSession.closed).toMatchObject({ code: 4401 });
    await ofToken.send(subscribe(WHO, 'who'));
    const answer = await ofToken.find(({ id, type }) => id === 'who' && type === 'next');
    expect(answerIn<Who>(answer).data.viewer.email).toBe(session.email);
    ofToken.close();
  });

  it('closes its own sockets when it is revoked, as the end of a session does, and no others', async () => {
    const userId = tokens.users.get('api_good') ?? '';
    tokens.users.set('api_lost', userId);
    const [lost, second, kept] = await Promise.all(
      ['api_lost', 'api_lost', 'api_good'].map((credential) => openSocket(app, credential)),
    );
    tokens.revoke('api_lost');
    for (const socket of [lost, second])
      expect(await socket?.closed).toMatchObject({ code: 4401, reason: 'The access token was revoked' });
    const refused = new Socket(app);
    await refused.send(init('api_lost'));
    expect(await refused.closed).toMatchObject({ code: 4401 });
    await kept?.send(subscribe(WHO, 'who'));
    const answer = await kept?.find(({ id, type }) => id === 'who' && type === 'next');
    expect(answer && answerIn<Who>(answer).data.viewer).toBeTruthy();
    kept?.close();
  });

  it('frees the sockets that closed while it was being checked', async () => {
    let answer = () => {};
    tokens.until = new Promise<void>((resolve) => {
      answer = resolve;
    });
    tokens.calls.length = 0;
    // As many as one user may have open.
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = new Socket(app);
        await socket.send(init('api_good'));
        return socket;
      }),
    );
    await expect.poll(() => tokens.calls.length).toBe(100);
    for (const socket of sockets) socket.close();
    await Promise.all(sockets.map(({ closed }) => closed));
    answer();
    tokens.until = Promise.resolve();
    (await openSocket(app, 'api_good')).close();
  });
});
