import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { following } from '../../src/platform/abort.ts';

/** Counts the listeners and dependent signals that AbortSignal.any keeps on a signal. */
const traces = (signal: AbortSignal): number => {
  const key = Object.getOwnPropertySymbols(signal).find(({ description }) => description === 'kDependantSignals');
  const followers = key && (signal as unknown as Record<symbol, Set<unknown> | undefined>)[key];
  return getEventListeners(signal, 'abort').length + (followers?.size ?? 0);
};

it('a signal that follows others aborts with the first of them and its reason, also when that one had aborted before', () => {
  for (const late of [false, true]) {
    const [one, other] = [new AbortController(), new AbortController()];
    const begin = () => following(one.signal, other.signal).signal;
    const early = late ? null : begin();
    other.abort('the second');
    one.abort('the first');
    expect((early ?? begin()).reason).toBe(late ? 'the first' : 'the second');
  }
});

it('a signal that follows a long-lived signal leaves no listener on it', () => {
  const { signal } = new AbortController();
  for (let run = 0; run < 100; run++) following(signal, new AbortController().signal).leave();
  expect(traces(signal)).toBe(0);
});
