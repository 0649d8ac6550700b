import { afterEach, describe, expect, it, vi } from 'vitest';
import { openRedisBus, type RedisBusOptions } from '../../src/platform/bus/bus.redis.ts';
import type { Bus } from '../../src/platform/bus/bus.ts';
import { createLog } from '../../src/platform/log.ts';
import { channel, TEST_REDIS_URLS } from '../support/app/bus.ts';
import { silent } from '../support/app/database.ts';
import { Relay } from '../support/app/relay.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(options: Omit<RedisBusOptions, 'log'> & Partial<RedisBusOptions>): Promise<Bus> {
  const bus = await openRedisBus({ log: silent, ...options });
  closers.push(() => bus.close());
  return bus;
}

async function relayTo(url: string): Promise<Relay> {
  const relay = await Relay.open(url);
  closers.push(() => relay.cut());
  return relay;
}

it('a Redis that does not answer at the start is reported in one clear line without the password', async () => {
  const opening = open({ url: 'redis://me:hunter2@127.0.0.1:1', channel: channel() });
  const error: Error = await opening.then(
    () => new Error('opened'),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/^REDIS_URL: the Redis at 127\.0\.0\.1:1 cannot be used \(.*ECONNREFUSED.*\)\.$/);
  expect(`${error.message} ${error.stack}`).not.toContain('hunter2');
});

describe.each(TEST_REDIS_URLS)('over Redis', (url) => {
  it('a wrong password is reported as such, and is not repeated', async () => {
    const wrong = Object.assign(new URL(url), { username: 'nobody', password: 'hunter2' });
    const error = await open({ url: wrong.href, channel: channel() }).then(String, String);
    expect(error).toMatch(/^BusError: REDIS_URL: .*WRONGPASS/);
    expect(error).not.toContain('hunter2');
  });

  it('keeps the messages of two Posterns apart', async () => {
    const [a, b] = [await open({ url, channel: channel() }), await open({ url, channel: channel() })];
    const received: unknown[] = [];
    for (const bus of [a, b]) bus.subscribe('t', (payload) => void received.push(payload));
    await a.publish('t', 'of a');
    await expect.poll(() => received).toEqual(['of a']);
    await b.publish('t', 'of b');
    await expect.poll(() => received).toEqual(['of a', 'of b']);
  });

  it('publishes without an error while Redis is unavailable, and reports a gap to every instance when it is back', async () => {
    const name = channel();
    const relay = await relayTo(url);
    const lines: string[] = [];
    const log = createLog('trace', { write: (line: string) => void lines.push(JSON.parse(line).msg) });
    const [cut, other] = [await open({ url: relay.url, channel: name, log }), await open({ url, channel: name })];
    const [gapHere, gapThere, heardHere, heardThere] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    cut.onGap(gapHere);
    other.onGap(gapThere);
    cut.subscribe('t', heardHere);
    other.subscribe('t', heardThere);

    relay.cut();
    await cut.publish('t', 'while it is away');
    await cut.publish('t', 'and again');
    expect(heardHere.mock.calls).toEqual([['while it is away'], ['and again']]);
    await expect.poll(() => lines).toEqual(['the connection to Redis was lost']);
    expect(gapThere).not.toHaveBeenCalled();

    await relay.restore();
    await expect.poll(() => gapHere).toHaveBeenCalled();
    await expect.poll(() => gapThere).toHaveBeenCalledTimes(1);
    await other.publish('t', 'back');
    await expect.poll(() => heardHere).toHaveBeenLastCalledWith('back');
    expect(heardThere.mock.calls).toEqual([['back']]);
    expect(lines).toEqual(['the connection to Redis was lost', 'the connection to Redis is back']);
  });

  it('notices a connection that accepts everything and answers nothing', async () => {
    const name = channel();
    const relay = await relayTo(url);
    const [frozen, other] = [
      await open({ url: relay.url, channel: name, heartbeatMs: 500 }),
      await open({ url, channel: name }),
    ];
    const [gap, otherGap, received] = [vi.fn(), vi.fn(), vi.fn()];
    frozen.onGap(gap);
    other.onGap(otherGap);
    frozen.subscribe('t', received);
    relay.freeze();
    // Repeated writes keep the socket's own idle timeout from noticing the frozen connection.
    const published = async () => {
      await frozen.publish('t', 'into nothing');
      return gap.mock.calls.length;
    };
    await expect.poll(published).toBeGreaterThan(0);
    await expect.poll(() => otherGap).toHaveBeenCalled();
    await other.publish('t', 'back');
    await expect.poll(() => received).toHaveBeenLastCalledWith('back');
  });
});
