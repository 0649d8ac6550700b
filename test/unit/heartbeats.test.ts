import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Heartbeats } from '../../src/server/socket/heartbeats.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const INTERVAL_MS = 15_000;

it('each connection beats once in each interval, whenever it was added', () => {
  const heartbeats = new Heartbeats(INTERVAL_MS);
  const all = Array.from({ length: 100 }, () => ({ beat: vi.fn() }));
  for (const one of all) {
    heartbeats.add(one);
    vi.advanceTimersByTime(370);
    expect(one.beat).not.toHaveBeenCalled();
  }
  vi.advanceTimersByTime(INTERVAL_MS);
  for (const one of all) one.beat.mockClear();
  vi.advanceTimersByTime(4 * INTERVAL_MS);
  expect(new Set(all.map(({ beat }) => beat.mock.calls.length))).toEqual(new Set([4]));
});

it('one that is deleted beats no more, and without any there is no timer', () => {
  const heartbeats = new Heartbeats(INTERVAL_MS);
  const [one, other] = [{ beat: vi.fn() }, { beat: vi.fn() }];
  heartbeats.add(one);
  heartbeats.add(other);
  heartbeats.delete(one);
  heartbeats.delete(one);
  vi.advanceTimersByTime(2 * INTERVAL_MS);
  expect([one.beat, other.beat].map(({ mock }) => mock.calls.length)).toEqual([0, 2]);
  heartbeats.delete(other);
  expect(vi.getTimerCount()).toBe(0);
});
