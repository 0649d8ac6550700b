import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LaneOptions, Lanes } from '../../src/platform/queue/lanes.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const options: LaneOptions = { slots: 2, slowSlots: 1, slowAfterMs: 1_000, perOwner: 1 };

/** Work that the test ends. `begun` lists what has begun, in order. */
class Bench {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();
  constructor(readonly lanes: Lanes) {}

  enter(lane: string, owner: string, given: { isLikelyToFail?: boolean; signal?: AbortSignal } = {}): Promise<void> {
    const work = () =>
      new Promise<void>((resolve) => {
        this.begun.push(owner);
        this.ends.set(owner, resolve);
      });
    return this.lanes.run(lane, owner, work, given);
  }

  async end(owner: string): Promise<void> {
    this.ends.get(owner)?.();
    await settled();
  }
}

describe('lanes', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('one vendor that uses all of its slots delays no other', async () => {
    const bench = new Bench(new Lanes({ ...options, slowSlots: 0 }));
    for (const owner of ['a', 'b', 'c', 'd']) void bench.enter('google', owner);
    void bench.enter('microsoft', 'm');
    await settled();
    expect(bench.begun).toEqual(['a', 'b', 'm']);
    await bench.end('b');
    expect(bench.begun).toEqual(['a', 'b', 'm', 'c']);
  });

  it('an owner has no more than its share, and those behind it go first', async () => {
    const bench = new Bench(new Lanes(options));
    void bench.enter('google', 'a');
    void bench.enter('google', 'a');
    void bench.enter('google', 'b');
    await settled();
    expect(bench.begun).toEqual(['a', 'b']);
    await bench.end('a');
    expect(bench.begun).toEqual(['a', 'b', 'a']);
  });

  it('slow work gives its slot to others, while there is room for slow work', async () => {
    const bench = new Bench(new Lanes(options));
    for (const owner of ['a', 'b', 'c', 'd']) void bench.enter('google', owner);
    await settled();
    expect(bench.begun).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bench.begun).toEqual(['a', 'b', 'c']);
    await bench.end('a');
    expect(bench.begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('doubtful ones have at most half of the slots, and one while others wait', async () => {
    const bench = new Bench(new Lanes({ ...options, slots: 4, slowSlots: 0 }));
    for (const owner of ['x', 'y', 'z']) void bench.enter('google', owner, { isLikelyToFail: true });
    await settled();
    expect(bench.begun).toEqual(['x', 'y']);
    for (const owner of ['a', 'b']) void bench.enter('google', owner);
    await settled();
    expect(bench.begun).toEqual(['x', 'y', 'a', 'b']);
    void bench.enter('google', 'c');
    await bench.end('x');
    expect(bench.begun).toEqual(['x', 'y', 'a', 'b', 'c']);
  });

  it('a slot is given back during a pause, and taken again', async () => {
    const lanes = new Lanes({ ...options, slots: 1, slowSlots: 0 });
    const order: string[] = [];
    let wake = () => {};
    const pausing = lanes.run('google', 'a', async (slot) => {
      order.push('a pauses');
      await slot.without(() => new Promise<void>((resolve) => (wake = resolve)));
      order.push('a goes on');
    });
    await settled();
    await lanes.run('google', 'b', async () => void order.push('b'));
    wake();
    await pausing;
    expect(order).toEqual(['a pauses', 'b', 'a goes on']);
    await lanes.run('google', 'c', async () => void order.push('c'));
    expect(order.at(-1)).toBe('c');
  });

  it('an aborted waiter takes no slot', async () => {
    const bench = new Bench(new Lanes({ ...options, slots: 1 }));
    void bench.enter('google', 'a');
    const leaving = new AbortController();
    const left = bench.enter('google', 'b', { signal: leaving.signal });
    void bench.enter('google', 'c');
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    await bench.end('a');
    expect(bench.begun).toEqual(['a', 'c']);
    expect(bench.lanes.waiting('google')).toBe(0);
  });
});
