import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthenticationRequest, Authenticator } from '../../src/accounts/users/authenticator.ts';
import { MailError } from '../../src/domain/error.ts';
import { EVERYTHING, type Principal, unauthenticated } from '../../src/graphql/principal.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { init, openSocket, Socket, subscribe } from '../support/socket.ts';

/** A further way to show who calls, as its author writes it. */
class ApiTokens implements Authenticator {
  readonly users = new Map<string, string>();
  readonly asked: [credential: string, request: AuthenticationRequest][] = [];
  isAway = false;
  /** Resolves when an answer may be given. */
  until: Promise<void> = Promise.resolve();

  async authenticate(credential: string, request: AuthenticationRequest): Promise<Principal | null> {
    this.asked.push([credential, request]);
    if (!credential.startsWith('api_')) return null;
    await this.until;
    if (this.isAway) throw new MailError('STORE_UNAVAILABLE', 'The tokens cannot be read: try again.');
    const userId = this.users.get(credential);
    if (!userId) throw unauthenticated('This API token has been revoked: make another.');
    const expiresAt = new Date(Date.now() + 3_600_000);
    return { userId, kind: 'api-token', scopes: [EVERYTHING], expiresAt };
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
const SIGN_OUT = 'mutation { signOut { userErrors { message } } }';

describe('an API token', () => {
  it('speaks for its user over HTTP, beside sessions, which it is not asked about', async () => {
    tokens.asked.length = 0;
    expect((await app.data(WHO, {}, session.token)).viewer.email).toBe(session.email);
    expect(tokens.asked).toEqual([]);
    expect((await app.data(WHO, {}, 'api_good')).viewer.email).toBe(session.email);
    expect(tokens.asked[0]).toEqual(['api_good', { clientAddress: '127.0.0.1' }]);
  });

  it('is refused in the words of the authenticator that knows it; what nobody knows in those of the session', async () => {
    const refusal = async (credential: string) => (await app.query(WHO, {}, credential)).errors?.[0];
    expect(await refusal('api_revoked')).toMatchObject({
      message: 'This API token has been revoked: make another.',
      extensions: { code: 'UNAUTHENTICATED' },
    });
    expect(await refusal('something else')).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
    expect((await refusal('nobodys'))?.message).toMatch(/refresh the session/);
  });

  it('is not refused while nobody can tell whose it is', async () => {
    tokens.isAway = true;
    const answer = await app.query(WHO, {}, 'api_good');
    const socket = new Socket(app);
    await socket.send(init('api_good'));
    expect(await socket.closed).toMatchObject({ code: 1013 });
    tokens.isAway = false;
    expect(answer.errors?.[0]?.extensions.code).toBe('STORE_UNAVAILABLE');
    expect((await app.data(WHO, {}, 'api_good')).viewer.email).toBe(session.email);
  });

  it('brings a file up', async () => {
    const upload = (credential: string) =>
      fetch(`${app.url}/upload?filename=a.txt`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'text/plain' },
        body: 'a file',
      });
    expect((await upload('api_good')).status).toBe(201);
    expect((await upload('api_revoked')).status).toBe(401);
  });

  it('opens a socket that outlives every session of its user, and has none to end', async () => {
    const [ofToken, ofSession] = [await openSocket(app, 'api_good'), await openSocket(app, session.token)];
    await ofToken.send(subscribe(SIGN_OUT, 'out'));
    expect((await ofToken.receive('next', 'error')).payload.errors[0].extensions.code).toBe('UNSUPPORTED');
    await app.data(SIGN_OUT, {}, session.token);
    expect(await ofSession.closed).toMatchObject({ code: 4401 });
    await ofToken.send(subscribe(WHO, 'who'));
    const { payload } = await ofToken.find(({ id, type }) => id === 'who' && type === 'next');
    expect(payload.data.viewer.email).toBe(session.email);
    ofToken.close();
  });

  it('leaves nothing behind of sockets that closed while it was looked at', async () => {
    let answer = () => {};
    tokens.until = new Promise<void>((resolve) => {
      answer = resolve;
    });
    tokens.asked.length = 0;
    // As many as one user may have.
    const sockets = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = new Socket(app);
        await socket.send(init('api_good'));
        return socket;
      }),
    );
    await expect.poll(() => tokens.asked.length).toBe(100);
    for (const socket of sockets) socket.close();
    await Promise.all(sockets.map(({ closed }) => closed));
    answer();
    tokens.until = Promise.resolve();
    (await openSocket(app, 'api_good')).close();
  });
});
