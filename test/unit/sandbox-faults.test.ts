import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, type Google, MAIL_SCOPE, startGoogle } from '../support/google-emulator.ts';
import { graphClient, type Microsoft, signIn, startMicrosoft, token } from '../support/microsoft-emulator.ts';

let google: Google;
let microsoft: Microsoft;
beforeAll(async () => {
  [google, microsoft] = await Promise.all([startGoogle(), startMicrosoft()]);
});
afterAll(() => Promise.all([google.close(), microsoft.close()]));

const BODIES = ['', '[]', 'null', '"text"', '<html>', '{"foreign":1}'];

it.each(BODIES)('Google answers %j where a fault says so: a call, a part of a batch, a token', async (body) => {
  const { tokens } = await connect(google.url, [MAIL_SCOPE]);
  const authorization = `Bearer ${tokens.access_token}`;
  google.world.faults.add({ vendor: 'google', operation: 'labels.list', body, times: 2 });
  const call = await fetch(`${google.url}/gmail/v1/users/me/labels`, { headers: { authorization } });
  expect([call.status, await call.text()]).toEqual([200, body]);
  const batch = await fetch(`${google.url}/batch/gmail/v1`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'multipart/mixed; boundary=b' },
    body: '--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/labels\r\n\r\n--b--\r\n',
  });
  expect(await batch.text()).toContain(`\r\n\r\n${body}\r\n--`);
  google.world.faults.add({ vendor: 'google', operation: 'token', status: 429, retryAfterSeconds: 7, body, times: 1 });
  const refused = await fetch(`${google.url}/token`, { method: 'POST', body: new URLSearchParams({ code: 'x' }) });
  expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([429, '7', body]);
});

it.each(BODIES)('Graph answers %j where a fault says so: a call, a part of a batch, a token', async (body) => {
  const graph = graphClient(microsoft.url, (await signIn(microsoft.url)).access_token);
  microsoft.world.faults.add({ vendor: 'microsoft', operation: 'GET /me/mailFolders', body, times: 2 });
  const call = await fetch(`${microsoft.url}/v1.0/me/mailFolders`, {
    headers: { authorization: `Bearer ${(await signIn(microsoft.url)).access_token}` },
  });
  expect([call.status, await call.text()]).toEqual([200, body]);
  const { responses } = (
    await graph('/$batch', { method: 'POST', body: { requests: [{ id: '1', method: 'GET', url: '/me/mailFolders' }] } })
  ).body;
  expect(responses[0]).toMatchObject({ id: '1', status: 200 });
  const isJson = !['', '<html>'].includes(body);
  expect(responses[0].body).toEqual(isJson ? JSON.parse(body) : undefined);
  microsoft.world.faults.add({ vendor: 'microsoft', operation: 'token', body, times: 1 });
  const answer = token(microsoft.url, { grant_type: 'refresh_token', refresh_token: 'x' });
  if (isJson) expect(await answer).toMatchObject({ status: 400, body: JSON.parse(body) });
  else await expect(answer).rejects.toThrow(SyntaxError);
});
