import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { type Accounts, openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';
import { exchanged, fakeProvider, granted } from '../support/fakes/provider.ts';

const signal = new AbortController().signal;
const MINUTE = 60_000;

describe.each(TEST_DATABASES)('access tokens on %s', (kind) => {
  let db: Database;
  /** Two instances of the gateway on one database. */
  let a: Accounts;
  let b: Accounts;
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  const refresh = vi.fn(async (secret: unknown) => granted(secret));
  const provider = fakeProvider({
    connect: { refresh: (secret) => refresh(secret), exchange: async () => exchanged(`${Math.random()}@mail.example`) },
  });
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    a = await openAccounts(db, { providers: [provider], now });
    b = await openAccounts(db, { providers: [provider], now });
  });
  afterAll(() => db.close());
  beforeEach(() => {
    ahead = 0;
    refresh.mockReset();
    refresh.mockImplementation(async (secret) => granted({ after: secret }, 60 * MINUTE + ahead));
  });

  const integration = async () => a.connected(await a.user());
  const status = async (id: string) => (await a.directory.get(id))?.status;
  const revoked = () => new MailError('RECONNECT_REQUIRED', 'The grant was taken back: connect the account again.');

  it('come from the exchange, without a refresh, and from memory without a query', async () => {
    const id = await integration();
    const token = await a.tokens.get(id, signal);
    const reads = vi.spyOn(a.vault, 'get');
    expect(await a.tokens.get(id, signal)).toBe(token);
    expect(await b.tokens.get(id, signal)).toBe(token);
    expect(reads).not.toHaveBeenCalled();
    expect(refresh).not.toHaveBeenCalled();
    reads.mockRestore();
  });

  it('are refreshed within five minutes of their expiry, once for all callers on all instances', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    ahead = 56 * MINUTE;
    refresh.mockImplementation(async (secret) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return granted({ after: secret }, 60 * MINUTE + ahead);
    });
    await Promise.all([a, a, a, b, b, b].map(({ tokens }) => tokens.get(id, signal)));
    expect(refresh).toHaveBeenCalledTimes(1);
    ahead += 31_000; // after 30 s a caller that was given the old token for the time being looks again
    const fresh = await a.tokens.get(id, signal);
    expect(fresh).not.toBe(old);
    expect(await b.tokens.get(id, signal)).toBe(fresh);
    expect(refresh).toHaveBeenCalledTimes(1);
    expect((await a.vault.get(id))?.secret).toMatchObject({ secret: { after: { refreshToken: expect.any(String) } } });
    const row = await db.prisma.integration.findUniqueOrThrow({ where: { id } });
    expect([row.leaseOwner, row.leaseUntil]).toEqual([null, null]);
  });

  it('are refreshed once when the provider rejects one, whichever caller noticed', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    const given = await Promise.all([a, a, b, b].map(({ tokens }) => tokens.get(id, signal, old)));
    expect(new Set(given).size).toBe(1);
    expect(given[0]).not.toBe(old);
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it('end with the grant: the integration shows it, and the provider gets no more requests', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    refresh.mockRejectedValue(revoked());
    await expect(a.tokens.get(id, signal, old)).rejects.toMatchObject({ code: 'RECONNECT_REQUIRED' });
    expect(await a.directory.get(id)).toMatchObject({
      status: 'RECONNECT_REQUIRED',
      problem: { code: 'RECONNECT_REQUIRED', message: expect.stringMatching('taken back') },
    });
    await expect
      .poll(() => b.tokens.get(id, signal).catch((error: MailError) => error.code))
      .toBe('RECONNECT_REQUIRED');
    expect(refresh).toHaveBeenCalledTimes(1);
    await expect(a.sessions.get(id)).rejects.toThrow(/taken back/);
  });

  it.each([5, '', null, 'two\nlines', undefined])('are not replaced by an answer whose token is %j', async (token) => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    refresh.mockResolvedValueOnce({ ...granted('s'), accessToken: token as string });
    await expect(a.tokens.get(id, signal, old)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const fresh = await a.tokens.get(id, signal, old);
    expect([fresh === old, await status(id)]).toEqual([false, 'CONNECTED']);
    expect((await a.vault.get(id))?.secret).toMatchObject({ accessToken: fresh });
  });

  it.each([{ accessToken: 5 }, { accessToken: null }, { expiresAt: 'soon' }, { refreshAt: {} }])(
    'that were stored as %j are fetched from the grant beside them',
    async (unreadable) => {
      const id = await integration();
      const current = (await a.vault.get(id))?.secret as object;
      await a.vault.put(id, { ...current, ...unreadable });
      const fresh = await a.tokens.get(id, signal);
      expect(refresh).toHaveBeenCalledTimes(1);
      expect((await a.vault.get(id))?.secret).toMatchObject({ accessToken: fresh });
    },
  );

  it('survive an invalid_grant of a secret that was replaced meanwhile', async () => {
    const userId = await a.user();
    const id = await a.connected(userId);
    const old = await a.tokens.get(id, signal);
    refresh.mockImplementationOnce(async () => {
      const current = (await b.vault.get(id))?.secret as object;
      await b.vault.put(id, { ...current, accessToken: 'of-the-reconnect' });
      throw revoked();
    });
    expect(await a.tokens.get(id, signal, old)).toBe('of-the-reconnect');
    expect(await status(id)).toBe('CONNECTED');
  });

  it('do not overwrite a secret that was replaced while they were refreshed', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    refresh.mockImplementationOnce(async (secret) => {
      const current = (await b.vault.get(id))?.secret as object;
      await b.vault.put(id, { ...current, accessToken: 'of-the-reconnect' });
      return granted(secret);
    });
    expect(await a.tokens.get(id, signal, old)).toBe('of-the-reconnect');
  });

  it('stay in use when the provider does not answer a refresh, and nothing is revoked', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    ahead = 56 * MINUTE;
    refresh.mockRejectedValue(new MailError('TIMEOUT', 'no answer'));
    expect(await a.tokens.get(id, signal)).toBe(old);
    expect(await a.tokens.get(id, signal)).toBe(old);
    expect(refresh).toHaveBeenCalledTimes(1);
    ahead = 61 * MINUTE;
    await expect(a.tokens.get(id, signal)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await status(id)).toBe('CONNECTED');
    refresh.mockResolvedValue(granted('s', 120 * MINUTE));
    expect(await a.tokens.get(id, signal)).not.toBe(old);
  });

  it('are refreshed by another when the instance with the lease has died', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    expect(await b.lease.take(id, 'an instance that died')).toBe(true);
    expect(await a.lease.take(id, 'another')).toBe(false);
    await db.prisma
      .$executeRaw`UPDATE integrations SET lease_until = now() + interval '1 second' WHERE id = ${id}::uuid`;
    expect(await a.tokens.get(id, signal, old)).not.toBe(old);
  });

  it('are refreshed by one instance alone for as long as it lives, however short its lease', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    let answer = () => {};
    refresh.mockImplementationOnce(async (secret) => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return granted({ after: secret });
    });
    const refreshing = a.tokens.get(id, signal, old);
    await expect.poll(() => refresh.mock.calls.length).toBe(1);
    const leaseMs = async () => {
      const [row] = await db.prisma.$queryRaw<{ ms: number | null }[]>`
        SELECT (extract(epoch FROM lease_until - now()) * 1000)::float8 AS ms FROM integrations WHERE id = ${id}::uuid`;
      return row?.ms ?? 0;
    };
    expect(await leaseMs()).toBeLessThan(5_000);
    const waiting = b.tokens.get(id, signal, old);
    // The lease is cut to three seconds. Its owner renews it within that time to the usual length.
    await db.prisma
      .$executeRaw`UPDATE integrations SET lease_until = now() + interval '3 seconds' WHERE id = ${id}::uuid`;
    await expect.poll(leaseMs).toBeGreaterThan(3_000);
    expect(refresh).toHaveBeenCalledTimes(1);
    answer();
    expect(await waiting).toBe(await refreshing);
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  it('are stored though another instance took the lease meanwhile: a rotated secret is not lost', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    refresh.mockImplementationOnce(async () => {
      await db.prisma.$executeRaw`UPDATE integrations SET lease_owner = 'another' WHERE id = ${id}::uuid`;
      return granted({ refreshToken: 'rotated' });
    });
    await a.tokens.get(id, signal, old);
    expect((await a.vault.get(id))?.secret).toMatchObject({ secret: { refreshToken: 'rotated' } });
  });

  it('let a caller abort without ending the refresh for the others', async () => {
    const id = await integration();
    const old = await a.tokens.get(id, signal);
    refresh.mockImplementationOnce(async (secret) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return granted(secret);
    });
    const leaving = new AbortController();
    const left = a.tokens.get(id, leaving.signal, old);
    const stayed = a.tokens.get(id, signal, old);
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect(await stayed).not.toBe(old);
  });

  it('are forgotten everywhere when the account is connected again', async () => {
    const userId = await a.user();
    const id = await a.connected(userId);
    const before = await b.tokens.get(id, signal);
    const record = await a.directory.get(id);
    await a.vault.put(id, {
      secret: 's',
      accessToken: 'new',
      expiresAt: new Date(Date.now() + 1e7),
      refreshAt: new Date(Date.now() + 1e7),
    });
    if (record) await a.directory.changed(record);
    expect(await a.tokens.get(id, signal)).toBe('new');
    await expect.poll(() => b.tokens.get(id, signal)).toBe('new');
    expect(before).not.toBe('new');
  });
});
