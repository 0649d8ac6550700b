import { pino } from 'pino';
import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { batchError, Cooldown } from '../../src/providers/limiter/cooldown.ts';
import { createRequestLimiter } from '../../src/providers/limiter/request-limiter.ts';

const MINUTE = 60_000;
const limited = (retryAfterMs?: number) => new MailError('RATE_LIMITED', 'slow down', { retryAfterMs });
const away = (retryAfterMs?: number) => new MailError('PROVIDER_UNAVAILABLE', 'down', { retryAfterMs });

/** A cooldown with a clock of its own. `refuse` makes a request now, which fails with the error. */
function onClock() {
  const clock = { now: 1_000_000 };
  const cooldown = new Cooldown(() => clock.now);
  const refuse = (error = limited()) => {
    cooldown.failed(error, clock.now);
    return cooldown.waitMs;
  };
  /** Makes the next request as soon as it is allowed, which fails with the error. */
  const again = (error = limited()) => {
    clock.now += cooldown.waitMs;
    return refuse(error);
  };
  return { clock, cooldown, refuse, again };
}

it('lasts longer with each burst that names no time, up to a quarter of an hour', () => {
  const { refuse, again } = onClock();
  const waits = [refuse(), again(), again(), again(), again(), again()];
  expect(waits.map((ms) => ms / MINUTE)).toEqual([1, 2, 4, 8, 15, 15]);
});

it('begins with a minute again after the account was quiet for twice as long as its cooldown', () => {
  const { clock, cooldown, refuse, again } = onClock();
  refuse();
  again();
  clock.now += cooldown.waitMs + 4 * MINUTE;
  expect(refuse(), 'not yet quiet for long enough').toBe(4 * MINUTE);
  clock.now += cooldown.waitMs + 8 * MINUTE + 1;
  expect(refuse()).toBe(MINUTE);
});

it('counts requests that were under way together as one burst', () => {
  const { clock, cooldown } = onClock();
  const beganAt = clock.now;
  for (let n = 0; n < 4; n++) {
    clock.now += 100;
    cooldown.failed(limited(), beganAt);
  }
  expect(cooldown.waitMs).toBe(MINUTE - 300);
});

it('lasts for a time that is named, also by a provider that is unavailable, and for the longest of several', () => {
  const { clock, cooldown } = onClock();
  cooldown.failed(away(90_000), clock.now);
  cooldown.failed(limited(30_000), clock.now);
  expect(cooldown.waitMs).toBe(90_000);
  clock.now += 90_000;
  expect(cooldown.waitMs).toBe(0);
});

it.each(['RECONNECT_REQUIRED', 'NOT_FOUND', 'TIMEOUT', 'CONFLICT'] as const)('is none after %s', (code) => {
  const { refuse } = onClock();
  expect(refuse(new MailError(code, 'no', { retryAfterMs: 5_000 }))).toBe(0);
});

it('is none after an outage without a time, or with a time that has passed', () => {
  const { refuse } = onClock();
  expect([refuse(away()), refuse(away(0))]).toEqual([0, 0]);
});

it('grows from a second when a limit names a time that has passed', () => {
  const { refuse, again } = onClock();
  expect([refuse(limited(0)), again(limited(0)), again(limited(0))]).toEqual([1_000, 2_000, 4_000]);
});

it('returns with each refusal how long to wait', () => {
  const { clock, cooldown } = onClock();
  expect(cooldown.failed(limited(), clock.now)).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: MINUTE });
  const refusal = limited(2 * MINUTE);
  expect(cooldown.failed(refusal, clock.now), 'as it came').toBe(refusal);
  expect(cooldown.failed(limited(1_000), clock.now).retryAfterMs, 'the account waits for longer').toBe(2 * MINUTE);
});

it('takes a batch that was refused in part for too wide, and one refused completely for a limit of the account', () => {
  expect(batchError(limited(), 3, 50).retryAfterMs).toBeLessThan(1_000);
  expect(batchError(limited(0), 3, 50).retryAfterMs).toBeGreaterThan(0);
  for (const [error, parts] of [
    [limited(), 50],
    [limited(MINUTE), 3],
    [away(), 3],
  ] as const)
    expect(batchError(error, parts, 50)).toBe(error);
});

it.each([
  ['a limit without a time', limited(), MINUTE],
  ['a limit with one', limited(90_000), 90_000],
  ['an outage with one', away(90_000), 90_000],
])('%s keeps every request of the account back, no matter who makes it', async (_, error, waitMs) => {
  const clock = { now: 1_000_000 };
  const limits = { concurrency: 4, streams: 2, units: 100, windowMs: 60_000 };
  const limiter = createRequestLimiter(limits, { log: pino({ level: 'silent' }), now: () => clock.now });
  const { signal } = new AbortController();
  let asked = 0;
  const ask = (priority: 'interactive' | 'background', answer: () => Promise<unknown>) =>
    limiter
      .request({ operation: 'read', units: 1, slots: 1, safe: true }, { signal, priority, maxWaitMs: 1_000 }, () => {
        asked++;
        return answer();
      })
      .catch((e: unknown) => e);
  expect(await ask('interactive', () => Promise.reject(error))).toMatchObject({
    code: error.code,
    retryAfterMs: waitMs,
  });
  for (const priority of ['interactive', 'background'] as const)
    expect(await ask(priority, async () => 'a page')).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: waitMs });
  expect(asked).toBe(1);
  clock.now += waitMs;
  expect(await ask('background', async () => 'a page')).toBe('a page');
});
