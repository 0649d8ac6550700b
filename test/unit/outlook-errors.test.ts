import { describe, expect, it } from 'vitest';
import { missingScope } from '../../src/providers/outlook/sign-in/scopes.ts';
import { errorCode, refused, TokenRefused } from '../../src/providers/outlook/wire/errors.ts';

describe('a refusal of Graph', () => {
  it.each([
    [404, 'ErrorItemNotFound', 'NOT_FOUND'],
    [400, 'ErrorInvalidIdMalformed', 'NOT_FOUND'],
    [403, 'ErrorAccessDenied', 'FORBIDDEN'],
    [410, 'SyncStateNotFound', 'CURSOR_EXPIRED'],
    [412, 'ErrorIrresolvableConflict', 'CONFLICT'],
    [429, 'ApplicationThrottled', 'RATE_LIMITED'],
    [503, 'ServiceUnavailable', 'PROVIDER_UNAVAILABLE'],
    [504, '', 'PROVIDER_UNAVAILABLE'],
    [401, 'InvalidAuthenticationToken', 'RECONNECT_REQUIRED'],
    [400, 'InefficientFilter', 'UNSUPPORTED'],
  ])('%i %s is %s', (status, code, expected) => {
    const error = refused({ status, code, retryAfter: null });
    expect(error.code).toBe(expected);
    expect(error.message).not.toContain('Graph');
  });

  it.each([
    [404, 'MailboxNotEnabledForRESTAPI', ''],
    [401, 'MailboxNotEnabledForRESTAPI', ''],
    [404, 'MailboxNotSupportedForRESTAPI', ''],
    [404, 'ErrorNonExistentMailbox', ''],
    [400, 'ErrorMissingEmailAddress', ''],
    [401, 'OrganizationFromTenantGuidNotFound', ''],
    [404, 'ResourceNotFound', 'Resource could not be discovered.'],
  ])('%i %s means an account without a mailbox, which no token cures', (status, code, message) => {
    const error = refused({ status, code, message, retryAfter: null });
    expect(error).toMatchObject({ code: 'UNSUPPORTED', ofAccount: true });
    expect(error).not.toBeInstanceOf(TokenRefused);
  });

  it('of a missing subscription does not concern the account', () => {
    const error = refused({
      status: 404,
      code: 'ResourceNotFound',
      message: 'The object was not found.',
      retryAfter: null,
    });
    expect(error).toMatchObject({ code: 'NOT_FOUND', ofAccount: false });
  });

  it('contains how long to wait, in seconds or as a date', () => {
    expect(refused({ status: 429, code: '', retryAfter: '12' }).retryAfterMs).toBe(12_000);
    const [retryAfter, now] = ['Mon, 05 Jan 2026 09:00:10 GMT', Date.parse('2026-01-05T09:00:00Z')];
    expect(refused({ status: 503, code: '', retryAfter }, now).retryAfterMs).toBe(10_000);
  });

  it('contains one code of the body, if there is one', () => {
    expect(errorCode({ error: { code: 'X', message: 'secret' } })).toBe('X');
    expect([null, 'text', {}, { error: 'x' }, { error: { code: 5 } }].map(errorCode)).toEqual(['', '', '', '', '']);
  });
});

describe('the scopes that were consented to', () => {
  it('are refused with the name of the one that is missing', () => {
    expect(missingScope('READ', ['openid', 'https://graph.microsoft.com/Mail.Read'])).toBeNull();
    expect(missingScope('READ', ['Mail.ReadWrite'])).toBeNull();
    expect(missingScope('READ', ['User.Read'])).toBe('Mail.Read');
    expect(missingScope('WRITE', ['mail.readwrite'])).toBe('Mail.Send');
    expect(missingScope('FULL', ['Mail.Send', 'Mail.Read'])).toBe('Mail.ReadWrite');
  });
});
