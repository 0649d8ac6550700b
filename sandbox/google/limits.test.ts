import { expect, test } from 'vitest';
import { connect, googleFor, ME, mail, raw, refusal, scope, USER } from '../testing/google.ts';

const { running } = googleFor('test');

async function batch(token: string, requests: readonly string[]) {
  const parts = requests.map(
    (request, index) =>
      `--b\r\nContent-Type: application/http\r\nContent-ID: <item-${index}>\r\n\r\n${request}\r\n\r\n`,
  );
  const response = await fetch(`${running().url}/batch/gmail/v1`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/mixed; boundary=b' },
    body: `${parts.join('')}--b--\r\n`,
  });
  const text = await response.text();
  return { response, text, statuses: [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status)) };
}

test('a batch answers each part under its own id, in the order asked', async () => {
  const id = running().emulator.deliver(ME, mail({ subject: 'Batched' }));
  running().world.log.clear();
  const body = '{"addLabelIds":["STARRED"]}';
  const { response, text, statuses } = await batch(running().accessToken, [
    `GET /gmail/v1/users/me/messages/${id}?format=minimal HTTP/1.1`,
    'GET /gmail/v1/users/me/messages/1000000000000000',
    `POST /gmail/v1/users/me/messages/${id}/modify\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'GET /upload/gmail/v1/users/me/messages/send',
  ]);
  expect(response.headers.get('content-type')).toMatch(/^multipart\/mixed; boundary=/);
  expect(statuses).toEqual([200, 404, 200, 404]);
  expect([...text.matchAll(/Content-ID: (\S+)/g)].map(([, each]) => each)).toEqual(
    [0, 1, 2, 3].map((index) => `<response-item-${index}>`),
  );
  const log = running().world.log.all();
  expect(log.map(({ operation, units }) => [operation, units])).toEqual([
    ['batch', 0],
    ['messages.get', 5],
    ['messages.get', 5],
    ['messages.modify', 5],
    ['GET /upload/gmail/v1/users/me/messages/send', 0],
  ]);
  expect(log.slice(1).every((record) => record.batch === log[0]?.id)).toBe(true);
});

test('a batch of more than a hundred is refused, and a wide one draws rate limiting', async () => {
  const ask = (count: number) =>
    batch(
      running().accessToken,
      Array.from({ length: count }, () => 'GET /gmail/v1/users/me/profile'),
    );
  running().clock.at = Date.now();
  expect((await ask(101)).response.status).toBe(400);
  expect((await ask(50)).statuses.every((status) => status === 200)).toBe(true);
  const { statuses } = await ask(100);
  expect(statuses.slice(0, 50)).toEqual(Array(50).fill(200));
  expect(statuses.filter((status) => status === 429)).toHaveLength(25);
});

test('a user has 15,000 units a minute', async () => {
  running().clock.at = Date.now();
  const send = () => running().users.messages.send({ ...USER, requestBody: { raw: raw({}) } });
  for (let sent = 0; sent < 150; sent += 1) await send();
  expect(await refusal(running().users.getProfile(USER))).toMatchObject({ status: 429, reason: 'rateLimitExceeded' });
  running().clock.ahead = 60_001;
  expect((await running().users.getProfile(USER)).status).toBe(200);
});

test('each method needs its scopes', async () => {
  const id = running().emulator.deliver(ME, mail());
  const readonly = (await connect(running().url, [scope('readonly')])).api.users;
  await readonly.messages.get({ ...USER, id });
  for (const call of [
    readonly.messages.trash({ ...USER, id }),
    readonly.messages.send({ ...USER, requestBody: { raw: raw({}) } }),
    readonly.drafts.create({ ...USER, requestBody: {} }),
    readonly.labels.create({ ...USER, requestBody: { name: 'x' } }),
  ])
    expect(await refusal(call)).toMatchObject({ status: 403, reason: 'insufficientPermissions' });

  const modify = (await connect(running().url, [scope('modify')])).api.users;
  expect(await refusal(modify.messages.delete({ ...USER, id }))).toMatchObject({ status: 403 });
  const metadata = (await connect(running().url, [scope('metadata'), scope('readonly')])).api.users;
  expect(await refusal(metadata.messages.list({ ...USER, q: 'x' }))).toMatchObject({
    status: 403,
    reason: 'forbidden',
  });
  expect((await refusal(metadata.messages.get({ ...USER, id }))).message).toContain("doesn't allow format FULL");
  expect((await metadata.messages.get({ ...USER, id, format: 'metadata' })).status).toBe(200);
});

test('faults are answered in the form of errors at Google, alone and inside a batch', async () => {
  running().faults.add({ vendor: 'google', operation: 'getProfile', status: 429, retryAfterSeconds: 7, times: 1 });
  const limited = await fetch(`${running().url}/gmail/v1/users/me/profile`, {
    headers: { authorization: `Bearer ${running().accessToken}` },
  });
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, null]);
  expect(await limited.json()).toMatchObject({
    error: {
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      errors: [{ reason: 'rateLimitExceeded' }],
      message: expect.stringMatching(/^User-rate limit exceeded\. {2}Retry after \d{4}-\d\d-\d\dT[\d:.]+Z$/),
    },
  });
  running().faults.add({ vendor: 'google', operation: 'messages.*', status: 503 });
  const { statuses } = await batch(running().accessToken, [
    'GET /gmail/v1/users/me/messages',
    'GET /gmail/v1/users/me/labels',
  ]);
  expect(statuses).toEqual([503, 200]);
  expect(await refusal(running().users.messages.list(USER))).toMatchObject({ status: 503, reason: 'backendError' });
});

test('faults cut connections: an answer is lost after the work, is truncated, or never comes', async () => {
  const once = (fault: object) => running().faults.add({ vendor: 'google', times: 1, ...fault });
  once({ operation: 'messages.send', loseAnswer: true });
  await expect(running().users.messages.send({ ...USER, requestBody: { raw: raw({}) } })).rejects.toThrow();
  expect(running().emulator.dump(ME)).toHaveLength(1);
  once({ operation: 'labels.list', truncate: true });
  await expect(running().users.labels.list(USER)).rejects.toThrow();
  once({ operation: 'labels.list', hang: true });
  const hanging = fetch(`${running().url}/gmail/v1/users/me/labels`, {
    headers: { authorization: `Bearer ${running().accessToken}` },
    signal: AbortSignal.timeout(200),
  });
  await expect(hanging).rejects.toThrow();
  once({ operation: 'labels.list', latencyMs: 100 });
  const before = Date.now();
  await running().users.labels.list(USER);
  expect(Date.now() - before).toBeGreaterThanOrEqual(95);
});

test('without a token, and with a forged one, Google answers 401', async () => {
  const profile = `${running().url}/gmail/v1/users/me/profile`;
  expect((await fetch(profile)).status).toBe(401);
  const forged = `${running().accessToken.slice(0, -2)}xx`;
  const response = await fetch(profile, { headers: { authorization: `Bearer ${forged}` } });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({
    error: { status: 'UNAUTHENTICATED', errors: [{ reason: 'authError' }] },
  });
});
