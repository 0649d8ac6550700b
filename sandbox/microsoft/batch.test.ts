import { beforeAll, expect, it } from 'vitest';
import { ME, mail, microsoftFor } from '../testing/microsoft.ts';

const { running, graph, direct, underWay } = microsoftFor('file');
beforeAll(async () => {
  running().emulator.fill(
    ME,
    Array.from({ length: 30 }, () => mail()),
  );
});

const batch = (requests: unknown[], by = graph) => by('/$batch', { method: 'POST', body: { requests } });

it('answers each part with a status, headers and body of its own', async () => {
  const { status, body } = await batch([
    { id: 'a', method: 'GET', url: '/me/mailFolders/inbox?$select=displayName' },
    {
      id: 'b',
      method: 'GET',
      url: '/me/messages/AAMkADAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
      headers: { Prefer: 'IdType="ImmutableId"' },
    },
    { id: 'c', method: 'GET', url: '/me/messages/$count' },
  ]);
  expect(status).toBe(200);
  const of = (id: string) => body.responses.find((part) => part.id === id);
  expect(of('a')).toMatchObject({ status: 200, body: { displayName: 'Inbox' } });
  expect(of('b')).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
  expect(Number(of('c')?.body)).toBeGreaterThan(0);
});

it('runs its parts four at a time, and logs one line for the batch and one for each part', async () => {
  running().world.log.clear();
  const requests = Array.from({ length: 20 }, (_, n) => ({
    id: String(n),
    method: 'GET',
    url: '/me/messages?$top=1&$select=id',
  }));
  const { body } = await batch(requests);
  expect(body.responses.every(({ status }) => status === 200)).toBe(true);
  const [outer, ...inner] = running().world.log.all();
  expect(outer).toMatchObject({ operation: 'POST /$batch', batch: null });
  expect(inner).toHaveLength(20);
  expect(inner[0]).toMatchObject({ batch: outer?.id, operation: 'GET /me/messages', units: 1, account: ME });
});

it('throttles its parts while other requests to the mailbox are running', async () => {
  const slow = await underWay(2, 'GET /me/mailFolders', '/me/mailFolders');
  const requests = Array.from({ length: 4 }, (_, n) => ({
    id: String(n),
    method: 'GET',
    url: '/me/messages?$top=1',
  }));
  const { body } = await batch(requests, direct);
  const refused = body.responses.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(2);
  expect(refused[0]?.headers['Retry-After']).toBe('1');
  await slow();
});

it('runs dependent parts in their order, and fails those that depend on a failure', async () => {
  const { body } = await batch([
    {
      id: '1',
      method: 'POST',
      url: '/me/mailFolders',
      headers: { 'Content-Type': 'application/json' },
      body: { displayName: 'Batched' },
    },
    { id: '2', method: 'GET', url: '/me/mailFolders?$top=100', dependsOn: ['1'] },
    { id: '3', method: 'GET', url: '/me/messages/AAMkADAAAAAAAAAAAAAAAAAAAAAAAAAAAA=', dependsOn: ['2'] },
    { id: '4', method: 'GET', url: '/me/mailFolders', dependsOn: ['3'] },
  ]);
  const of = (id: string) => body.responses.find((part) => part.id === id);
  expect(JSON.stringify(of('2')?.body)).toContain('Batched');
  expect([of('3')?.status, of('4')?.status]).toEqual([404, 424]);
});

it.each([
  ['chains side by side', [[], ['1'], [], ['3']]],
  ['a part beside a chain', [[], ['1'], []]],
  ['several that wait for one', [[], ['1'], ['1']]],
  ['one that waits for several', [[], ['1'], ['1', '2']]],
])('refuses %s with the message of Graph', async (_, dependencies) => {
  const requests = dependencies.map((dependsOn, n) => ({ id: `${n + 1}`, method: 'GET', url: '/me', dependsOn }));
  const { status, body } = await batch(requests, direct);
  expect(status).toBe(400);
  expect(body.error).toMatchObject({
    code: 'BadRequest',
    message: 'Batch should be either fully sequential or fully parallel.',
  });
});

it.each([
  ['itself', [['1']]],
  ['one that comes after it', [['2'], []]],
  ['one of those that wait for it', [['2'], ['1']]],
  ['none', [[], ['1'], ['9']]],
])('refuses one that depends on %s, and says which', async (_, dependencies) => {
  const requests = dependencies.map((dependsOn, n) => ({ id: `${n + 1}`, method: 'GET', url: '/me', dependsOn }));
  const { status, body } = await batch(requests, direct);
  expect([status, body.error.code]).toEqual([400, 'BadRequest']);
  expect(body.error.message).toMatch(/^Invalid dependency for request Id/);
});

it.each([
  ['a dependency that is no list', [{ id: '1', method: 'GET', url: '/me', dependsOn: '1' }]],
  ['a dependency that is no text', [{ id: '1', method: 'GET', url: '/me', dependsOn: [1] }]],
  ['more than twenty', Array.from({ length: 21 }, (_, n) => ({ id: String(n), method: 'GET', url: '/me' }))],
  ['an absolute URL', [{ id: '1', method: 'GET', url: 'https://graph.microsoft.com/v1.0/me' }]],
  ['a version', [{ id: '1', method: 'GET', url: '/v1.0/me' }]],
  [
    'ids used twice',
    [
      { id: '1', method: 'GET', url: '/me' },
      { id: '1', method: 'GET', url: '/me' },
    ],
  ],
  ['nothing', []],
  ['a dependency that is no request', [{ id: '1', method: 'GET', url: '/me', dependsOn: ['2'] }]],
])('refuses %s', async (_, requests) => {
  expect((await batch(requests, direct)).status).toBe(400);
});
