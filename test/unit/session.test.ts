import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AttemptStore } from '../../src/accounts/users/attempt.store.ts';
import { Authenticators } from '../../src/accounts/users/authenticator.ts';
import { createInvitation } from '../../src/accounts/users/invitation.ts';
import { SessionService } from '../../src/accounts/users/session.service.ts';
import { SessionStore } from '../../src/accounts/users/session.store.ts';
import { SignInService } from '../../src/accounts/users/sign-in.service.ts';
import { UserStore } from '../../src/accounts/users/user.store.ts';
import { createBus } from '../../src/platform/bus/bus.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';

const jwtSecret = 'a secret of at least thirty-two characters';
const password = 'correct horse battery';

describe.each(TEST_DATABASES)('sessions on %s', (kind) => {
  let db: Database;
  let a: SessionService;
  let b: SessionService;
  let users: UserStore;
  let ahead = 0;
  let people = 0;
  const now = () => new Date(Date.now() + ahead);
  const instance = async () => {
    const bus = await createBus(db, silent);
    const service = new SessionService({ store: new SessionStore(db), bus, jwtSecret, log: silent, now });
    await service.start();
    return service;
  };
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    users = new UserStore(db);
    [a, b] = [await instance(), await instance()];
  });
  afterAll(() => db.close());

  const signIns = (registration: 'open' | 'invite' | 'off' = 'open') =>
    new SignInService({ users, sessions: a, attempts: new AttemptStore(db), registration, jwtSecret });
  const email = () => `person${++people}@people.example`;
  const session = async () => a.open((await users.create(email(), '')).id);
  const code = (error: unknown) => (error as { code?: string }).code;
  const authenticate = (service: SessionService, token: string) =>
    new Authenticators([service]).authenticate(token, { clientAddress: '127.0.0.1' });
  const refusal = (service: SessionService, token: string) => authenticate(service, token).then(() => null, code);

  it("prove the user's identity on every instance for 15 minutes, without a query", async () => {
    const { accessToken, userId, sessionId, expiresAt, expiresIn } = await session();
    expect(expiresIn).toBe(15 * 60);
    for (const service of [a, b]) {
      const principal = { userId, kind: 'session', scopes: ['*'], sessionId, expiresAt };
      expect(await authenticate(service, accessToken)).toEqual(principal);
    }
    expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    ahead = 15 * 60_000 + 1_000;
    expect(await refusal(a, accessToken)).toBe('UNAUTHENTICATED');
    ahead = 0;
  });

  it('are not proved by a forged, unsigned, foreign or broken token', async () => {
    const { accessToken, userId, sessionId } = await session();
    expect(await refusal(a, accessToken)).toBeNull();
    const claims = { sub: userId, sid: sessionId, iss: 'postern', aud: 'postern:api' };
    const [header = '', payload = '', signature = ''] = accessToken.split('.');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const elevated = Buffer.from(JSON.stringify({ ...claims, sub: 'somebody-else', exp: 9e9 })).toString('base64url');
    const forged = [
      '',
      'x',
      'a.b.c',
      `${none}.${payload}.`,
      `${none}.${elevated}.`,
      `${header}.${elevated}.${signature}`,
      `${header}.${payload}.`,
      jwt.sign(claims, 'another secret of thirty-two characters', { expiresIn: 60 }),
      jwt.sign(claims, jwtSecret, { expiresIn: 60, algorithm: 'HS512' }),
      jwt.sign({ ...claims, aud: 'postern:invite' }, jwtSecret, { expiresIn: 60 }),
      jwt.sign({ ...claims, iss: 'other' }, jwtSecret, { expiresIn: 60 }),
      jwt.sign({ ...claims, sid: 7 }, jwtSecret, { expiresIn: 60 }),
      jwt.sign(claims, jwtSecret),
      createInvitation('ada@example.org', jwtSecret),
    ];
    for (const token of forged) expect(await refusal(a, token), token).toBe('UNAUTHENTICATED');
  });

  it('end everywhere at once, also for an instance that starts later', async () => {
    const { accessToken, sessionId, refreshToken } = await session();
    const ended = vi.fn();
    const stop = b.onEnded(ended);
    for (const service of [a, b])
      expect(await refusal(service, accessToken), 'a token that was seen before').toBeNull();
    await a.end(sessionId, 'SIGNED_OUT');
    expect(await refusal(a, accessToken)).toBe('UNAUTHENTICATED');
    await expect.poll(() => refusal(b, accessToken)).toBe('UNAUTHENTICATED');
    expect(ended.mock.calls).toEqual([[sessionId]]);
    stop();
    expect(await refusal(await instance(), accessToken)).toBe('UNAUTHENTICATED');
    await expect(a.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('continue by a refresh token that works once; used twice it ends the family', async () => {
    const first = await session();
    const second = await a.refresh(first.refreshToken);
    const third = await b.refresh(second.refreshToken);
    expect(third).toMatchObject({ sessionId: first.sessionId, userId: first.userId });
    await authenticate(a, third.accessToken);
    await expect(b.refresh(first.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refusal(b, third.accessToken)).toBe('UNAUTHENTICATED');
    await expect.poll(() => refusal(a, first.accessToken)).toBe('UNAUTHENTICATED');
    await expect(a.refresh(third.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const row = await db.prisma.session.findUniqueOrThrow({ where: { id: first.sessionId } });
    expect(row.endReason).toBe('REPLAYED');
  });

  it('survive two tabs that refresh at once, on one instance and on two', async () => {
    const { refreshToken } = await session();
    const three = await Promise.all([a.refresh(refreshToken), a.refresh(refreshToken), b.refresh(refreshToken)]);
    expect(new Set(three.map((tokens) => tokens.refreshToken)).size).toBe(1);
    await authenticate(a, (await b.refresh(three[0].refreshToken)).accessToken);
  });

  it('survive a client that disconnected before it was answered, and repeats the request elsewhere, until it has the answer', async () => {
    const { refreshToken } = await session();
    const lost = await a.refresh(refreshToken, AbortSignal.abort());
    const next = await b.refresh(refreshToken, new AbortController().signal);
    expect(next.refreshToken).toBe(lost.refreshToken);
    await expect(a.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refusal(a, next.accessToken)).toBe('UNAUTHENTICATED');
  });

  it('end when a token is used again whose successor was used, although its client had disconnected', async () => {
    const { refreshToken } = await session();
    const next = await a.refresh(refreshToken, AbortSignal.abort());
    const last = await a.refresh(next.refreshToken);
    await expect(b.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refusal(b, last.accessToken)).toBe('UNAUTHENTICATED');
  });

  it('end when a refresh token is used twice in a row, however soon', async () => {
    const first = await session();
    const second = await a.refresh(first.refreshToken);
    await expect(b.refresh(first.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await refusal(b, second.accessToken)).toBe('UNAUTHENTICATED');
  });

  it('store no refresh token unencrypted, and accept none that is unknown or expired', async () => {
    const { refreshToken, sessionId } = await session();
    expect(JSON.stringify(await db.prisma.refreshToken.findMany({ where: { sessionId } }))).not.toContain(refreshToken);
    await expect(a.refresh('unknown')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    ahead = 31 * 86_400_000;
    await expect(a.refresh(refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    ahead = 0;
    const row = await db.prisma.session.findUniqueOrThrow({ where: { id: sessionId } });
    expect(row.endedAt).toBeNull();
  });

  it('begin by registering and by signing in, without regard to case', async () => {
    const service = signIns();
    const address = email();
    const registered = await service.register({ email: ` ${address.toUpperCase()}`, password, invite: null }, 'c');
    const signedIn = await service.signIn({ email: address, password }, 'c');
    expect(signedIn.userId).toBe(registered.userId);
    expect(signedIn.sessionId).not.toBe(registered.sessionId);
    expect(await users.emailOf(signedIn.userId)).toBe(address);
    await expect(service.register({ email: address, password, invite: null }, 'c')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('answer the same for a wrong password and an unknown address', async () => {
    const address = email();
    await signIns().register({ email: address, password, invite: null }, 'c');
    const answerTo = (given: string) =>
      signIns()
        .signIn({ email: given, password: 'wrong' }, '192.0.2.77')
        .then(
          () => [],
          ({ code, message }) => [code, message],
        );
    const absent = email();
    for (let i = 0; i < 10; i++) expect(await answerTo(address)).toEqual(await answerTo(absent));
    const [refused, refusedToo] = [await answerTo(address), await answerTo(absent)];
    expect(refused[0]).toBe('RATE_LIMITED');
    expect(refusedToo[0]).toBe('RATE_LIMITED');
  });

  it.each([
    ['short', /at least 10/],
    ['ö'.repeat(129), /at most 256/],
  ])('need a good password (%s)', async (bad, message) => {
    const input = { email: email(), password: bad, invite: null };
    await expect(signIns().register(input, 'c')).rejects.toThrow(message);
  });

  it('need an invitation when the operator requires one, and no registration is possible when it is off', async () => {
    const address = email();
    const attempt = (mode: 'invite' | 'off', invite: string | null) =>
      signIns(mode).register({ email: address, password, invite }, 'c');
    await expect(attempt('off', createInvitation(address, jwtSecret))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(attempt('invite', null)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(attempt('invite', createInvitation('b@x.example', jwtSecret))).rejects.toThrow(/invitation/);
    await expect(attempt('invite', createInvitation(address, 'x'.repeat(32)))).rejects.toThrow(/invitation/);
    await attempt('invite', createInvitation(address, jwtSecret));
  });
});
