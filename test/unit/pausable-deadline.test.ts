import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PausableDeadline } from '../../src/mail/list/pausable-deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const expired = new Error('too slow');
const aDeadline = (parent = new AbortController().signal, ms = 1_000) =>
  new PausableDeadline(parent, ms, () => expired, Date.now);

/** Work that ends when the test ends it. */
function work() {
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { run: () => done, finish };
}

it('adds up the reads of its source', async () => {
  const deadline = aDeadline();
  for (const ms of [400, 500]) {
    const { run, finish } = work();
    const reading = deadline.run(run);
    await vi.advanceTimersByTimeAsync(ms);
    finish();
    await reading;
  }
  expect(deadline.signal.aborted).toBe(false);
  void deadline.run(work().run);
  await vi.advanceTimersByTimeAsync(99);
  expect(deadline.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(deadline.signal.reason).toBe(expired);
});

it('is paused while nothing of its source is read, however long that takes', async () => {
  const deadline = aDeadline();
  await deadline.run(async () => 'a page');
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(deadline.signal.aborted).toBe(false);
  const { run, finish } = work();
  const reading = deadline.run(run);
  await vi.advanceTimersByTimeAsync(999);
  finish();
  await reading;
  expect(deadline.signal.aborted).toBe(false);
});

it('counts simultaneous reads once, and pauses when the last one ends', async () => {
  const deadline = aDeadline();
  const [long, short] = [work(), work()];
  const both = [deadline.run(long.run), deadline.run(short.run)];
  await vi.advanceTimersByTimeAsync(600);
  short.finish();
  await both[1];
  await vi.advanceTimersByTimeAsync(399);
  long.finish();
  await Promise.all(both);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(deadline.signal.aborted).toBe(false);
});

it('pauses after a read that fails, and passes the failure on', async () => {
  const deadline = aDeadline();
  const failure = new Error('down');
  await expect(deadline.run(() => Promise.reject(failure))).rejects.toBe(failure);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(deadline.signal.aborted).toBe(false);
});

it('ends with its client, and removes its listener when it is closed', () => {
  const client = new AbortController();
  const [open, closed] = [aDeadline(client.signal), aDeadline(client.signal)];
  closed.close();
  const reason = closed.signal.reason;
  client.abort('gone');
  expect(open.signal.reason).toBe('gone');
  expect(closed.signal.reason).toBe(reason);
  expect(aDeadline(client.signal).signal.reason).toBe('gone');
  expect(vi.getTimerCount()).toBe(0);
});

it('aborts on close only what is still being read, and what begins after it', async () => {
  const idle = aDeadline();
  await idle.run(async () => 'a page');
  idle.close();
  expect(idle.signal.aborted).toBe(false);
  void idle.run(work().run);
  expect(idle.signal.aborted).toBe(true);
  const reading = aDeadline();
  void reading.run(work().run);
  reading.close();
  expect(reading.signal.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
