import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConnectFlowStore } from '../../src/accounts/connect/connect-flow.store.ts';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { PendingSyncStore } from '../../src/changes/sync/pending-sync.store.ts';
import { MailError } from '../../src/domain/error.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { AuthorizationCode } from '../../src/providers/contract/authorization-code.ts';
import { type Accounts, openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';
import { exchanged, fakeProvider } from '../support/fakes/provider.ts';

const PAGE = 'https://app.example/mail';

describe.each(TEST_DATABASES)('connecting on %s', (kind) => {
  let db: Database;
  let accounts: Accounts;
  let now = new Date();
  const exchange = vi.fn(async () => exchanged('Ada@Mail.example'));
  const identify = vi.fn(async (traded: unknown) => (traded as ReturnType<typeof exchanged>).address);
  const revoke = vi.fn(async () => {});
  const events: string[] = [];
  const gmail = fakeProvider({ connect: { exchange, identify, revoke }, domains: ['mail.example'] });
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
    return new URL((await accounts.begin(userId, request)).authorizationUrl).searchParams;
  };
  const back = (state: string | null, answer: Record<string, string> = { code: 'c' }) =>
    accounts.callback.handle(new URLSearchParams({ state: state ?? '', ...answer }));
  const tokenIn = (reply: { headers: Readonly<Record<string, string>>; body: string }) =>
    new URL(reply.headers.location ?? 'a:b').searchParams.get('token') ??
    /<output id="code">([^<]+)</.exec(reply.body)?.[1] ??
    '';
  /** Begins a flow and comes back from the consent page. Returns the user and the token that finishes the flow. */
  const consented = async (redirectUri: string | null = PAGE, code = 'a-code-of-the-provider') => {
    const userId = await accounts.user();
    const state = (await begin(userId, redirectUri)).get('state');
    return { userId, state, token: tokenIn(await back(state, { code })) };
  };
  const flowOf = (userId: string) => db.prisma.connectFlow.findFirstOrThrow({ where: { userId } });
  const wiped = { codeVerifier: null, consent: null, claimOwner: null, claimUntil: null };

  it('leaves with an unguessable state and a PKCE challenge, and stores neither unencrypted', async () => {
    const userId = await accounts.user();
    const sent = await begin(userId);
    expect(sent.get('state')).toMatch(/^[\w-]{43}$/);
    expect(sent.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(await flowOf(userId))).not.toContain(sent.get('state'));
  });

  it('stores only the encrypted consent until it is finished, and then the account, announced, without the flow', async () => {
    exchange.mockClear();
    const { userId, token } = await consented();
    expect(token).toMatch(/^[\w-]{43}$/);
    const kept = await flowOf(userId);
    expect(kept).toMatchObject({ status: 'FINISH', consent: expect.any(Uint8Array), finishedWith: null });
    const bytes = Buffer.concat([kept.consent ?? Buffer.alloc(0), kept.codeVerifier ?? Buffer.alloc(0)]);
    for (const secret of ['a-code-of-the-provider', token]) {
      expect(bytes.includes(secret)).toBe(false);
      expect(JSON.stringify(kept)).not.toContain(secret);
    }
    expect(exchange).not.toHaveBeenCalled();
    expect(await db.prisma.integration.count({ where: { userId } })).toBe(0);

    const record = await accounts.connect.finish(userId, token);
    expect(record).toMatchObject({
      status: 'CONNECTED',
      access: 'READ',
      scopes: ['read'],
      address: 'Ada@Mail.example',
    });
    expect((await accounts.vault.get(record.id))?.secret).toMatchObject({
      secret: { refreshToken: 'refresh of Ada@Mail.example' },
    });
    expect(events.at(-1)).toBe('connected');
    expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'CONNECTED', integration: record.id });
  });

  it('asks the provider once for simultaneous calls, and repeats the answer within ten minutes', async () => {
    exchange.mockClear();
    const { userId, token } = await consented();
    const records = await Promise.all([1, 2, 3].map(() => accounts.connect.finish(userId, token)));
    records.push(await accounts.connect.finish(userId, token));
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(exchange).toHaveBeenCalledTimes(1);
    now = new Date(now.getTime() + 10 * 60_000);
    await expect(accounts.connect.finish(userId, token)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([PAGE, null])(
    'answers a call the same when another call ends the flow between its reads (%s)',
    async (redirectUri) => {
      exchange.mockClear();
      const { userId, token } = await consented(redirectUri);
      const { endedWith } = ConnectFlowStore.prototype;
      const looks = vi.spyOn(ConnectFlowStore.prototype, 'endedWith').mockImplementationOnce(async function (
        this: ConnectFlowStore,
        ...asked
      ) {
        const seen = await endedWith.apply(this, asked);
        await accounts.connect.finish(userId, token);
        return seen;
      });
      const record = await accounts.connect.finish(userId, token);
      looks.mockRestore();
      expect(record).toEqual(await accounts.connect.finish(userId, token));
      expect(exchange).toHaveBeenCalledTimes(1);
    },
  );

  it('shows on a page without scripts who asked for what, and a code', async () => {
    const userId = await accounts.user();
    const { email } = await db.prisma.user.findUniqueOrThrow({ where: { id: userId } });
    const reply = await back((await begin(userId)).get('state'));
    expect(reply.status).toBe(200);
    expect(reply.body).toContain(email);
    expect(reply.body).toContain('Fake Mail');
    expect(reply.body).toContain('read all mail');
    expect(reply.body).toMatch(/If somebody sent you a link.*close this page/s);
    expect(tokenIn(reply)).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(reply.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(reply.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    const typed = ` ${tokenIn(reply).toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect(await accounts.connect.finish(userId, typed)).toMatchObject({ status: 'CONNECTED' });
  });

  it('answers a reloaded page the same, and nobody who brings another code', async () => {
    const { userId, state, token } = await consented(null, 'the code');
    expect(tokenIn(await back(state, { code: 'the code' }))).toBe(token);
    for (const answer of [{ code: 'another' }, { error: 'access_denied' }, {}] as Record<string, string>[]) {
      const reply = await back(state, answer);
      expect([reply.status, tokenIn(reply)]).toEqual([400, '']);
    }
    const record = await accounts.connect.finish(userId, token);
    expect(exchange).toHaveBeenLastCalledWith(expect.objectContaining({ code: 'the code' }), expect.anything());
    // Loading the link once more afterwards reveals nothing and undoes nothing.
    expect((await back(state, { code: 'the code' })).status).toBe(400);
    expect(await accounts.directory.find(userId, record.id)).toMatchObject({ status: 'CONNECTED' });
  });

  it('refuses a state that is unknown or older than ten minutes, without asking the provider', async () => {
    exchange.mockClear();
    const userId = await accounts.user();
    const state = (await begin(userId)).get('state');
    now = new Date(now.getTime() + 10 * 60_000);
    for (const stolen of [state, '', 'x', 'A'.repeat(43)]) {
      const reply = await back(stolen);
      expect(reply.status).toBe(400);
      expect(reply.body).toContain('expired or was used before');
    }
    expect(exchange).not.toHaveBeenCalled();
    expect(await accounts.directory.forUser(userId)).toEqual([]);
  });

  it('says why the provider sent the browser back in words of its own alone', async () => {
    const declined = vi.spyOn(gmail.connectMethods[0] as AuthorizationCode, 'declined');
    const written = {
      error: 'access_denied',
      error_description: 'WORD <b>written by anyone</b>',
      error_subtype: 'sub',
    };
    for (const [answer, code, words] of [
      [new MailError('FORBIDDEN', 'Ask the administrator.'), 'FORBIDDEN', 'Ask the administrator.'],
      [null, 'CONSENT_REQUIRED', 'was not given consent'],
    ] as const) {
      declined.mockReturnValueOnce(answer);
      const userId = await accounts.user();
      const reply = await back((await begin(userId)).get('state'), written);
      const read = { error: 'access_denied', description: written.error_description, subtype: 'sub' };
      expect(declined).toHaveBeenLastCalledWith(expect.objectContaining(read));
      expect([reply.status, reply.body]).toEqual([400, expect.stringContaining(words)]);
      expect(reply.body).not.toMatch(/WORD|anyone/);
      const [flow] = await db.prisma.connectFlow.findMany({ where: { userId } });
      expect([flow?.status, flow?.problemCode]).toEqual(['FAILED', code]);
    }
  });

  it('ends after ten minutes, and then keeps nothing that was sealed', async () => {
    const { userId, token } = await consented();
    now = new Date(now.getTime() + 10 * 60_000 - 1_000);
    const begun = await consented();
    now = new Date(now.getTime() + 1_000);
    await expect(accounts.connect.finish(userId, token)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await accounts.flows.expire(now);
    expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'EXPIRED' });
    expect(await flowOf(begun.userId)).toMatchObject({ status: 'FINISH' });
    expect(await accounts.connect.finish(begun.userId, begun.token)).toMatchObject({ status: 'CONNECTED' });
    await accounts.flows.prune(new Date(now.getTime() + 1));
    expect(await db.prisma.connectFlow.count({ where: { userId } })).toBe(0);
  });

  it('uses up the state when consent was refused, and needs no call to finish', async () => {
    const userId = await accounts.user();
    const state = (await begin(userId, `${PAGE}?x=1&status=connected&integration=mine`)).get('state');
    const reply = await back(state, { error: 'access_denied', error_description: '<script>' });
    const url = new URL(reply.headers.location ?? '');
    expect([url.origin, url.pathname, url.searchParams.get('x')]).toEqual(['https://app.example', '/mail', '1']);
    expect(url.searchParams.getAll('status')).toEqual(['failed']);
    expect(url.searchParams.get('integration')).toBeNull();
    expect(url.searchParams.get('code')).toBe('CONSENT_REQUIRED');
    expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'FAILED', problemCode: 'CONSENT_REQUIRED' });
    expect((await back(state)).status).toBe(400);
  });

  it('answers a reloaded refusal the same, and turns it into nothing else', async () => {
    for (const redirectUri of [PAGE, null]) {
      const userId = await accounts.user();
      const state = (await begin(userId, redirectUri)).get('state');
      const first = await back(state, { error: 'access_denied' });
      // A program that scans the link and the browser after it may load it at the same moment.
      const more = await Promise.all([1, 2].map(() => back(state, { error: 'access_denied' })));
      expect(more).toEqual([first, first]);
      for (const other of [{ code: 'c' }, { error: 'server_error' }] as Record<string, string>[])
        expect(await back(state, other)).toMatchObject({ status: 400, headers: { 'cache-control': 'no-store' } });
      expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'FAILED', problemCode: 'CONSENT_REQUIRED' });
      now = new Date(now.getTime() + 10 * 60_000);
      expect((await back(state, { error: 'access_denied' })).headers.location).toBeUndefined();
    }
  });

  it('does not end on an answer that says neither yes nor no', async () => {
    const userId = await accounts.user();
    const state = (await begin(userId, PAGE)).get('state');
    for (const answer of [{}, { code: '' }, { error: '' }, { code: '', error: '' }] as Record<string, string>[])
      expect(await back(state, answer)).toMatchObject({ status: 400, body: expect.stringContaining('damaged') });
    expect(await accounts.connect.finish(userId, tokenIn(await back(state)))).toMatchObject({ status: 'CONNECTED' });
  });

  it('reports what is missing each time, and shows nobody what went wrong internally', async () => {
    const missing = new MailError('CONSENT_REQUIRED', 'Gmail did not grant gmail.readonly.');
    exchange.mockRejectedValueOnce(missing);
    const { userId, token } = await consented();
    const both = [accounts.connect.finish(userId, token), accounts.connect.finish(userId, token)];
    for (const outcome of await Promise.allSettled(both)) {
      expect(outcome).toMatchObject({ reason: { code: missing.code, message: missing.message } });
    }
    expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'FAILED' });
    await expect(accounts.connect.finish(userId, token)).rejects.toMatchObject({ code: missing.code });
    expect(await accounts.directory.forUser(userId)).toEqual([]);
  });

  it.each([new MailError('PROVIDER_UNAVAILABLE', 'away'), new Error('ECONNREFUSED')])(
    'waits for another call when the provider was unavailable: %s',
    async (failure) => {
      exchange.mockRejectedValueOnce(failure);
      const { userId, token } = await consented(null);
      await expect(accounts.connect.finish(userId, token)).rejects.toThrow(failure.message);
      expect(await flowOf(userId)).toMatchObject({ status: 'FINISH', claimOwner: null, wrongCodes: 0 });
      expect(await accounts.connect.finish(userId, token)).toMatchObject({ status: 'CONNECTED' });
    },
  );

  it('identifies the account again, but exchanges the code once, when the provider failed in between', async () => {
    exchange.mockClear();
    const { userId, token } = await consented();
    identify.mockRejectedValueOnce(new MailError('TIMEOUT', 'silent'));
    await expect(accounts.connect.finish(userId, token)).rejects.toMatchObject({ code: 'TIMEOUT' });
    const kept = await flowOf(userId);
    expect(kept).toMatchObject({ status: 'FINISH', claimOwner: null });
    expect(Buffer.from(kept.consent ?? []).includes('refresh of')).toBe(false);
    expect(await db.prisma.integration.count({ where: { userId } })).toBe(0);

    identify.mockResolvedValueOnce('Ada@Mail.example');
    const record = await accounts.connect.finish(userId, token);
    expect(record).toMatchObject({ status: 'CONNECTED', address: 'Ada@Mail.example', scopes: ['read'] });
    expect((await accounts.vault.get(record.id))?.secret).toMatchObject({
      secret: { refreshToken: 'refresh of Ada@Mail.example' },
    });
    expect(exchange).toHaveBeenCalledTimes(1);
    expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'CONNECTED' });
  });

  it('opens a consent for its own user and flow, and nowhere else', async () => {
    exchange.mockClear();
    const [victim, attacker] = [await consented(), await consented()];
    const { consent, codeVerifier } = await flowOf(victim.userId);
    await db.prisma.connectFlow.updateMany({ where: { userId: attacker.userId }, data: { consent, codeVerifier } });
    for (const token of [victim.token, attacker.token])
      await expect(accounts.connect.finish(attacker.userId, token)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(exchange).not.toHaveBeenCalled();
  });

  it('counts guesses that come all at once as it counts them one by one', async () => {
    const { userId, token } = await consented(null);
    const wrong = Array.from({ length: 12 }, (_, n) => `22222-2222${(n % 8) + 2}`);
    await Promise.allSettled(wrong.map((code) => accounts.connect.finish(userId, code)));
    await expect(accounts.connect.finish(userId, token)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await flowOf(userId)).toMatchObject({ ...wiped, status: 'FAILED', wrongCodes: 5 });
  });

  it('ends no flow while its last try is compared, which may be the right one', async () => {
    const { userId, token } = await consented(null);
    for (let n = 0; n < 4; n++) await accounts.connect.finish(userId, `22222-2222${n}`).catch(() => undefined);
    const compared = await accounts.flows.takeTry(userId, 'AUTHORIZATION_CODE', now);
    await expect(accounts.connect.finish(userId, '22222-22229')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await accounts.flows.giveTryBack(compared.map(({ id }) => id));
    expect(await accounts.connect.finish(userId, token)).toMatchObject({ status: 'CONNECTED' });
  });

  it('escapes what it shows', async () => {
    const userId = await accounts.user();
    await db.prisma.user.update({ where: { id: userId }, data: { email: `"<img src=x>"${userId}@mail.example` } });
    const reply = await back((await begin(userId)).get('state'));
    expect(reply.body).toContain('&lt;img src=x&gt;');
    expect(reply.body).not.toContain('<img');
  });

  it('names what keeps it from beginning', async () => {
    const userId = await accounts.user();
    const attempt = (request: object) =>
      accounts.begin(userId, { address: null, provider: null, access: 'READ', redirectUri: null, ...request });
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

  it('keeps the id when the same address is connected again, with its new access', async () => {
    const [userId, other] = [await accounts.user(), await accounts.user()];
    const first = await accounts.connected(userId);
    exchange.mockResolvedValueOnce(exchanged('ada@mail.EXAMPLE'));
    expect(await accounts.connected(userId, 'FULL')).toBe(first);
    expect((await accounts.directory.find(userId, first))?.access).toBe('FULL');
    expect(await accounts.connected(other)).not.toBe(first);
    expect(await accounts.connected(userId, 'READ', 'OUTLOOK')).not.toBe(first);
    expect(await accounts.directory.find(other, first)).toBeNull();
  });

  it('disconnects: first hooks, then the secret, and the grant only when no other integration uses the mailbox', async () => {
    await db.prisma.integration.deleteMany({});
    const [one, two] = [await accounts.user(), await accounts.user()];
    const [first, second] = [await accounts.connected(one), await accounts.connected(two)];
    revoke.mockClear();

    await expect(accounts.disconnect.disconnect(two, first)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const position = { syncCursor: 'c1', syncHints: ['1 created m1'], changeMark: '7' };
    await db.prisma.integration.update({ where: { id: first }, data: position });
    expect(await accounts.disconnect.disconnect(one, first)).toBeNull();
    expect(events.at(-1)).toBe('disconnecting');
    expect(revoke).not.toHaveBeenCalled();
    expect(await accounts.vault.get(first)).toBeNull();
    expect(await accounts.directory.forUser(one)).toEqual([]);
    expect(await accounts.directory.find(one, first)).toMatchObject({ status: 'DISCONNECTED' });
    // A sync and a notification that end after it store nothing either.
    await new PendingSyncStore(db).noteHints(first, [{ kind: 'created', messageId: 'm2' }]);
    expect(await new ChangeStore(db).advance(first, null, 'c2', [])).toBe(false);
    const forgotten = { syncCursor: null, syncHints: [], changeMark: null };
    expect(await db.prisma.integration.findUnique({ where: { id: first } })).toMatchObject(forgotten);
    await expect(accounts.sessions.get(first)).rejects.toMatchObject({ code: 'RECONNECT_REQUIRED' });

    revoke.mockRejectedValueOnce(new MailError('PROVIDER_UNAVAILABLE', 'down'));
    expect(await accounts.disconnect.disconnect(two, second)).toMatch(/could not be revoked.*Take the consent back/);
    expect(revoke).toHaveBeenCalledWith({ refreshToken: 'refresh of Ada@Mail.example' }, expect.any(AbortSignal));
    expect(await accounts.vault.get(second)).toBeNull();

    expect(await accounts.connected(one)).toBe(first);
    expect(await accounts.directory.forUser(one)).toHaveLength(1);
  });

  it('tells the user where to revoke consent when the provider has no call for it', async () => {
    const userId = await accounts.user();
    const id = await accounts.connected(userId, 'READ', 'OUTLOOK');
    await db.prisma.integration.deleteMany({ where: { provider: 'OUTLOOK', id: { not: id } } });
    expect(await accounts.disconnect.disconnect(userId, id)).toMatch(/Take the consent back/);
  });
});
