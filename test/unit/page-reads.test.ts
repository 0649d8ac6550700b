import { describe, expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { PageReads, type SharedReadRequest } from '../../src/mail/account/page-reads.ts';
import type { Detail, Page } from '../../src/providers/contract/list.ts';

interface Item {
  readonly id: string;
}
const NEVER = new AbortController().signal;
const none = () => false;

/** A list of a hundred messages, the requests made of it, and a way to hold answers back. */
function aList() {
  const ids = Array.from({ length: 100 }, (_, i) => `m${i}`);
  const asked: { size: number; detail: Detail; read: string[]; signal: AbortSignal }[] = [];
  const list = { asked, ids, held: Promise.resolve() as Promise<unknown> };
  const reads = new PageReads();
  const read = async (wanted: Partial<SharedReadRequest> = {}, key = 'inbox'): Promise<string[]> => {
    const all: SharedReadRequest = { size: 10, detail: 'envelope', skip: none, signal: NEVER, ...wanted };
    const { page } = await reads.read<Item>(
      key,
      all,
      ({ id }) => id,
      async ({ size, detail, skip }, signal): Promise<Page<Item>> => {
        const open = list.ids.slice(0, size).filter((id) => !skip(id));
        asked.push({ size, detail, read: open, signal });
        await list.held;
        return { items: open.map((id) => ({ id })), next: size < ids.length ? `after ${size}` : null };
      },
    );
    return page.items.map((item) => (item as Item).id);
  };
  return Object.assign(list, { read, reads });
}

describe('a page that several fields of a request read', () => {
  it('is requested once, as long as the longest needs it', async () => {
    const list = aList();
    const pages = await Promise.all([5, 50, 20, 50].map((size) => list.read({ size })));
    expect(list.asked).toMatchObject([{ size: 50 }]);
    for (const page of pages) expect(page).toEqual(list.ids.slice(0, 50));
    expect(await list.read({ size: 50 })).toHaveLength(50);
    expect(list.asked).toHaveLength(1);
  });

  it('is requested separately for another list', async () => {
    const list = aList();
    await Promise.all([list.read({}, 'inbox'), list.read({}, 'sent')]);
    expect(list.asked).toHaveLength(2);
  });

  it('requests only the rest when a longer one comes later, whether the first one has ended or not', async () => {
    const list = aList();
    let answer = () => {};
    list.held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const first = list.read({ size: 5 });
    await expect.poll(() => list.asked.length).toBe(1);
    const longer = list.read({ size: 20 });
    answer();
    expect(await first).toEqual(list.ids.slice(0, 5));
    expect(await longer).toEqual(list.ids.slice(0, 20));
    expect(await list.read({ size: 30 })).toEqual(list.ids.slice(0, 30));
    expect(list.asked.flatMap(({ read }) => read)).toEqual(list.ids.slice(0, 30));
  });

  it('contains what is listed now, when mail arrived in between', async () => {
    const list = aList();
    await list.read({ size: 5 });
    list.ids.unshift('new1', 'new2', 'new3');
    const page = await list.read({ size: 6 });
    expect([...page].sort()).toEqual(list.ids.slice(0, 6).sort());
  });

  it('reports to every list what was skipped of its own', async () => {
    const list = aList();
    const skipping = () => {
      const met: string[] = [];
      const skip = (id: string) => (id === 'm1' || id === 'm3') && met.push(id) > 0;
      return { met, skip };
    };
    const lists = [skipping(), skipping()];
    for (const page of await Promise.all(lists.map(({ skip }) => list.read({ skip, size: 5 }))))
      expect(page).toEqual(['m0', 'm2', 'm4']);
    for (const { met } of lists) expect(new Set(met)).toEqual(new Set(['m1', 'm3']));
    expect(list.asked).toHaveLength(1);
  });

  it('includes content when most need it, and leaves it out when few of many do', async () => {
    const most = aList();
    await Promise.all([most.read({ size: 10 }), most.read({ size: 10, detail: 'full' })]);
    await most.read({ size: 3 });
    expect(most.asked).toMatchObject([{ size: 10, detail: 'full' }]);
    const few = aList();
    await Promise.all([few.read({ size: 50 }), few.read({ size: 5, detail: 'full' })]);
    expect(few.asked).toMatchObject([{ size: 50, detail: 'envelope' }]);
    await few.read({ size: 50, detail: 'full' });
    expect(few.asked[1]).toMatchObject({ size: 50, detail: 'full' });
    expect(few.asked[1]?.read).toHaveLength(50);
  });

  it('fails once for all of them', async () => {
    const list = aList();
    const down = new MailError('PROVIDER_UNAVAILABLE', 'down');
    list.held = Promise.reject(down);
    list.held.catch(() => {});
    const outcomes = await Promise.allSettled([list.read(), list.read({ size: 3 }), list.read({ size: 10 })]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: down });
    for (const size of [10, 4, 40]) await expect(list.read({ size })).rejects.toBe(down);
    expect(list.asked).toHaveLength(1);
  });

  it('continues for the others when one stops waiting, and ends with the last', async () => {
    const list = aList();
    list.held = new Promise(() => {});
    const [one, other] = [new AbortController(), new AbortController()];
    const outcomes = Promise.allSettled([list.read({ signal: one.signal }), list.read({ signal: other.signal })]);
    await expect.poll(() => list.asked.length).toBe(1);
    one.abort('one has gone');
    expect(list.asked[0]?.signal.aborted).toBe(false);
    other.abort('the other as well');
    expect(await outcomes).toMatchObject([{ reason: 'one has gone' }, { reason: 'the other as well' }]);
    expect(list.asked[0]?.signal.aborted).toBe(true);
    // The aborted read does not affect the next caller, which gets a read of its own.
    list.held = Promise.resolve();
    expect(await list.read()).toHaveLength(10);
  });

  it('requests nothing for lists that were aborted before it began', async () => {
    const list = aList();
    const aborted = new AbortController();
    const reading = list.read({ signal: aborted.signal });
    aborted.abort('gone');
    await expect(reading).rejects.toBe('gone');
    expect(await list.read()).toHaveLength(10);
    expect(list.asked).toHaveLength(1);
  });

  it('is read again after a change', async () => {
    const list = aList();
    await list.read();
    list.reads.clear();
    await list.read();
    expect(list.asked).toHaveLength(2);
  });
});
