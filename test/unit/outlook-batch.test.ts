import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import type { MailError } from '../../src/domain/error.ts';
import { createRequestLimiter } from '../../src/providers/limiter/request-limiter.ts';
import { batch } from '../../src/providers/outlook/wire/batch.ts';
import { createSdk, GraphClient, type GraphRequest } from '../../src/providers/outlook/wire/client.ts';

/** A Graph that answers every part, and records how many slots and parts each $batch had. */
function graph(maxSlots: () => number) {
  const sent: { slots: number; parts: number }[] = [];
  const client = {
    get maxSlots() {
      return maxSlots();
    },
    async request(
      { body, cost }: GraphRequest,
      _: unknown,
      read: (response: Response, signal: AbortSignal) => Promise<unknown>,
    ) {
      const { requests } = JSON.parse(String(typeof body === 'function' ? body() : body));
      sent.push({ slots: cost.slots, parts: requests.length });
      const responses = requests.map(({ id, url }: { id: string; url: string }) => ({
        id,
        status: 200,
        body: { id: url },
      }));
      return read(Response.json({ responses }), new AbortController().signal);
    },
  };
  return { client: client as unknown as GraphClient, sent };
}
const call = { signal: new AbortController().signal, priority: 'interactive' } as const;
const chains = Array.from({ length: 23 }, (_, n) => [{ method: 'PATCH' as const, path: `/me/messages/${n}` }]);

it('a batch is no wider than the slots that files leave free, and as wide as Graph allows when there are none', async () => {
  let maxSlots = 2;
  const { client, sent } = graph(() => maxSlots);
  const outcomes = await batch<{ id: string }>(client, 'messages.update', chains, call);
  expect(outcomes.map((outcome) => (outcome as { id: string }).id)).toEqual(chains.map(([part]) => part?.path));
  expect(sent).toHaveLength(12);
  for (const { slots, parts } of sent) expect([slots <= 2, parts <= 2]).toEqual([true, true]);

  maxSlots = 4;
  sent.length = 0;
  await batch(client, 'messages.update', chains, call);
  expect(sent).toEqual([
    { slots: 4, parts: 20 },
    { slots: 3, parts: 3 },
  ]);
});

afterEach(() => vi.unstubAllGlobals());

it.each([
  ['a text', { 'Retry-After': '600' }, 600],
  ['a number', { 'Retry-After': 600 }, 600],
  ['a list', { 'retry-after': ['600'] }, 600],
  ['an object', { 'Retry-After': {} }, 60],
  ['no header', {}, 60],
  ['no headers', null, 60],
])('a batch of which all parts are limited reports how long the cooldown lasts (%s)', async (_, headers, seconds) => {
  let asked = 0;
  vi.stubGlobal('fetch', async (_url: string, init: { body: string }) => {
    asked++;
    const { requests } = JSON.parse(init.body) as { requests: { id: string }[] };
    const body = {
      error: { code: 'ApplicationThrottled', message: 'Application is over its MailboxConcurrency limit.' },
    };
    return Response.json({ responses: requests.map(({ id }) => ({ id, status: 429, headers, body })) });
  });
  const limiter = createRequestLimiter(
    { concurrency: 4, streams: 2, units: 10_000, windowMs: 600_000 },
    { log: pino({ level: 'silent' }) },
  );
  const account = { address: 'a@outlook.example', limiter, accessToken: async () => 'a token' };
  const client = new GraphClient(createSdk('http://graph.example'), account as never, 'http://graph.example');
  const outcomes = await batch(client, 'threads.get', chains.slice(0, 3), call);
  for (const outcome of outcomes) {
    const { code, retryAfterMs } = outcome as MailError;
    expect(code).toBe('RATE_LIMITED');
    expect(Math.round((retryAfterMs ?? 0) / 10_000)).toBe(seconds / 10);
  }
  expect(asked).toBe(1);
});
