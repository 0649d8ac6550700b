import { describe, expect, it } from 'vitest';
import { PageMemory } from '../../src/mail/account/page-reads.ts';

const page = (...ids: string[]) => ({ items: ids.map((id) => ({ id })), next: null });

let notify: (payload: unknown) => void;
let tellGap: () => void;
const bus = {
  subscribe(_topic: string, fn: (payload: unknown) => void) {
    notify = fn;
    return () => {};
  },
  onGap(fn: () => void) {
    tellGap = fn;
    return () => {};
  },
};

describe('partly shown pages', () => {
  it('are kept for a minute, and no longer', () => {
    let now = 0;
    const memory = new PageMemory(() => now);
    memory.remember('one', 'k', page('a'));
    now = 59_999;
    expect(memory.recall('k')).toEqual(page('a'));
    now = 60_000;
    expect(memory.recall('k')).toBeNull();
  });

  it('are dropped when something in their account changes, and only then', () => {
    const memory = new PageMemory(() => 0);
    memory.remember('one', 'k1', page('a'));
    memory.remember('two', 'k2', page('b'));
    memory.forgetOnChange(bus);
    notify({ integrationId: 'one', altered: false });
    expect(memory.recall('k1')).toEqual(page('a'));
    notify({ integrationId: 'one', altered: true });
    expect([memory.recall('k1'), memory.recall('k2')]).toEqual([null, page('b')]);
  });

  it('are dropped when a change may have been missed', () => {
    const memory = new PageMemory(() => 0);
    memory.remember('one', 'k1', page('a'));
    memory.forgetOnChange(bus);
    tellGap();
    expect(memory.recall('k1')).toBeNull();
  });

  it('never hold more than 10,000 items, and drop the oldest first', () => {
    const memory = new PageMemory(() => 0);
    const hundred = page(...Array.from({ length: 100 }, (_, i) => `m${i}`));
    for (let i = 0; i < 101; i++) memory.remember('one', `k${i}`, hundred);
    expect(memory.recall('k0')).toBeNull();
    expect(memory.recall('k1')).not.toBeNull();
    expect(memory.recall('k100')).not.toBeNull();
  });
});
