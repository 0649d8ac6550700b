import { expect, it } from 'vitest';
import type { ChangesWake } from '../../src/changes/change.topic.ts';
import { ChangePages } from '../../src/realtime/change.pages.ts';
import type { FeedPosition } from '../../src/realtime/event.cursor.ts';
import { FeedStarts } from '../../src/realtime/feed.start.ts';

const at = (sequence: bigint) => ({ sequence, at: 1 });
const accounts = { ofAnyStatus: async () => ['a', 'b', 'later'].map((id) => ({ integration: { id } })) };
const applied = new Map<string, bigint>();
const store = {
  bounds: async (ids: ReadonlyMap<string, bigint>) =>
    new Map([...ids.keys()].map((id) => [id, { end: at(9n), oldest: 1n, at: 5, isSynchronised: id !== 'later' }])),
};
const announced: ChangesWake[] = [];
const announce = async (wake: ChangesWake) => void announced.push(wake);
const starts = new FeedStarts({ cache: { applied: () => applied }, handles: accounts, store, announce } as never);
const given: FeedPosition = {
  all: true,
  positions: new Map([
    ['a', at(3n)],
    ['b', at(4n)],
  ]),
};
const named = (...integrationIds: string[]) => ({ integrationIds, after: 'a cursor' });

it('a request that names accounts begins at their positions in a cursor for all, as one without a cursor begins', async () => {
  const { position, present } = await starts.beginning({} as never, named('a', 'later'), given);
  // An account that was connected later begins with its first entry.
  const later = { sequence: 0n, at: null };
  expect(position).toEqual({ all: false, positions: new Map(Object.entries({ a: at(3n), later })) });
  expect(present).toEqual({ all: false, positions: new Map(Object.entries({ a: at(9n), later: at(9n) })) });
  const without = await starts.beginning({} as never, named('a', 'later'), null);
  expect(without).toEqual({ position: present, present: null });
});

it('an account that a cursor for others does not have is unknown', async () => {
  const { position } = await starts.beginning({} as never, named('a', 'b'), {
    all: false,
    positions: new Map([['b', at(4n)]]),
  });
  expect(position).toEqual({ all: false, positions: new Map(Object.entries({ a: null, b: at(4n) })) });
});

it('the cursors of a page of named accounts have the positions of these alone', async () => {
  const entry = { integrationId: 'a', kind: 'deleted', subject: 'm', detail: null, at: new Date(1) } as const;
  const cursors = { open: () => given };
  const handles = { ...accounts, find: async () => ({}) };
  const bounds = async (ids: ReadonlyMap<string, bigint>) =>
    new Map([...ids.keys()].map((id) => [id, { end: at(9n), oldest: 1n, at: 1, isSynchronised: true }]));
  const pages = new ChangePages({
    starts: new FeedStarts({ handles, store, cursors } as never),
    store: { bounds, readAll: async () => [{ ...entry, sequence: 4n }] } as never,
  });
  const { entries, end } = await pages.page({} as never, named('a'), 10);
  expect(entries.map(({ reached }) => reached)).toEqual([{ all: false, positions: new Map([['a', at(4n)]]) }]);
  expect(end).toEqual(entries[0]?.reached);
  expect(
    (await pages.page({} as never, { integrationIds: null, after: 'a cursor' }, 10)).end.positions.get('b'),
  ).toEqual(at(4n));
});

it('an account that is not followed is not waited for', async () => {
  const request = { integrationIds: null, after: 'a cursor' };
  const { position, present } = await starts.beginning({} as never, request, given, async () => ['a']);
  expect(position).toBe(given);
  expect(present).toEqual({ all: true, positions: new Map([['a', at(9n)]]) });
});

it('the position of a reader of all lists is not beyond what the lists of this instance show', async () => {
  const present = async () => Object.fromEntries((await starts.present({} as never)).positions);
  // What the lists show of an account before its first synchronisation is in no log, whose reset will be after its end.
  const later = at(9n);
  expect(await present()).toEqual({ a: at(9n), b: at(9n), later });
  applied.set('a', 7n).set('b', 9n).set('later', 3n);
  expect(await present()).toEqual({ a: { sequence: 7n, at: 5 }, b: at(9n), later });
  // A log that was restored from a backup is shorter than what was applied.
  applied.set('b', 12n);
  expect(await present()).toMatchObject({ b: at(9n) });
});

it('an account without a position that was never synchronised begins at its oldest entry, and every other one at its first', async () => {
  const from = async (oldest: bigint | null, isSynchronised: boolean) => {
    const bounds = async () => new Map([['later', { end: at(9n), oldest, at: null, isSynchronised }]]);
    const pruned = new FeedStarts({ handles: accounts, store: { bounds } } as never);
    const all = await pruned.positions({} as never, { integrationIds: null, after: 'a cursor' }, given);
    const one = await pruned.positions({} as never, named('later'), given);
    return [all.positions.get('later'), one.positions.get('later')];
  };
  expect(await from(4n, false)).toEqual([3n, 3n].map((sequence) => ({ sequence, at: null })));
  expect(await from(null, false)).toEqual([at(9n), at(9n)]);
  expect(await from(4n, true)).toEqual([undefined, { sequence: 0n, at: null }]);
});

it('what a cursor covers is announced once, while an instance may not have been told of it', async () => {
  const ends = new Map([['a', { end: at(9n), oldest: 1n, at: null, isSynchronised: true, isRecent: true }]]);
  const bounds = async () => ends;
  const asked: bigint[] = [];
  let altered = true;
  const hasAltered = async (_: string, after: bigint) => {
    asked.push(after);
    return altered;
  };
  const cache = { applied: () => new Map() };
  const giving = new FeedStarts({ cache, handles: accounts, store: { bounds, hasAltered }, announce } as never);
  const given = async () => {
    await giving.present({} as never);
    return announced.splice(0);
  };
  expect([await given(), await given()]).toEqual([[{ integrationId: 'a', altered: true }], []]);
  altered = false;
  ends.set('a', { end: at(10n), oldest: 1n, at: null, isSynchronised: true, isRecent: true });
  expect([await given(), await given()]).toEqual([[{ integrationId: 'a', altered: false }], []]);
  // Only what was not announced yet counts.
  expect(asked).toEqual([0n, 9n]);
  ends.set('a', { end: at(11n), oldest: 1n, at: null, isSynchronised: true, isRecent: false });
  expect(await given()).toEqual([]);
});
