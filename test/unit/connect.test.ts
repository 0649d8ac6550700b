import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Database } from '../../src/platform/database.ts';
import { type Accounts, openAccounts } from '../support/accounts.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/database.ts';
import { exchanged, fakeProvider } from '../support/provider.ts';

describe.each(TEST_DATABASES)('connecting on %s', (kind) => {
  let db: Database;
  let accounts: Accounts;
  let now = new Date();
  const exchange = vi.fn(async () => exchanged('Ada@Mail.example'));
  const revoke = vi.fn(async () => {});
  const events: string[] = [];
  const gmail = fakeProvider({ connect: { exchange, revoke }, domains: ['mail.example'] });
  const outlook = fakeProvider({ id: 'OUTLOOK', name: 'Other Mail', connect: { exchange } });
  const imap = fakeProvider({ id: 'IMAP', name: 'Any Mail', configured: false, domains: ['imap.example'] });
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    accounts = await openAccounts(db, {
      providers: [gmail, outlook, imap],
      now: () => now,
      hooks: [
        {
          connected: async () => void events.push('connected'),
          disconnecting: async (id) => {
            events.push((await accounts.vault.get(id)) ? 'disconnecting' : 'too late');
            throw new Error('the watch could not be stopped');
          },
        },
      ],
    });
  });
  afterAll(() => db.close());

  const begin = async (userId: string, redirectUri: string | null = null) => {
    const request = { address: null, provider: 'GMAIL', access: 'READ' as const, redirectUri };
    return new URL((await accounts.connect.begin(userId, request)).authorizationUrl).searchParams;
  };
  const back = (state: string | null, answer: Record<string, string> = { code: 'c' }) =>
    accounts.callback.handle(new URLSearchParams({ state: state ?? '', ...answer }));

  it('goes out with an unguessable state and a PKCE challenge, and keeps neither in the clear', async () => {
    const sent = await begin(await accounts.user());
    expect(sent.get('state')).toMatch(/^[\w-]{43}$/);
    expect(sent.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    const rows = await db.prisma.oAuthState.findMany();
    expect(JSON.stringify(rows)).not.toContain(sent.get('state'));
  });

  it('comes back once: sealed, told, and shown on a page that runs nothing', async () => {
    const userId = await accounts.user();
    const state = (await begin(userId)).get('state');
    const replies = await Promise.all([back(state), back(state)]);
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 400]);
    const shown = replies.find((reply) => reply.status === 200);
    expect(shown?.body).toContain('Ada@Mail.example');
    expect(shown?.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(shown?.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    const [record] = await accounts.directory.forUser(userId);
    expect(record).toMatchObject({
      status: 'CONNECTED',
      access: 'READ',
      scopes: ['read'],
      address: 'Ada@Mail.example',
    });
    expect((await accounts.vault.get(record?.id ?? ''))?.secret).toMatchObject({
      secret: { refreshToken: 'refresh of Ada@Mail.example' },
    });
    expect(events.at(-1)).toBe('connected');
  });

  it('refuses a state that is unknown, used or older than 15 minutes, without asking the provider', async () => {
    exchange.mockClear();
    const userId = await accounts.user();
    const state = (await begin(userId)).get('state');
    now = new Date(now.getTime() + 15 * 60_000 + 1);
    for (const stolen of [state, '', 'x', 'A'.repeat(43)]) {
      const reply = await back(stolen);
      expect(reply.status).toBe(400);
      expect(reply.body).toContain('expired or was used before');
    }
    expect(exchange).not.toHaveBeenCalled();
    expect(await accounts.directory.forUser(userId)).toEqual([]);
  });

  it('uses the state up when consent was refused', async () => {
    const state = (await begin(await accounts.user(), 'https://app.example/mail?x=1')).get('state');
    const reply = await back(state, { error: 'access_denied', error_description: '<script>' });
    const url = new URL(reply.headers.location ?? '');
    expect([url.origin, url.pathname, url.searchParams.get('x')]).toEqual(['https://app.example', '/mail', '1']);
    expect(url.searchParams.get('status')).toBe('failed');
    expect(url.searchParams.get('code')).toBe('CONSENT_REQUIRED');
    expect((await back(state)).status).toBe(400);
  });

  it('tells the front-end what is missing, and nobody what went wrong inside', async () => {
    const outcome = async (error: Error) => {
      exchange.mockRejectedValueOnce(error);
      const reply = await back((await begin(await accounts.user(), 'https://app.example/mail')).get('state'));
      return Object.fromEntries(new URL(reply.headers.location ?? '').searchParams);
    };
    expect(await outcome(new MailError('CONSENT_REQUIRED', 'Gmail did not grant gmail.readonly.'))).toEqual({
      status: 'failed',
      code: 'CONSENT_REQUIRED',
      message: 'Gmail did not grant gmail.readonly.',
    });
    const masked = await outcome(new Error('ECONNREFUSED 10.0.0.1 secret'));
    expect(masked).toMatchObject({ status: 'failed', code: 'INTERNAL' });
    expect(masked.message).not.toContain('secret');
  });

  it('escapes what it shows', async () => {
    exchange.mockResolvedValueOnce(exchanged('"<img src=x>"@mail.example'));
    const reply = await back((await begin(await accounts.user())).get('state'));
    expect(reply.body).toContain('&lt;img src=x&gt;');
    expect(reply.body).not.toContain('<img');
  });

  it('refuses by name what it cannot begin', async () => {
    const userId = await accounts.user();
    const attempt = (request: object) =>
      accounts.connect.begin(userId, { address: null, provider: null, access: 'READ', redirectUri: null, ...request });
    await expect(attempt({})).rejects.toMatchObject({ code: 'INVALID' });
    await expect(attempt({ address: 'a@unknown.example' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(attempt({ address: 'a@imap.example' })).rejects.toThrow(/Any Mail is not configured/);
    await expect(attempt({ provider: 'NOPE' })).rejects.toMatchObject({ field: ['input', 'provider'] });
    await expect(attempt({ provider: 'GMAIL', redirectUri: 'https://app.example.evil.test/' })).rejects.toMatchObject({
      code: 'INVALID',
      field: ['input', 'redirectUri'],
    });
    expect((await attempt({ address: 'a@mail.example' })).provider.id).toBe('GMAIL');
  });

  it('keeps the id when the same address is connected again, with the access it has then', async () => {
    const [userId, other] = [await accounts.user(), await accounts.user()];
    const first = await accounts.connected(userId);
    exchange.mockResolvedValueOnce(exchanged('ada@mail.EXAMPLE'));
    expect(await accounts.connected(userId, 'FULL')).toBe(first);
    expect((await accounts.directory.find(userId, first))?.access).toBe('FULL');
    expect(await accounts.connected(other)).not.toBe(first);
    expect(await accounts.connected(userId, 'READ', 'OUTLOOK')).not.toBe(first);
    expect(await accounts.directory.find(other, first)).toBeNull();
  });

  it('disconnects: hooks, then no secret, and the grant ends only when nobody else holds the mailbox', async () => {
    await db.prisma.integration.deleteMany({});
    const [one, two] = [await accounts.user(), await accounts.user()];
    const [first, second] = [await accounts.connected(one), await accounts.connected(two)];
    revoke.mockClear();

    await expect(accounts.disconnect.disconnect(two, first)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await accounts.disconnect.disconnect(one, first)).toBeNull();
    expect(events.at(-1)).toBe('disconnecting');
    expect(revoke).not.toHaveBeenCalled();
    expect(await accounts.vault.get(first)).toBeNull();
    expect(await accounts.directory.forUser(one)).toEqual([]);
    expect(await accounts.directory.find(one, first)).toMatchObject({ status: 'DISCONNECTED' });
    await expect(accounts.sessions.open(first)).rejects.toMatchObject({ code: 'RECONNECT_REQUIRED' });

    revoke.mockRejectedValueOnce(new MailError('PROVIDER_UNAVAILABLE', 'down'));
    expect(await accounts.disconnect.disconnect(two, second)).toMatch(/could not be told.*Take the consent back/);
    expect(revoke).toHaveBeenCalledWith({ refreshToken: 'refresh of Ada@Mail.example' }, expect.any(AbortSignal));
    expect(await accounts.vault.get(second)).toBeNull();

    expect(await accounts.connected(one)).toBe(first);
    expect(await accounts.directory.forUser(one)).toHaveLength(1);
  });

  it('says where consent is taken back when the provider has no call for it', async () => {
    const userId = await accounts.user();
    const id = await accounts.connected(userId, 'READ', 'OUTLOOK');
    await db.prisma.integration.deleteMany({ where: { provider: 'OUTLOOK', id: { not: id } } });
    expect(await accounts.disconnect.disconnect(userId, id)).toMatch(/Take the consent back/);
  });
});
