import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Cursor } from '../../src/graphql/scalars.ts';
import {
  itemMarkOf,
  ListCursors,
  type ListPosition,
  MAX_MARKS,
  packUnion,
  START,
} from '../../src/mail/list/list-position.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import {
  MAX_SETTLED,
  sealThreadPosition,
  markOf as shortMarkOf,
} from '../../src/providers/shared/threads/thread-cursor.ts';

const cursors = new ListCursors(new Sealer([{ version: 1, bytes: randomBytes(32) }]));
const list = { userId: 'ada', query: ['threads'] };
const marks = (count: number, mark: (id: string) => string) => Array.from({ length: count }, (_, n) => mark(`id ${n}`));

/**
 * A position deep in a list of threads: with every mark that is kept, and positions in the lists of messages as long as
 * Outlook's.
 */
const native = sealThreadPosition(
  {
    order: 'd'.repeat(1_500),
    found: 's'.repeat(1_500),
    last: marks(3, shortMarkOf),
    met: marks(3, shortMarkOf),
    settled: marks(MAX_SETTLED, shortMarkOf),
    isPartial: true,
    at: 1_790_000_000_000,
    start: 1_790_000_000_000,
  },
  'a print',
);
const one: ListPosition = {
  ...START,
  after: native,
  seen: new Set(marks(100, itemMarkOf)),
  last: 5,
  lastSecond: ['abcdefgh'],
};
const union = (lists: number): ListPosition => ({
  ...START,
  after: packUnion(
    'a print',
    Array.from({ length: lists }, () => one),
  ),
  seen: new Set(marks(MAX_MARKS, itemMarkOf)),
  last: 5,
});

it.each([
  ['of one account', 1, one],
  ['of fifty accounts', 50, one],
  ['of a search of twelve native lists', 1, union(12)],
  ['of a search of twelve native lists over five accounts', 5, union(12)],
])('accepts the cursor %s from deep in a list of threads', (_, accounts, position) => {
  const positions = new Map(Array.from({ length: accounts }, (__, n) => [`account ${n}`, position]));
  const cursor = Cursor.parseValue(cursors.seal(list, positions));
  expect(cursors.open(list, cursor)).toEqual(positions);
});
