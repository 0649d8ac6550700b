import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TokenExchanges } from '../../src/accounts/token-exchanges.ts';
import { MailError } from '../../src/domain/error.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Hangs until its signal aborts; its later tries are answered. */
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
])('one that hangs is begun again once its provider %s another account a token', async (_, other) => {
  const exchanges = new TokenExchanges();
  const { exchange, tries } = hanging();
  const token = exchanges.run('GMAIL', exchange);
  await vi.advanceTimersByTimeAsync(3_000);
  await exchanges.run('OUTLOOK', async () => 'other');
  expect(tries()).toBe(1);
  await exchanges.run('GMAIL', other).catch(() => {});
  expect(await token).toBe('token');
  expect(tries()).toBe(2);
});

it('one that hangs for good has failed for now', async () => {
  const { exchange } = hanging();
  const code = new TokenExchanges().run('GMAIL', exchange).catch((error: MailError) => error.code);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await code).toBe('TIMEOUT');
});
