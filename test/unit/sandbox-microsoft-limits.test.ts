import { Client } from '@microsoft/microsoft-graph-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Presence } from '../../sandbox/microsoft/presence.ts';
import {
  type Graph,
  type GraphAnswer,
  graphClient,
  ME,
  type Microsoft,
  mail,
  signIn,
  startMicrosoft,
} from '../support/microsoft-emulator.ts';

let microsoft: Microsoft;
let graph: Graph;
let direct: Graph;
let accessToken: string;
beforeAll(async () => {
  microsoft = await startMicrosoft();
  microsoft.emulator.fill(
    ME,
    Array.from({ length: 30 }, () => mail()),
  );
  accessToken = (await signIn(microsoft.url)).access_token;
  graph = graphClient(microsoft.via, accessToken);
  direct = graphClient(microsoft.url, accessToken);
});
afterAll(() => microsoft.close());

const batch = (requests: unknown[], by = graph) => by('/$batch', { method: 'POST', body: { requests } });

/** That many requests which the emulator has begun, and answers when that is called. */
async function underWay(count: number, operation: string, path: string): Promise<() => Promise<GraphAnswer[]>> {
  microsoft.faults.add({ vendor: 'microsoft', operation, hang: 'release', times: count });
  const answers = Promise.all(Array.from({ length: count }, () => direct(path)));
  await expect.poll(() => microsoft.faults.list()).toEqual([]);
  return () => {
    microsoft.faults.clear();
    return answers;
  };
}

describe('concurrency', () => {
  it('refuses the fifth request to a mailbox at once', async () => {
    const slow = await underWay(4, 'GET /me/messages', '/me/messages?$top=1');
    const refused = await direct('/me/messages?$top=1');
    expect(refused.status).toBe(429);
    expect(refused.body.error).toMatchObject({
      code: 'ApplicationThrottled',
      message: 'Application is over its MailboxConcurrency limit.',
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await slow()).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('lets four go on for ever', async () => {
    const worker = async () => {
      for (let n = 0; n < 15; n++) expect((await direct('/me/messages?$top=1')).status).toBe(200);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  });

  it('keeps a request longer beside another one at its mailbox than by itself', async () => {
    const presence = new Presence();
    const served: string[] = [];
    const serve = async (mailbox: string) => {
      const leave = presence.enter(mailbox);
      await presence.serve(mailbox);
      served.push(mailbox);
      leave();
    };
    await Promise.all(['shared', 'shared', 'alone'].map(serve));
    expect(served).toEqual(['alone', 'shared', 'shared']);
    // Those have left, and it is by itself again.
    await Promise.all(['other', 'other', 'shared'].map(serve));
    expect(served.slice(3)).toEqual(['shared', 'other', 'other']);
  });

  it('counts another mailbox by itself', async () => {
    microsoft.emulator.createAccount('other@outlook.example', 'Other');
    microsoft.world.faults.add({ vendor: 'microsoft', account: ME, latencyMs: 200, times: 4 });
    const busy = Array.from({ length: 4 }, () => direct('/me/messages?$top=1'));
    expect((await Promise.all(busy)).every(({ status }) => status === 200)).toBe(true);
  });

  it('ends at 10,000 requests in ten minutes', async () => {
    const full = await startMicrosoft();
    const client = graphClient(full.url, (await signIn(full.url)).access_token);
    const requests = Array.from({ length: 20 }, (_, n) => ({ id: String(n), method: 'GET', url: '/me?$select=id' }));
    // Batches one after another: the quickest way to the limit that keeps to four at once.
    for (let n = 0; n < 20; n++) await batch(requests, client);
    expect((await client('/me?$select=id')).status).toBe(200);
    expect(full.world.log.all().filter((record) => record.batch !== null)).toHaveLength(400);
    await full.close();
  });
});

describe('$batch', () => {
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
    const of = (id: string) => body.responses.find((response: { id: string }) => response.id === id);
    expect(of('a')).toMatchObject({ status: 200, body: { displayName: 'Inbox' } });
    expect(of('b')).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
    expect(Number(of('c').body)).toBeGreaterThan(0);
  });

  it('runs its parts four at a time, and is one line in the log with a line for each part', async () => {
    microsoft.world.log.clear();
    const requests = Array.from({ length: 20 }, (_, n) => ({
      id: String(n),
      method: 'GET',
      url: '/me/messages?$top=1&$select=id',
    }));
    const { body } = await batch(requests);
    expect(body.responses.every(({ status }: { status: number }) => status === 200)).toBe(true);
    const [outer, ...inner] = microsoft.world.log.all();
    expect(outer).toMatchObject({ operation: 'POST /$batch', batch: null });
    expect(inner).toHaveLength(20);
    expect(inner[0]).toMatchObject({ batch: outer?.id, operation: 'GET /me/messages', units: 1, account: ME });
  });

  it('throttles its parts while others are at the mailbox', async () => {
    const slow = await underWay(2, 'GET /me/mailFolders', '/me/mailFolders');
    const requests = Array.from({ length: 4 }, (_, n) => ({
      id: String(n),
      method: 'GET',
      url: '/me/messages?$top=1',
    }));
    const { body } = await batch(requests, direct);
    const refused = body.responses.filter(({ status }: { status: number }) => status === 429);
    expect(refused).toHaveLength(2);
    expect(refused[0].headers['Retry-After']).toBe('1');
    await slow();
  });

  it('runs parts that wait for one another in their order, and fails those that wait for a failure', async () => {
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
    const of = (id: string) => body.responses.find((response: { id: string }) => response.id === id);
    expect(JSON.stringify(of('2').body)).toContain('Batched');
    expect([of('3').status, of('4').status]).toEqual([404, 424]);
  });

  it.each([
    ['chains side by side', [[], ['1'], [], ['3']]],
    ['a part beside a chain', [[], ['1'], []]],
    ['several that wait for one', [[], ['1'], ['1']]],
    ['one that waits for several', [[], ['1'], ['1', '2']]],
  ])('refuses %s, in the words that Graph has for it', async (_, dependencies) => {
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
  ])('refuses one that waits for %s, and says which', async (_, dependencies) => {
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
});

describe('scopes', () => {
  const as = async (...scopes: string[]) =>
    graphClient(microsoft.url, (await signIn(microsoft.url, scopes)).access_token);

  it('are kept', async () => {
    const reader = await as('Mail.Read');
    const [{ id }] = (await reader('/me/messages?$top=1')).body.value;
    expect((await reader(`/me/messages/${id}`, { method: 'PATCH', body: { isRead: true } })).body.error.code).toBe(
      'ErrorAccessDenied',
    );
    expect((await reader('/me/sendMail', { method: 'POST', body: {} })).status).toBe(403);
    expect((await reader('/me/outlook/masterCategories')).status).toBe(403);
    expect((await reader('/me')).status).toBe(403);
    expect((await (await as('Mail.Send'))('/me/messages')).status).toBe(403);
    expect((await (await as('MailboxSettings.Read'))('/me/outlook/masterCategories')).status).toBe(200);
  });

  it('of Mail.ReadBasic show no content', async () => {
    const basic = await as('Mail.ReadBasic');
    const [message] = (await basic('/me/messages?$top=1')).body.value;
    expect(message).not.toHaveProperty('body');
    expect(message).not.toHaveProperty('bodyPreview');
    expect((await basic(`/me/messages/${message.id}/attachments`)).status).toBe(403);
  });
});

describe('tokens', () => {
  it('that are none, forged, unsigned, expired or revoked are refused', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${accessToken.split('.')[1]}.`;
    for (const token of ['', 'x', `${accessToken}x`, unsigned]) {
      const { status, body, headers } = await graphClient(microsoft.url, token)('/me');
      expect([status, body.error.code]).toEqual([401, 'InvalidAuthenticationToken']);
      expect(headers.get('www-authenticate')).toContain('Bearer');
    }
    const late = (await signIn(microsoft.url)).access_token;
    microsoft.clock.ahead += 3_700_000;
    expect((await graphClient(microsoft.url, late)('/me')).body.error.message).toContain('expired');
    accessToken = (await signIn(microsoft.url)).access_token;
    microsoft.emulator.expireTokens(ME);
    expect((await graphClient(microsoft.url, accessToken)('/me')).status).toBe(401);
    accessToken = (await signIn(microsoft.url)).access_token;
    direct = graphClient(microsoft.url, accessToken);
    graph = graphClient(microsoft.via, accessToken);
  });
});

describe('faults', () => {
  it('are answered as Graph would, alone and inside a batch', async () => {
    microsoft.world.faults.add({
      vendor: 'microsoft',
      operation: 'GET /me/messages*',
      status: 503,
      retryAfterSeconds: 7,
      times: 2,
    });
    const alone = await graph('/me/messages');
    expect([alone.status, alone.headers.get('retry-after'), alone.body.error.code]).toEqual([
      503,
      '7',
      'ServiceUnavailable',
    ]);
    const { body } = await batch([
      { id: '1', method: 'GET', url: '/me/messages' },
      { id: '2', method: 'GET', url: '/me/mailFolders' },
    ]);
    expect(body.responses.map(({ status }: { status: number }) => status).sort()).toEqual([200, 503]);
  });

  it('lose an answer after the work is done, cut one in two, and hang', async () => {
    microsoft.world.faults.add({ vendor: 'microsoft', operation: 'POST /me/mailFolders', loseAnswer: true, times: 1 });
    await expect(direct('/me/mailFolders', { method: 'POST', body: { displayName: 'Lost' } })).rejects.toThrow();
    expect((await direct('/me/mailFolders', { method: 'POST', body: { displayName: 'Lost' } })).status).toBe(409);
    microsoft.world.faults.add({ vendor: 'microsoft', operation: 'GET /me/messages', truncate: true, times: 1 });
    await expect(direct('/me/messages')).rejects.toThrow();
    microsoft.world.faults.add({ vendor: 'microsoft', operation: 'GET /me', hang: true, times: 1 });
    const hung = fetch(`${microsoft.url}/v1.0/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
      signal: AbortSignal.timeout(200),
    });
    await expect(hung).rejects.toThrow(/timeout|abort/i);
    expect((await direct('/me?$select=id')).status).toBe(200);
  });
});

it('serves the Graph SDK', async () => {
  const client = Client.initWithMiddleware({
    middleware: {
      // The SDK mangles http origins: it keeps Graph's own, and its last handler sends requests here.
      async execute(context) {
        const url = String(context.request).replace('https://graph.microsoft.com', microsoft.via);
        const headers = {
          ...(context.options?.headers as Record<string, string>),
          authorization: `Bearer ${accessToken}`,
          prefer: 'IdType="ImmutableId"',
        };
        context.response = await fetch(url, { ...(context.options as RequestInit), headers });
      },
    },
  });
  const page = await client
    .api('/me/messages')
    .select(['subject', 'from'])
    .top(3)
    .orderby('receivedDateTime desc')
    .get();
  expect(page.value).toHaveLength(3);
  await expect(client.api('/me/messages/AAMkADAAAAAAAAAAAAAAAAAAAAAAAAAAAA=').get()).rejects.toMatchObject({
    statusCode: 404,
    code: 'ErrorItemNotFound',
  });
});

it('refuses a body that is too large, and a path outside v1.0, in Graph’s own shape', async () => {
  const large = await direct('/me/messages', {
    method: 'POST',
    body: { subject: 'x', body: { content: 'y'.repeat(5_000_000) } },
  });
  expect([large.status, large.body.error.code]).toEqual([413, 'RequestEntityTooLarge']);
  const beta = await fetch(`${microsoft.url}/beta/me`);
  expect(await beta.json()).toHaveProperty('error.code');
});
