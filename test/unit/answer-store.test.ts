import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AnswerStore } from '../../src/server/answers/answer-store.ts';
import { TestRead } from '../support/fakes/dated-read.ts';

let store: AnswerStore;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  store = new AnswerStore(1_000_000);
});
afterEach(() => {
  store.close();
  vi.useRealTimers();
});
const MINUTE_MS = 60_000;
const keep = (owner: string, key: string) => {
  const read = new TestRead(owner);
  store.set(owner, key, '{}', { reads: [read], until: Number.POSITIVE_INFINITY });
  return read;
};

it('frees within a minute what cannot be given again', () => {
  const read = keep('ada', 'changes');
  keep('ada', 'stays');
  const both = store.bytes;
  read.change();
  vi.advanceTimersByTime(MINUTE_MS);
  expect(store.bytes).toBe(both / 2);
  expect([store.get('ada', 'changes'), store.get('ada', 'stays')]).toEqual([null, expect.anything()]);
});

it('frees what nobody has asked for in a quarter of an hour', () => {
  keep('ada', 'asked');
  keep('bob', 'forgotten');
  for (let minutes = 0; minutes < 16; minutes++) {
    vi.advanceTimersByTime(MINUTE_MS);
    expect(store.get('ada', 'asked')).not.toBeNull();
  }
  expect(store.get('bob', 'forgotten')).toBeNull();
});

it('forgets the answers of one user at once', () => {
  keep('ada', 'one');
  keep('bob', 'one');
  store.forget('ada');
  expect([store.get('ada', 'one'), store.get('bob', 'one')]).toEqual([null, expect.anything()]);
  store.forget('bob');
  expect(store.bytes).toBe(0);
});

it('does not count the sweep as a use of what it keeps', () => {
  const read = keep('ada', 'one');
  let asked = 0;
  const observed = Object.defineProperty(new TestRead('bob'), 'state', {
    get() {
      asked++;
      return read.state;
    },
  });
  Object.defineProperty(observed, 'hasChanged', { value: false });
  store.set('bob', 'one', '{}', { reads: [observed], until: Number.POSITIVE_INFINITY });
  vi.advanceTimersByTime(2 * MINUTE_MS);
  expect(asked).toBe(0);
});

it('counts all the memory that the bytes of a short answer occupy', () => {
  const { body } = store.set('ada', 'short', '{"data":{"name":"Zoë"}}', { reads: [], until: Number.POSITIVE_INFINITY });
  expect(body.toString()).toBe('{"data":{"name":"Zoë"}}');
  expect(body.buffer.byteLength).toBe(body.length);
});
