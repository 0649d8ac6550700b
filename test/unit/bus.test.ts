import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEST_BUSES, type TestBus } from '../support/app/bus.ts';

describe.each(TEST_BUSES)('the bus over %s', (_, open) => {
  let bus: TestBus;
  beforeAll(async () => {
    bus = await open();
  });
  afterAll(() => bus.close());

  it('delivers a topic to its listeners on every instance, and ignores messages that are not its own', async () => {
    const { a, b } = bus;
    const received: unknown[] = [];
    const failing = a.subscribe('t', () => {
      throw new Error('this listener fails');
    });
    const stops = [a, b].map((end) => end.subscribe('t', (payload) => void received.push(payload)));
    await bus.send('not json');
    await bus.send('{"t":1}');
    await a.publish('other', 1);
    await a.publish('t', { id: 'x', text: "it's ünïcode" });
    const payloadSent = { id: 'x', text: "it's ünïcode" };
    await expect.poll(() => received).toEqual([payloadSent, payloadSent]);
    for (const stop of [failing, ...stops]) stop();
    const others: unknown[] = [];
    const stopOther = a.subscribe('other', (payload) => void others.push(payload));
    await b.publish('t', 2);
    await b.publish('other', 3);
    await expect.poll(() => others).toEqual([3]);
    stopOther();
    expect(received).toHaveLength(2);
  });

  it('refuses a payload that is too large', async () => {
    await expect(bus.a.publish('t', 'x'.repeat(10_000))).rejects.toThrow(/too long/);
  });
});
