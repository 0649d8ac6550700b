import { Client } from '@microsoft/microsoft-graph-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { graphClient, ME, mail, microsoftFor, signIn, startMicrosoft } from '../testing/microsoft.ts';
import { Presence } from './mailbox/presence.ts';

const { running, graph, direct, underWay, signInAgain } = microsoftFor('file');
beforeAll(async () => {
  running().emulator.fill(
    ME,
    Array.from({ length: 30 }, () => mail()),
  );
});

const batch = (requests: unknown[], by = graph) => by('/$batch', { method: 'POST', body: { requests } });

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

  it('lets four go on without end', async () => {
    const worker = async () => {
      for (let n = 0; n < 15; n++) expect((await direct('/me/messages?$top=1')).status).toBe(200);
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  });

  it('answers a request later while another one to its mailbox is running', async () => {
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
    // The earlier requests have been answered, so this one is alone again.
    await Promise.all(['other', 'other', 'shared'].map(serve));
    expect(served.slice(3)).toEqual(['shared', 'other', 'other']);
  });

  it('counts each mailbox separately', async () => {
    running().emulator.createAccount('other@outlook.example', 'Other');
    running().faults.add({ vendor: 'microsoft', account: ME, latencyMs: 200, times: 4 });
    const busy = Array.from({ length: 4 }, () => direct('/me/messages?$top=1'));
    expect((await Promise.all(busy)).every(({ status }) => status === 200)).toBe(true);
  });

  it('ends at 10,000 requests in ten minutes', async () => {
    const full = await startMicrosoft();
    const client = graphClient(full.url, (await signIn(full.url)).access_token);
    const requests = Array.from({ length: 20 }, (_, n) => ({ id: String(n), method: 'GET', url: '/me?$select=id' }));
    // Successive batches are the fastest way to the limit that keeps to four requests at a time.
    for (let n = 0; n < 20; n++) await batch(requests, client);
    expect((await client('/me?$select=id')).status).toBe(200);
    expect(full.world.log.all().filter((record) => record.batch !== null)).toHaveLength(400);
    await full.close();
  });
});

describe('scopes', () => {
  const as = async (...scopes: string[]) =>
    graphClient(running().url, (await signIn(running().url, scopes)).access_token);

  it('are required', async () => {
    const reader = await as('Mail.Read');
    const [{ id } = { id: '' }] = (await reader('/me/messages?$top=1')).body.value;
    expect((await reader(`/me/messages/${id}`, { method: 'PATCH', body: { isRead: true } })).body.error.code).toBe(
      'ErrorAccessDenied',
    );
    expect((await reader('/me/sendMail', { method: 'POST', body: {} })).status).toBe(403);
    expect((await reader('/me/outlook/masterCategories')).status).toBe(403);
    expect((await reader('/me')).status).toBe(403);
    expect((await (await as('Mail.Send'))('/me/messages')).status).toBe(403);
    expect((await (await as('MailboxSettings.Read'))('/me/outlook/masterCategories')).status).toBe(200);
  });

  it('of Mail.ReadBasic give no content', async () => {
    const basic = await as('Mail.ReadBasic');
    const [message] = (await basic('/me/messages?$top=1')).body.value;
    expect(message).not.toHaveProperty('body');
    expect(message).not.toHaveProperty('bodyPreview');
    expect((await basic(`/me/messages/${message?.id}/attachments`)).status).toBe(403);
  });
});

describe('tokens', () => {
  it('that are malformed, forged, unsigned, expired or revoked are refused', async () => {
    const { accessToken } = running();
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${accessToken.split('.')[1]}.`;
    for (const token of ['', 'x', `${accessToken}x`, unsigned]) {
      const { status, body, headers } = await graphClient(running().url, token)('/me');
      expect([status, body.error.code]).toEqual([401, 'InvalidAuthenticationToken']);
      expect(headers.get('www-authenticate')).toContain('Bearer');
    }
    const late = (await signIn(running().url)).access_token;
    running().clock.ahead += 3_700_000;
    expect((await graphClient(running().url, late)('/me')).body.error.message).toContain('expired');
    await signInAgain();
    running().emulator.expireTokens(ME);
    expect((await direct('/me')).status).toBe(401);
    await signInAgain();
  });
});

describe('faults', () => {
  it('are answered as Graph does, alone and inside a batch', async () => {
    running().faults.add({
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
    expect(body.responses.map(({ status }) => status).sort()).toEqual([200, 503]);
  });

  it('lose an answer after the work is done, truncate one, and hang', async () => {
    running().faults.add({ vendor: 'microsoft', operation: 'POST /me/mailFolders', loseAnswer: true, times: 1 });
    await expect(direct('/me/mailFolders', { method: 'POST', body: { displayName: 'Lost' } })).rejects.toThrow();
    expect((await direct('/me/mailFolders', { method: 'POST', body: { displayName: 'Lost' } })).status).toBe(409);
    running().faults.add({ vendor: 'microsoft', operation: 'GET /me/messages', truncate: true, times: 1 });
    await expect(direct('/me/messages')).rejects.toThrow();
    running().faults.add({ vendor: 'microsoft', operation: 'GET /me', hang: true, times: 1 });
    const hung = fetch(`${running().url}/v1.0/me`, {
      headers: { authorization: `Bearer ${running().accessToken}` },
      signal: AbortSignal.timeout(200),
    });
    await expect(hung).rejects.toThrow(/timeout|abort/i);
    expect((await direct('/me?$select=id')).status).toBe(200);
  });
});

it('serves the Graph SDK', async () => {
  const client = Client.initWithMiddleware({
    middleware: {
      // The SDK changes http URLs, so it is given Graph's own, and its last handler sends the requests to the emulator.
      async execute(context) {
        const url = String(context.request).replace('https://graph.microsoft.com', running().via);
        const headers = {
          ...(context.options?.headers as Record<string, string>),
          authorization: `Bearer ${running().accessToken}`,
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

it('refuses a body that is too large, and a path outside v1.0, with Graph’s own errors', async () => {
  const large = await direct('/me/messages', {
    method: 'POST',
    body: { subject: 'x', body: { content: 'y'.repeat(5_000_000) } },
  });
  expect([large.status, large.body.error.code]).toEqual([413, 'RequestEntityTooLarge']);
  const beta = await fetch(`${running().url}/beta/me`);
  expect(await beta.json()).toHaveProperty('error.code');
});
