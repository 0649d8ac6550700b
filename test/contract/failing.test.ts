import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isMailError, MailError } from '../../src/domain/error.ts';
import type { AuthorizationCode } from '../../src/providers/contract/authorization-code.ts';
import { isUnreadable, type ListQuery } from '../../src/providers/contract/list.ts';
import { isPassword } from '../../src/providers/contract/password.ts';
import { type Account, consent, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';

const WHOLE: ListQuery = { mailboxId: null, where: null };

describe.each(PROVIDER_IDS)('%s: on a bad day', (id) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('unlucky');
    for (let i = 0; i < 8; i++) await account.deliver({ from: 'a@example.org', subject: `mail ${i}`, text: 'x' });
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(() => lab.close());

  const fault = (it: object) => lab.control('/faults', { vendor: lab.vendor, account: account.address, ...it });
  const list = (signal?: AbortSignal) =>
    account.session.listMessages(WHOLE, { size: 5, after: null }, interactive(signal));

  it('gets over a provider that fails once', async () => {
    await fault({ status: 503, times: 1 });
    expect((await list()).items).toHaveLength(5);
    await fault({ status: 429, retryAfterSeconds: 1, times: 1 });
    expect((await list()).items).toHaveLength(5);
  });

  it('tells a provider that stays down from one that says wait', async () => {
    await fault({ status: 503 });
    await expect(list()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    await lab.control('/faults', undefined, 'DELETE');
    const other = await lab.account('throttled');
    await lab.control('/faults', { vendor: lab.vendor, account: other.address, status: 429, retryAfterSeconds: 120 });
    const refused = await other.session
      .listMessages(WHOLE, { size: 5, after: null }, interactive())
      .catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    expect((refused as MailError).retryAfterMs).toBeGreaterThan(60_000);
  });

  it('stops when the caller does', async () => {
    await fault({ hang: true });
    const leaving = new AbortController();
    const waiting = list(leaving.signal);
    leaving.abort(new MailError('TIMEOUT', 'deadline of the suite'));
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('survives a connection that is cut in the middle of an answer', async () => {
    await fault({ truncate: true, times: 1 });
    const outcome = await list().catch((e: unknown) => e);
    if (isMailError(outcome)) expect(outcome.code).toBe('PROVIDER_UNAVAILABLE');
    else expect((outcome as { items: unknown[] }).items).toHaveLength(5);
  });

  it('reads the rest of a batch when some of it is refused', async () => {
    const { items } = await list();
    const ids = items.flatMap((m) => (isUnreadable(m) ? [] : [m.id]));
    await fault({ operation: lab.operations.read, status: 429, retryAfterSeconds: 1, times: 2 });
    const batch = await account.session.getMessages(ids, 'full', interactive());
    expect(batch.filter((m) => !isMailError(m))).toHaveLength(ids.length);
  });

  it('takes a new token when the provider refuses the old one before its time', async () => {
    const before = account.grant.accessToken;
    await lab.control('/expire-tokens', { vendor: lab.vendor, account: account.address });
    expect((await list()).items).toHaveLength(5);
    // A password is its own access token, so no new token replaces it.
    if (!isPassword(lab.method)) expect(account.grant.accessToken).not.toBe(before);
  });

  it('says RECONNECT_REQUIRED for a grant that is gone, and only then', async () => {
    const gone = await lab.account('revoked');
    await lab.control('/faults', { vendor: lab.vendor, operation: 'token', status: 503, times: 1 });
    await expect(lab.method.refresh(gone.grant.secret, new AbortController().signal)).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
    await lab.control('/revoke', { vendor: lab.vendor, account: gone.address });
    await expect(lab.method.refresh(gone.grant.secret, new AbortController().signal)).rejects.toMatchObject({
      code: 'RECONNECT_REQUIRED',
    });
    await expect(gone.session.listMessages(WHOLE, { size: 5, after: null }, interactive())).rejects.toMatchObject({
      code: 'RECONNECT_REQUIRED',
    });
  });

  it('takes a no: a wrong password, or a consent that was withheld, which it names', async () => {
    const { method } = lab;
    if (isPassword(method)) {
      const wrong = { address: account.address, password: 'not this one', access: 'READ' as const };
      return expect(method.signIn(wrong, new AbortController().signal)).rejects.toMatchObject({ code: 'INVALID' });
    }
    const picky = `picky@${lab.twin.domain}`;
    await lab.control('/accounts', { vendor: lab.vendor, address: picky, name: 'Picky' });
    const access = lab.provider.accesses[1] ?? 'READ';
    const reading = access === 'READ' ? [] : (method.scopes?.('READ') ?? []);
    const withheld = (method.scopes?.(access) ?? []).filter((scope) => !reading.includes(scope));
    const refused = await lab.authorize(picky, access, withheld).catch((error: unknown) => error);
    // A provider that was asked for one scope only sends the person back with access_denied instead.
    const named = [...withheld, 'access_denied'].filter((name) => (refused as Error).message.includes(name));
    expect(named).not.toEqual([]);
    const url = await (method as AuthorizationCode).authorizationUrl({
      state: 's',
      codeChallenge: 'x'.repeat(43),
      redirectUri: 'http://127.0.0.1:9/oauth/callback',
      access: 'READ',
      loginHint: null,
    });
    const location = await consent(url, account.address, 'deny');
    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.get('state')).toBe('s');
  });

  it('lets no provider text and no token into an error', async () => {
    await fault({ status: 500 });
    const error = await list().catch((e: unknown) => e);
    expect(isMailError(error)).toBe(true);
    expect((error as MailError).message).not.toMatch(/Bearer|ya29|eyJ|http|\{/);
  });
});
