import { describe, expect, it } from 'vitest';
import { optionsOf, settings } from '../../src/providers/outlook/settings.ts';
import { declined, signInRefusal } from '../../src/providers/outlook/sign-in/sign-in-refusals.ts';

const OPTIONS = optionsOf(settings.parse({ MICROSOFT_CLIENT_ID: 'app', MICROSOFT_CLIENT_SECRET: 'secret' }));
const back = (description: string, error = 'access_denied', subtype = '') =>
  declined(OPTIONS, { error, description, subtype });
const TRACE = 'Words <b>of anyone</b>. Trace ID: 50076 Correlation ID: 53003 Timestamp: 2026-11-29 11:00:00Z';

describe('a sign-in that Microsoft refuses', () => {
  it.each([
    `AADSTS90094: ${TRACE}`,
    `aadsts90094: ${TRACE}`,
    `AADSTS90094%3a+${encodeURIComponent(TRACE)}`,
    encodeURIComponent(` AADSTS90094: ${TRACE}`),
    `Error:AADSTS90094_x`,
    `AADSTS900941: ${TRACE}`,
    `AADSTS1: x AADSTS90093: ${TRACE}`,
  ])('is recognised by its number, however it is written: %s', (description) => {
    const refusal = back(description);
    expect(refusal).toMatchObject({ code: 'CONSENT_REQUIRED', message: expect.stringContaining('/adminconsent?') });
    expect(refusal?.message).not.toMatch(/Words|anyone|AADSTS/);
  });

  it.each(['90094', 'AADSTS90094', 'aadsts90094'])('is recognised by the subcode %s', (subtype) => {
    expect(back('', 'access_denied', subtype)).toMatchObject({ message: expect.stringContaining('/adminconsent?') });
  });

  it.each([
    ['50074 50076 50078 50158 500121', 'INVALID', 'complete it'],
    ['50072 50079 53004 53010', 'INVALID', 'security-info'],
    ['50005 50097 50131 53000 53001 53002 53003 53011 530031 530034 530099', 'FORBIDDEN', 'conditional access policy'],
    ['50105', 'FORBIDDEN', 'not assigned'],
    ['65001', 'CONSENT_REQUIRED', 'agree to the access'],
    ['70043 70044', 'INVALID', 'sign-in frequency'],
    ['50055', 'INVALID', 'password'],
    ['50057', 'FORBIDDEN', 'disabled in its organisation'],
    ['7000112', 'FORBIDDEN', 'gateway is disabled'],
    ['50020', 'FORBIDDEN', 'of this kind'],
    ['700016 7000215 7000222 50011 50194 650053 650057', 'FORBIDDEN', 'Its operator must check'],
  ])('is reported the same with %s at each step', (numbers, code, words) => {
    for (const number of numbers.split(' ').map(Number)) {
      const refusal = { codes: [number], oauthError: 'invalid_grant', subtype: '' };
      const [returned, exchanged, refreshed] = [
        back(`AADSTS${number}: ${TRACE}`),
        signInRefusal(OPTIONS, refusal, 'code'),
        signInRefusal(OPTIONS, refusal, 'refresh'),
      ];
      expect(returned).toMatchObject({ code, ofAccount: true, message: expect.stringContaining(words) });
      expect([exchanged?.code, exchanged?.message]).toEqual([code, returned?.message]);
      const later = code === 'FORBIDDEN' ? code : 'RECONNECT_REQUIRED';
      expect([refreshed?.code, refreshed?.message]).toEqual([later, returned?.message]);
    }
  });

  it.each(['invalid_client', 'unauthorized_client', 'UNAUTHORIZED_CLIENT', 'invalid_scope'])(
    'because of the gateway itself (%s) blames nobody else',
    (error) => expect(back('', error)?.message).toContain('Its operator must check'),
  );

  it('for an unknown reason names its number', () => {
    expect(back(`AADSTS50034: ${TRACE}`)).toMatchObject({
      code: 'INVALID',
      message: expect.stringContaining('AADSTS50034'),
      ofAccount: false,
    });
    expect(back(`AADSTS50034: ${TRACE}`)?.message).not.toMatch(/Words|anyone/);
  });

  it.each([
    ['the person declined', 'AADSTS65004: User declined to consent to access the app.', 'access_denied', 'cancel'],
    ['no number is told', TRACE, 'access_denied', ''],
    ['Microsoft is away', 'AADSTS90033: A transient error has occurred.', 'temporarily_unavailable', ''],
    ['what is told is no number', 'AADSTS12 AADSTS12345678 AADSTSx', 'access_denied', '12'],
  ])('is reported by OAuth’s own error code when %s', (_why, description, error, subtype) => {
    expect(back(description, error, subtype)).toBeNull();
  });
});
