import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';
import { type Accounts, openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

const NEVER = new Date('9999-01-01T00:00:00Z');

describe.each(TEST_DATABASES)('connecting with a password on %s', (kind) => {
  let db: Database;
  let accounts: Accounts;
  let plain: Provider;
  let password = randomBytes(12).toString('hex');
  const granted = (given: string) => ({ secret: { password: given }, accessToken: `Basic ${given}`, expiresAt: NEVER });
  const signIn = vi.fn(async (given: { address: string; password: string }) => {
    if (given.password !== password) throw new MailError('INVALID', 'The server does not take this password.');
    return { ...granted(given.password), address: given.address, scopes: [] };
  });
  const refresh = async (secret: unknown) => {
    if ((secret as { password: string }).password === password) return granted(password);
    throw new MailError('RECONNECT_REQUIRED', 'The server takes this password no longer.');
  };
  const connected = vi.fn(async (_integrationId: string) => {});
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    plain = fakeProvider({
      id: 'IMAP',
      name: 'Any Mail',
      domains: ['imap.example'],
      connect: { method: 'PASSWORD', signIn, refresh, revokeAdvice: 'Change the password.' },
    });
    const hooks = [{ connected, disconnecting: async () => {} }];
    accounts = await openAccounts(db, { providers: [fakeProvider(), plain], hooks });
  });
  afterAll(() => db.close());

  const request = { address: 'ada@imap.example', provider: null, access: 'WRITE' as const };

  it('ends when the provider has answered: found by the address, encrypted, announced, and open', async () => {
    const userId = await accounts.user();
    const record = await accounts.withPassword(userId, { ...request, password });
    expect(record).toMatchObject({ provider: 'IMAP', status: 'CONNECTED', access: 'WRITE', address: request.address });
    expect(connected).toHaveBeenCalledWith(record.id);
    expect(JSON.stringify(await db.prisma.secret.findMany())).not.toContain(password);
    expect(await accounts.tokens.get(record.id, new AbortController().signal)).toBe(`Basic ${password}`);
    const again = await accounts.withPassword(userId, { ...request, access: 'READ', password });
    expect(again).toMatchObject({ id: record.id, access: 'READ' });
    expect(await accounts.disconnect.disconnect(userId, record.id)).toBe('Change the password.');
  });

  it('opens a session that signs in with host, port, user and password, as IMAP does', async () => {
    const login = { host: 'mail.imap.example', port: 993, user: 'ada', password };
    const granted = { secret: login, accessToken: JSON.stringify(login), expiresAt: NEVER };
    const signedIn: unknown[] = [];
    const imap = fakeProvider({
      id: 'IMAP',
      domains: ['imap.example'],
      connect: {
        method: 'PASSWORD',
        signIn: async ({ address }) => ({ ...granted, address, scopes: [] }),
        refresh: async () => granted,
        revokeAdvice: 'Change the password.',
      },
      open: (account) =>
        ({
          listMailboxes: async ({ signal }) => {
            signedIn.push(JSON.parse(await account.accessToken(signal)));
            return [];
          },
          close: async () => {},
        }) as Partial<MailSession> as MailSession,
    });
    const accounts = await openAccounts(db, { providers: [imap] });
    const { id } = await accounts.withPassword(await accounts.user(), { ...request, password });
    const session = await accounts.sessions.get(id);
    await session.listMailboxes({ signal: new AbortController().signal, priority: 'interactive' });
    expect(signedIn).toEqual([login]);
    await accounts.sessions.close();
  });

  it('asks to reconnect once the provider refuses the changed password, and not earlier', async () => {
    const record = await accounts.withPassword(await accounts.user(), { ...request, password });
    const { signal } = new AbortController();
    const used = await accounts.tokens.get(record.id, signal);
    expect(await accounts.tokens.get(record.id, signal, used)).toBe(used);
    password = randomBytes(12).toString('hex');
    await expect(accounts.tokens.get(record.id, signal, used)).rejects.toMatchObject({ code: 'RECONNECT_REQUIRED' });
    expect(await accounts.directory.get(record.id)).toMatchObject({ status: 'RECONNECT_REQUIRED' });
  });

  it('names the field at fault, and stores nothing', async () => {
    const userId = await accounts.user();
    const faults = [
      [{ ...request, password: 'wrong' }, 'INVALID', 'password'],
      [{ ...request, address: null, provider: 'IMAP', password }, 'INVALID', 'address'],
      [{ ...request, address: 'ada@nowhere.example', password }, 'UNSUPPORTED', 'address'],
      [{ ...request, provider: 'GMAIL', password }, 'UNSUPPORTED', 'method'],
    ] as const;
    for (const [given, code, field] of faults) {
      await expect(accounts.withPassword(userId, given)).rejects.toMatchObject({ code, field: ['input', field] });
    }
    const begun = accounts.begin(userId, { ...request, redirectUri: null });
    await expect(begun).rejects.toMatchObject({ code: 'UNSUPPORTED', field: ['input', 'method'] });
    expect(await accounts.directory.forUser(userId)).toEqual([]);
  });

  it('refuses an access that the provider does not offer, and names those that it does', async () => {
    const reading = await openAccounts(db, { providers: [{ ...plain, accesses: ['READ'] }] });
    const given = { ...request, access: 'WRITE' as const, password };
    await expect(reading.withPassword(await reading.user(), given)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('Use READ.'),
      field: ['input', 'access'],
    });
  });

  it('limits attempts to guess passwords', async () => {
    const userId = await accounts.user();
    signIn.mockClear();
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, () =>
        accounts.withPassword(userId, { ...request, password: 'guess' }).catch((error: MailError) => error.code),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['INVALID', 'RATE_LIMITED']));
    expect(signIn).toHaveBeenCalledTimes(10);
    const otherInstance = await openAccounts(db, { providers: [plain], hooks: [] });
    const again = otherInstance.withPassword(userId, { ...request, password });
    await expect(again, 'another instance').rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('is reconnected in the way in which it was connected, although its provider has a consent page too', async () => {
    const consented = vi.fn(async (secret: unknown) => granted(String(secret)));
    const [page] = fakeProvider({ connect: { refresh: consented } }).connectMethods;
    const open = (connectMethods: Provider['connectMethods']) =>
      openAccounts(db, { providers: [{ ...plain, connectMethods }] });
    const both = await open([page, ...plain.connectMethods]);
    const { id } = await both.withPassword(await both.user(), { ...request, password });
    const { signal } = new AbortController();
    expect(await both.tokens.get(id, signal, await both.tokens.get(id, signal))).toBe(`Basic ${password}`);
    expect(consented).not.toHaveBeenCalled();

    const without = await open([page]);
    const late = without.tokens.get(id, signal, `Basic ${password}`);
    await expect(late, 'a way that is no longer there').rejects.toMatchObject({ code: 'RECONNECT_REQUIRED' });
    expect(consented).not.toHaveBeenCalled();
  });

  it('is reconnected in the first way of its provider when it was stored before there were several', async () => {
    const first = vi.fn(async () => granted('of the first way'));
    const [page] = fakeProvider({ connect: { refresh: first } }).connectMethods;
    const accounts = await openAccounts(db, {
      providers: [{ ...plain, connectMethods: [page, ...plain.connectMethods] }],
    });
    const { id } = await accounts.withPassword(await accounts.user(), { ...request, password });
    const stored = await accounts.vault.get(id);
    await accounts.vault.put(id, { ...(stored?.secret as object), method: undefined });
    const { signal } = new AbortController();
    expect(await accounts.tokens.get(id, signal, `Basic ${password}`)).toBe('Basic of the first way');
    expect(first).toHaveBeenCalledOnce();
  });
});
