import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkAnswered } from '../../src/accounts/integrations/credential.ts';
import { isMailError } from '../../src/domain/error.ts';
import type { ListQuery } from '../../src/providers/contract/list.ts';
import { type Account, CONSENT_PROVIDER_IDS, interactive, type Lab, openLab } from '../support/app/lab.ts';

/** Answers of a token endpoint without a usable access token. */
const TOKEN_ANSWERS = [
  '',
  '[]',
  'null',
  '<html>',
  '5',
  '"token"',
  '{}',
  '{"access_token":5,"expires_in":3599,"token_type":"Bearer","refresh_token":"r"}',
  '{"access_token":"","expires_in":3599,"token_type":"Bearer","refresh_token":"r"}',
  '{"access_token":"two\\nlines","expires_in":3599,"token_type":"Bearer","refresh_token":"r"}',
  '{"access_token":"€","expires_in":3599,"token_type":"Bearer","refresh_token":"r"}',
  '{"access_token":{"a":1},"expires_in":3599,"token_type":"Bearer"}',
  '{"access_token":true,"expires_in":{},"token_type":5,"scope":5,"refresh_token":7}',
  // These have a usable access token, and a value that must not replace the stored refresh token.
  ...['5', '{}', '[]', 'true', '"two\\nlines"'].map(
    (it) => `{"access_token":"a","expires_in":9,"refresh_token":${it}}`,
  ),
  ...['-5', '0', '"-5"', '"soon"', '{}', 'true'].map((it) => `{"access_token":"a","expires_in":${it}}`),
  '{"access_token":"a","expires_in":3599,"scope":5}',
  '{"access_token":"a","expires_in":3599,"token_type":"mac"}',
];
const WHOLE: ListQuery = { mailboxId: null, where: null };

describe.each(CONSENT_PROVIDER_IDS)('%s: a malformed answer of the token endpoint', (id) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { connectMethod: 'AUTHORIZATION_CODE' });
    account = await lab.account('unlucky');
    await account.deliver({ from: 'a@example.org', subject: 'a mail', text: 'x' });
  });
  afterEach(() => lab.control('/faults', undefined, 'DELETE'));
  afterAll(async () => {
    // The answers are wrong on purpose, and the wire checker would report them.
    await lab.forgetWire();
    await lab.close();
  });

  it.each([
    ['"expires_in":3599', 3_599],
    ['"expires_in":"3599","token_type":"bearer"', 3_599],
    ['"expires_in":null,"refresh_token":null,"scope":null', 300],
    ['"refresh_token":"r"', 300],
    ['"expires_in":1e300', 7 * 24 * 3_600],
  ])('is none that says %s of its token', async (fields, seconds) => {
    await lab.control('/faults', { vendor: lab.vendor, operation: 'token', body: `{"access_token":"a",${fields}}` });
    const secret = account.grant.secret as { refreshToken: string };
    const refreshed = await lab.method.refresh(secret, interactive().signal);
    expect(refreshed.accessToken).toBe('a');
    const kept = fields.includes('"r"') ? 'r' : secret.refreshToken;
    expect(refreshed.secret).toMatchObject({ refreshToken: kept });
    expect(Math.abs((refreshed.expiresAt.getTime() - Date.now()) / 1_000 - seconds)).toBeLessThan(30);
  });

  it.each(['{}', '', '<html>', '{"error":"invalid_grant"}', '{"access_token":"a","expires_in":9}'])(
    'such as %j of a token endpoint that is away, or asked too often, says nothing of the grant',
    async (body) => {
      const { method } = lab;
      for (const [status, code] of [
        [429, 'RATE_LIMITED'],
        [503, 'PROVIDER_UNAVAILABLE'],
      ] as const) {
        await lab.control('/faults', {
          vendor: lab.vendor,
          operation: 'token',
          status,
          body,
          retryAfter: '7',
          times: 1,
        });
        const limited = await method.refresh(account.grant.secret, interactive().signal).catch((error) => error);
        expect(limited).toMatchObject({ code, retryAfterMs: 7_000, ofAccount: false });
      }
    },
  );

  it.each(TOKEN_ANSWERS)('such as %s holds no token, and does not take the one there is', async (body) => {
    const { method } = lab;
    const { secret } = account.grant;
    const { signal } = interactive();
    await lab.control('/faults', { vendor: lab.vendor, operation: 'token', body });
    const outcome = await method
      .refresh(secret, signal)
      .then(checkAnswered)
      .catch((error: unknown) => error);
    expect(isMailError(outcome) ? outcome.code : outcome).toBe('PROVIDER_UNAVAILABLE');
    const begun = await lab.authorize(account.address, 'READ').catch((error: unknown) => error);
    expect(isMailError(begun) ? begun.code : begun).toBe('PROVIDER_UNAVAILABLE');
    await lab.control('/faults', undefined, 'DELETE');
    Object.assign(account.grant, await method.refresh(secret, signal));
    const { items } = await account.session.listMessages(WHOLE, { size: 1, after: null }, interactive());
    expect(items).toHaveLength(1);
  });
});
