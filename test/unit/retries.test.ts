import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Retries } from '../../src/changes/retries.ts';

describe('a failed job', () => {
  let tried: string[];
  let retries: Retries;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    tried = [];
    retries = new Retries({ retry: (key) => tried.push(key) });
  });
  afterEach(() => vi.useRealTimers());

  it('is retried after its backoff, until it succeeds', () => {
    retries.failed('a', 'google', 5_000, 0);
    vi.advanceTimersByTime(4_999);
    expect(tried).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(tried).toEqual(['a']);
    retries.failed('a', 'google', 5_000, 0);
    expect(retries.failures('a')).toBe(2);
    expect(retries.settled('a')).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(tried).toEqual(['a']);
    expect(retries.failures('a')).toBe(0);
  });

  it('may be started at any time, which ends its backoff, unless its vendor said how long to wait', () => {
    expect(retries.begin('new')).toBe(true);
    retries.failed('a', 'google', 5_000, 0);
    expect([retries.begin('a'), retries.isWaiting('a'), retries.failures('a')]).toEqual([true, false, 1]);
    retries.failed('held', 'google', 5_000, 20_000);
    vi.advanceTimersByTime(19_999);
    expect([retries.begin('held'), retries.isWaiting('held'), tried]).toEqual([false, true, []]);
    vi.advanceTimersByTime(1);
    expect(tried).toEqual(['held']);
    expect(retries.begin('held')).toBe(true);
  });

  it('is retried at once on a notification, but never before Retry-After, nor at every turn', () => {
    retries.failed('a', 'google', 30_000, 0);
    retries.failed('held', 'google', 30_000, 20_000);
    vi.advanceTimersByTime(5_000);
    retries.hurry('a');
    retries.hurry('held');
    vi.advanceTimersByTime(0);
    expect(tried).toEqual(['a']);
    vi.advanceTimersByTime(14_999);
    expect(tried).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(tried).toEqual(['a', 'held']);

    retries.failed('a', 'google', 30_000, 0);
    retries.hurry('a');
    vi.advanceTimersByTime(999);
    expect(tried).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(tried).toHaveLength(3);
  });

  it("is retried at once when its vendor is back, and no other vendor's", () => {
    retries.failed('a', 'google', 30_000, 0);
    retries.failed('b', 'google', 30_000, 0);
    retries.failed('m', 'microsoft', 30_000, 0);
    vi.advanceTimersByTime(2_000);
    retries.hurryLane('google');
    vi.advanceTimersByTime(0);
    expect(tried).toEqual(['a', 'b']);
  });

  it('finds out one by one whether a vendor that answers others is back', () => {
    retries.failed('a', 'google', 30_000, 0);
    vi.advanceTimersByTime(1_000);
    retries.failed('b', 'google', 30_000, 0);
    vi.advanceTimersByTime(2_000);
    for (let i = 0; i < 100; i++) retries.probe('google');
    vi.advanceTimersByTime(0);
    expect(tried).toEqual(['a']);
    vi.advanceTimersByTime(2_000);
    retries.probe('google');
    vi.advanceTimersByTime(0);
    expect(tried).toEqual(['a', 'b']);
  });

  it('moves to its lane once that is known', () => {
    retries.failed('a', '', 30_000, 0);
    retries.failed('a', 'google', 30_000, 0);
    vi.advanceTimersByTime(1_000);
    retries.hurryLane('google');
    vi.advanceTimersByTime(0);
    expect(tried).toEqual(['a']);
  });
});
