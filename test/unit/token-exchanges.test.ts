import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TokenExchanges } from '../../src/accounts/handles/token-exchanges.ts';
import { MailError } from '../../src/domain/error.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** An exchange that hangs until its signal aborts. Later tries are answered. */
function hanging() {
  let tries = 0;
  const exchange = (signal: AbortSignal): Promise<string> => {
    tries++;
    if (tries > 1) return Promise.resolve('token');
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  return { exchange, tries: () => tries };
}

it.each([
  ['gives', async () => 'other'],
  ['refuses', async () => Promise.reject(new MailError('RECONNECT_REQUIRED', 'gone'))],
])('one that hangs is restarted once its provider %s another account a token', async (_, other) => {
  const exchanges = new TokenExchanges();
  const { exchange, tries } = hanging();
  const token = exchanges.run('GMAIL', 'one', exchange);
  await vi.advanceTimersByTimeAsync(3_000);
  await exchanges.run('OUTLOOK', 'another', async () => 'other');
  expect(tries()).toBe(1);
  await exchanges.run('GMAIL', 'another', other).catch(() => {});
  expect(await token).toBe('token');
  expect(tries()).toBe(2);
});

it('one that hangs without end fails as a transient error', async () => {
  const { exchange } = hanging();
  const code = new TokenExchanges().run('GMAIL', 'one', exchange).catch((error: MailError) => error.code);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await code).toBe('TIMEOUT');
});

it.each([
  ['PROVIDER_UNAVAILABLE', 90_000, 90_000],
  ['RATE_LIMITED', 90_000, 90_000],
  ['RATE_LIMITED', undefined, 60_000],
] as const)(
  '%s with Retry-After %j delays that account, and no other, for that long',
  async (code, retryAfterMs, waitMs) => {
    const exchanges = new TokenExchanges();
    let asked = 0;
    const refused = async () => {
      asked++;
      throw new MailError(code, 'not now', { retryAfterMs });
    };
    const run = (account = 'one', exchange: () => Promise<unknown> = refused) =>
      exchanges.run('OUTLOOK', account, exchange).catch((error: unknown) => error);
    expect(await run()).toMatchObject({ code, retryAfterMs: waitMs });
    await vi.advanceTimersByTimeAsync(waitMs - 1_000);
    expect(await run()).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 1_000 });
    expect(asked).toBe(1);
    expect(await run('another', async () => 'token')).toBe('token');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await run('one', async () => 'token')).toBe('token');
  },
);
