import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MailError } from '../../src/domain/error.ts';
import type { AuthorizationCode } from '../../src/providers/contract/authorization-code.ts';
import type { ConnectMethod } from '../../src/providers/contract/connect.ts';
import type { Password } from '../../src/providers/contract/password.ts';
import { consent, type Lab, openLab, PROVIDERS_AND_METHODS, twinPlaying } from '../support/app/lab.ts';

const { signal } = new AbortController();
const REDIRECT = 'http://127.0.0.1:9/oauth/callback';
const by = (method: string) => PROVIDERS_AND_METHODS.filter(([, offered]) => offered === method);

describe.each(by('AUTHORIZATION_CODE'))('%s: a sign-in', (id, connectMethod) => {
  const { vendor, domain, sameSignInRefusals, signInRefusals } = twinPlaying(id);
  let lab: Lab;
  let method: AuthorizationCode;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { connectMethod });
    method = lab.method as AuthorizationCode;
  });
  afterAll(() => lab.close());

  const refuse = (account: string, refusal: string | null, at?: string) =>
    lab.control('/sign-in', { vendor, account, refusal, ...(at && { at: [at] }) });
  /** Signs in as far as the vendor lets it; the code, or how it refuses. */
  async function signIn(address: string) {
    const codeVerifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const request = { state: 's', codeChallenge, redirectUri: REDIRECT, access: 'READ' as const, loginHint: address };
    const { searchParams } = await consent(await method.authorizationUrl(request), address, 'approve');
    const refusal = {
      error: searchParams.get('error') ?? '',
      description: searchParams.get('error_description') ?? '',
      subtype: searchParams.get('error_subtype') ?? '',
    };
    const code = { code: searchParams.get('code') ?? '', codeVerifier, redirectUri: REDIRECT, access: 'READ' as const };
    return { refusal, code };
  }
  const errorOf = (work: Promise<unknown>): Promise<MailError> => work.then(Promise.reject, (error) => error);
  const plain = (error: MailError | null | undefined) =>
    expect(error?.message).not.toMatch(/AADSTS|Trace ID|invalid_|\{|postern-sandbox-secret/);

  it.each(signInRefusals)('that is refused with %s says so in the same words at each step', async (refusal) => {
    const account = await lab.account(refusal.toLowerCase(), 'READ');
    await refuse(account.address, refusal, 'consent');
    const declined = method.declined?.((await signIn(account.address)).refusal);
    plain(declined);
    expect(['INVALID', 'CONSENT_REQUIRED', 'FORBIDDEN']).toContain(declined?.code);

    await refuse(account.address, refusal, 'exchange');
    const { code } = await signIn(account.address);
    const exchanged = await errorOf(method.exchange(code, signal));
    expect([exchanged.code, exchanged.message]).toEqual([declined?.code, declined?.message]);

    await refuse(account.address, refusal, 'refresh');
    const refreshed = await errorOf(method.refresh(account.grant.secret, signal));
    expect([refreshed.message, refreshed.ofAccount]).toEqual([declined?.message, true]);
    // Who signs in mends it by doing so again, or somebody else has to.
    expect(refreshed.code).toBe(declined?.code === 'FORBIDDEN' ? 'FORBIDDEN' : 'RECONNECT_REQUIRED');

    await refuse(account.address, null);
    await method.refresh(account.grant.secret, signal);
  });

  it('tells each reason in words of its own', async () => {
    const account = await lab.account('reasons', 'READ');
    const messages = new Map<string, string[]>();
    for (const refusal of signInRefusals) {
      await refuse(account.address, refusal, 'refresh');
      const { message } = await errorOf(method.refresh(account.grant.secret, signal));
      messages.set(message, [...(messages.get(message) ?? []), refusal]);
    }
    const alike = [...messages.values()].filter(({ length }) => length > 1);
    expect(alike).toEqual(sameSignInRefusals);
  });

  it('that a person declines is left to OAuth’s own word', async () => {
    await lab.control('/accounts', { vendor, address: `no@${domain}`, name: 'No' });
    const request = { state: 's', codeChallenge: 'x'.repeat(43), redirectUri: REDIRECT, access: 'READ' as const };
    const url = await method.authorizationUrl({ ...request, loginHint: null });
    const { searchParams } = await consent(url, `no@${domain}`, 'deny');
    const [error, description] = [searchParams.get('error') ?? '', searchParams.get('error_description') ?? ''];
    expect(error).toBe('access_denied');
    expect(method.declined?.({ error, description, subtype: '' }) ?? null).toBeNull();
  });
});

describe.each(by('PASSWORD'))('%s: a sign-in with a password', (id, connectMethod) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { connectMethod });
  });
  afterAll(() => lab.close());

  it('proves the password, and refuses another one without repeating it', async () => {
    const { address, grant } = await lab.account('ada', 'READ');
    const method = lab.method as Password;
    const refused = method.signIn({ address, password: 'not this one', access: 'READ' }, signal);
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.not.stringContaining('not this one'),
    });
    await expect(method.refresh(grant.secret, signal)).resolves.toMatchObject({ accessToken: expect.any(String) });
  });
});

describe.each(PROVIDERS_AND_METHODS)('%s: a grant (%s)', (id, connectMethod) => {
  const { vendor } = twinPlaying(id);
  let lab: Lab;
  let method: ConnectMethod;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { connectMethod });
    method = lab.method;
  });
  afterAll(() => lab.close());

  it('that has ended at the vendor has nothing left to revoke', async () => {
    if (!method.revoke) return expect(method.revokeAdvice).not.toBe('');
    const account = await lab.account('ended', 'READ');
    await lab.control('/revoke', { vendor, account: account.address });
    await method.revoke(account.grant.secret, signal);
    await method.revoke(account.grant.secret, signal);
    await lab.control('/faults', { vendor, operation: 'revoke', status: 503, times: 1 });
    await expect(method.revoke(account.grant.secret, signal)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});
