import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { SharedReads } from '../../src/providers/contract/shared-reads.ts';

const reader = (answer: (key: string) => unknown = (key) => key.toUpperCase()) => {
  const asked: string[][] = [];
  const read = async (keys: readonly string[]) => {
    asked.push([...keys]);
    await null;
    return keys.map(answer);
  };
  return { asked, read };
};

it('reads what several callers share once, and returns each its own order', async () => {
  const shared = new SharedReads();
  const { asked, read } = reader();
  const together = await Promise.all([
    shared.each('thread', ['a', 'b'], read),
    shared.each('thread', ['c', 'b', 'a'], read),
    shared.each('thread', ['b'], read),
  ]);
  expect(together).toEqual([['A', 'B'], ['C', 'B', 'A'], ['B']]);
  expect(asked).toEqual([['a', 'b'], ['c']]);
  expect(await shared.each('head', ['a'], read)).toEqual(['A']);
  expect(asked).toHaveLength(3);
});

it('reads again for the others what failed for one of them', async () => {
  const shared = new SharedReads();
  const { asked, read } = reader();
  const failing = async () => {
    throw new MailError('TIMEOUT', 'too slow');
  };
  const both = await Promise.allSettled([shared.each('thread', ['a'], failing), shared.each('thread', ['a'], read)]);
  expect(both).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: ['A'] }]);
  expect(asked).toEqual([['a']]);
});

it('caches no error that is returned for one item', async () => {
  const shared = new SharedReads();
  const error = new MailError('RATE_LIMITED', 'later');
  expect(await shared.each('thread', ['a', 'b'], reader((key) => (key === 'a' ? error : key)).read)).toEqual([
    error,
    'b',
  ]);
  const { asked, read } = reader();
  expect(await shared.each('thread', ['a', 'b'], read)).toEqual(['A', 'b']);
  expect(asked).toEqual([['a']]);
});
