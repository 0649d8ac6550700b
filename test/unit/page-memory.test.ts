import { describe, expect, it } from 'vitest';
import { ReadNotes } from '../../src/domain/dated-read.ts';
import { PageMemory, pageBytes } from '../../src/mail/account/page-memory.ts';
import { TestRead } from '../support/fakes/dated-read.ts';

const page = (...ids: string[]) => ({ items: ids.map((id) => ({ id })), next: null });

let notify: (payload: unknown) => void;
let tellGap: () => void;
let connectionChanged: (integrationId: string | null) => void;
const bus = {
  isConnected: true,
  subscribe(_topic: string, fn: (payload: unknown) => void) {
    notify = fn;
    return () => {};
  },
  onGap(fn: () => void) {
    tellGap = fn;
    return () => {};
  },
};

const directory = {
  onChanged(fn: (integrationId: string | null, userId: string | null) => void) {
    connectionChanged = (integrationId) => fn(integrationId, null);
    return () => {};
  },
};

describe('partly shown pages', () => {
  it('are kept for a minute, and no longer', () => {
    let now = 0;
    const memory = new PageMemory({ now: () => now });
    memory.remember('one', 'k', page('a'), 100);
    now = 59_999;
    expect(memory.recall('k')).toEqual(page('a'));
    now = 60_000;
    expect(memory.recall('k')).toBeNull();
  });

  it('are dropped when something in their account changes, and only then', () => {
    const memory = new PageMemory({ now: () => 0 });
    memory.remember('one', 'k1', page('a'), 100);
    memory.remember('two', 'k2', page('b'), 100);
    memory.forgetOnChange(bus, directory, null);
    notify({ integrationId: 'one', altered: false });
    expect(memory.recall('k1')).toEqual(page('a'));
    notify({ integrationId: 'one', altered: true });
    expect([memory.recall('k1'), memory.recall('k2')]).toEqual([null, page('b')]);
  });

  it('are dropped when their account is found to have a change that nothing has announced', () => {
    const memory = new PageMemory({ now: () => 0 });
    memory.remember('one', 'k1', page('a'), 100);
    memory.remember('two', 'k2', page('b'), 100);
    let found = (_integrationId: string): void => {};
    const onUnannounced = (fn: typeof found) => {
      found = fn;
      return () => {};
    };
    memory.forgetOnChange(bus, directory, { onUnannounced });
    found('one');
    expect([memory.recall('k1'), memory.recall('k2')]).toEqual([null, page('b')]);
  });

  it('are dropped when a change may have been missed', () => {
    const memory = new PageMemory({ now: () => 0 });
    memory.remember('one', 'k1', page('a'), 100);
    memory.forgetOnChange(bus, directory, null);
    tellGap();
    expect(memory.recall('k1')).toBeNull();
  });

  it('are not remembered where their account has changed since their read began', () => {
    let now = 0;
    const memory = new PageMemory({ now: () => now });
    memory.forgetOnChange(bus, directory, null);
    const isKept = (of: string, readAt: number) => {
      memory.remember(of, 'k', { ...page('a'), readAt }, 100);
      return memory.recall('k') !== null;
    };
    now = 10;
    notify({ integrationId: 'one', altered: true });
    now = 20;
    expect([isKept('one', 9), isKept('one', 11), isKept('two', 9)]).toEqual([false, true, true]);
    tellGap();
    now = 30;
    expect([isKept('one', 19), isKept('two', 19), isKept('two', 21)]).toEqual([false, false, true]);
  });

  it('are not remembered where what they show is known to have changed', () => {
    const memory = new PageMemory();
    const [notes, read] = [new ReadNotes(), new TestRead('one')];
    notes.note(read);
    read.change();
    memory.remember('one', 'k', { ...page('a'), notes }, 100);
    expect(memory.recall('k')).toBeNull();
  });

  it('are judged by the latest of all changes where it is not known when their account changed', () => {
    let now = 0;
    const memory = new PageMemory({ now: () => now });
    for (let account = 0; account <= 10_000; account++) {
      now++;
      memory.forget(`${account}`);
    }
    memory.remember('0', 'k1', { ...page('a'), readAt: 1 }, 100);
    memory.remember('another', 'k2', { ...page('a'), readAt: 2 }, 100);
    expect([memory.recall('k1'), memory.recall('k2') !== null]).toEqual([null, true]);
  });

  it('are dropped when their account is disconnected or connected again, and are not shown while the bus is gone', () => {
    const memory = new PageMemory({ now: () => 0 });
    memory.forgetOnChange(bus, directory, null);
    const left = () => ['k1', 'k2'].filter((key) => memory.recall(key) !== null);
    memory.remember('one', 'k1', page('a'), 100);
    memory.remember('two', 'k2', page('b'), 100);
    bus.isConnected = false;
    expect(left()).toEqual([]);
    bus.isConnected = true;
    expect(left()).toEqual(['k1', 'k2']);
    connectionChanged('one');
    expect(left()).toEqual(['k2']);
    connectionChanged(null);
    expect(left()).toEqual([]);
  });

  it('count with their query, so that no number of empty pages is free', () => {
    const memory = new PageMemory({ maxBytes: 100_000 });
    const keys = Array.from({ length: 1_000 }, (_, index) => `${index} ${'a long query '.repeat(100)}`);
    for (const key of keys) memory.remember('one', key, page(), 0);
    const left = keys.filter((key) => memory.recall(key) !== null);
    expect(left.length).toBeGreaterThan(10);
    expect(left.length).toBeLessThan(50);
    expect(left).toEqual(keys.slice(-left.length));
  });

  it('never occupy more than their bytes, and drop the oldest first', () => {
    const memory = new PageMemory({ maxBytes: 1_500 });
    const left = () => ['k0', 'k1', 'k2', 'large'].filter((key) => memory.recall(key) !== null);
    for (let i = 0; i < 3; i++) memory.remember('one', `k${i}`, page('a'), 400);
    expect(left()).toEqual(['k1', 'k2']);
    memory.remember('one', 'k1', page('a'), 400);
    memory.remember('two', 'k0', page('b'), 400);
    expect(left()).toEqual(['k0', 'k1']);
    memory.remember('one', 'large', page('a'), 1_501);
    expect(left()).toEqual([]);
  });

  it('have a share of what all that is cached may occupy, and as much where little or nothing is as paging needs', () => {
    const megabytes = (cache: number) => pageBytes(cache * 1024 * 1024) / 1024 / 1024;
    expect([256, 64, 16, 4, 1, 0].map(megabytes)).toEqual([16, 4, 4, 2, 0.5, 4]);
  });
});
