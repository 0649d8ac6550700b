import { describe, expect, it } from 'vitest';
import { AttemptLimiter } from '../../src/accounts/attempt.limiter.ts';

describe('too many attempts', () => {
  it('are refused with the exact time to wait, for that key alone', () => {
    let now = 1_000_000;
    const limiter = new AttemptLimiter(3, 10_000, () => now);
    for (let i = 0; i < 3; i++) limiter.take('a');
    expect(() => limiter.take('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfterMs: 10_000 }));
    limiter.take('b');
    now += 10_000;
    limiter.take('a');
    expect(() => limiter.take('a')).toThrow(/try again in 10 seconds/);
  });

  it('do not count when they are given back', () => {
    const limiter = new AttemptLimiter(1, 10_000, () => 0);
    for (let i = 0; i < 5; i++) {
      limiter.take('a');
      limiter.giveBack('a');
    }
    limiter.take('a');
    expect(() => limiter.take('a')).toThrow();
  });
});
