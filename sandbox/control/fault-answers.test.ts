import { expect, it } from 'vitest';
import { googleFor } from '../testing/google.ts';
import { microsoftFor, token } from '../testing/microsoft.ts';
import { named } from './named.ts';

const google = googleFor('file');
const microsoft = microsoftFor('file');
const { direct: graph } = microsoft;

const BODIES = ['', '[]', 'null', '"text"', '<html>', '{"foreign":1}'];

it.each(BODIES)('Google answers %j by a fault, to a call, a part of a batch and a token request', async (body) => {
  const authorization = `Bearer ${google.running().accessToken}`;
  google.running().faults.add({ vendor: 'google', operation: 'labels.list', body, times: 2 });
  const call = await fetch(`${google.running().url}/gmail/v1/users/me/labels`, { headers: { authorization } });
  expect([call.status, await call.text()]).toEqual([200, body]);
  const batch = await fetch(`${google.running().url}/batch/gmail/v1`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'multipart/mixed; boundary=b' },
    body: '--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/labels\r\n\r\n--b--\r\n',
  });
  expect(await batch.text()).toContain(`\r\n\r\n${body}\r\n--`);
  google
    .running()
    .faults.add({ vendor: 'google', operation: 'token', status: 429, retryAfterSeconds: 7, body, times: 1 });
  const refused = await fetch(`${google.running().url}/token`, {
    method: 'POST',
    body: new URLSearchParams({ code: 'x' }),
  });
  expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([429, '7', body]);
});

it.each(BODIES)('Graph answers %j by a fault, to a call, a part of a batch and a token request', async (body) => {
  microsoft.running().faults.add({ vendor: 'microsoft', operation: 'GET /me/mailFolders', body, times: 2 });
  const call = await fetch(`${microsoft.running().url}/v1.0/me/mailFolders`, {
    headers: { authorization: `Bearer ${microsoft.running().accessToken}` },
  });
  expect([call.status, await call.text()]).toEqual([200, body]);
  const { responses } = (
    await graph('/$batch', { method: 'POST', body: { requests: [{ id: '1', method: 'GET', url: '/me/mailFolders' }] } })
  ).body;
  expect(responses[0]).toMatchObject({ id: '1', status: 200 });
  const isJson = !['', '<html>'].includes(body);
  expect(responses[0]?.body).toEqual(isJson ? JSON.parse(body) : undefined);
  microsoft.running().faults.add({ vendor: 'microsoft', operation: 'token', body, times: 1 });
  const answer = token(microsoft.running().url, { grant_type: 'refresh_token', refresh_token: 'x' });
  if (isJson) expect(await answer).toMatchObject({ status: 400, body: JSON.parse(body) });
  else await expect(answer).rejects.toThrow(SyntaxError);
});

it.each([
  [{ error: 'rateLimitExceeded' }, 429, 'rateLimitExceeded', /^Resource has been exhausted/],
  [{ error: 'rateLimitExceeded', status: 403 }, 403, 'rateLimitExceeded', /^Quota exceeded for quota metric 'Queries'/],
  [{ error: 'userRateLimitExceeded' }, 403, 'userRateLimitExceeded', /^User Rate Limit Exceeded$/],
  [
    { error: 'userRateLimitExceeded', status: 429, retryAfterSeconds: 9 },
    429,
    'userRateLimitExceeded',
    / {2}Retry after 20.*Z$/,
  ],
])('Google limits requests by name, without a Retry-After: %j', async (fault, status, reason, message) => {
  google.running().faults.add(named({ vendor: 'google', operation: 'labels.list', times: 1, ...fault }));
  const authorization = `Bearer ${google.running().accessToken}`;
  const answer = await fetch(`${google.running().url}/gmail/v1/users/me/labels`, { headers: { authorization } });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, null]);
  expect(await answer.json()).toMatchObject({
    error: { code: status, message: expect.stringMatching(message), errors: [{ reason, domain: 'usageLimits' }] },
  });
});

it.each([
  ['GET /me/mailFolders', { error: 'ApplicationThrottled', retryAfterSeconds: 9 }, 429, '9'],
  ['GET /me/mailFolders', { error: 'ServiceUnavailable', retryAfter: 'soon' }, 503, 'soon'],
  ['token', { error: 'temporarily_unavailable', status: 429, retryAfter: '-5' }, 429, '-5'],
])('Microsoft limits requests by name, with a Retry-After: %s %j', async (operation, fault, status, retryAfter) => {
  microsoft.running().faults.add(named({ vendor: 'microsoft', operation, times: 1, ...fault }));
  const answer =
    operation === 'token'
      ? await fetch(`${microsoft.running().url}/common/oauth2/v2.0/token`, {
          method: 'POST',
          body: new URLSearchParams(),
        })
      : await fetch(`${microsoft.running().url}/v1.0/me/mailFolders`, {
          headers: { authorization: `Bearer ${microsoft.running().accessToken}` },
        });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
  const { error } = (await answer.json()) as { error: string | { code: string } };
  expect(typeof error === 'string' ? error : error.code).toBe(fault.error);
});

it('refuses a name that the vendor does not have', () => {
  expect(() => named({ vendor: 'microsoft', error: 'rateLimitExceeded' })).toThrow(/ApplicationThrottled/);
});
