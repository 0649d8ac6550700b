import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { CHANGES_TOPIC } from '../../src/changes/change.topic.ts';
import { Hub } from '../../src/changes/hub.ts';
import type { LogPosition } from '../../src/changes/log-position.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { streamEvents } from '../../src/realtime/event.stream.ts';
import { type FeedEntry, FeedLogs } from '../../src/realtime/feed.logs.ts';
import { openTestDatabase } from '../support/app/database.ts';

let db: Database;
let store: ChangeStore;
/** The queries of hubs and followers that have not been answered yet. */
let underWay = 0;
let id: string;
let wake = (_payload: unknown): void => {};
const userId = randomUUID();
beforeAll(async () => {
  db = await openTestDatabase();
  store = counted(new ChangeStore(db));
  await db.prisma.user.create({ data: { id: userId, email: 'a@people.example', passwordHash: '' } });
});
beforeEach(async () => {
  id = randomUUID();
  const account = { id, userId, provider: 'GMAIL', address: id, addressKey: id, status: 'CONNECTED', access: 'FULL' };
  await db.prisma.integration.create({ data: account });
});
afterAll(() => db.close());

/** A store that counts the queries under way. */
function counted(changes: ChangeStore): ChangeStore {
  return new Proxy(changes, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]) => {
        underWay++;
        try {
          return await Reflect.apply(member, target, given);
        } finally {
          underWay--;
        }
      };
    },
  });
}

/** Appends an entry for each message, and announces them. */
async function append(...messages: string[]): Promise<void> {
  await store.append(id, async () => messages.map((subject) => ({ kind: 'created', subject })));
  wake({ integrationId: id });
}

/**
 * What a restored backup, or a replica that was behind, does to the log of a gateway that is running. A follower that has seen an
 * entry reads once more for the next one, and that read must not find the log before it grows again.
 */
async function goBackTo(sequence: bigint): Promise<void> {
  await expect.poll(() => underWay).toBe(0);
  await db.prisma.integration.update({ where: { id }, data: { sequence } });
  await db.prisma.change.deleteMany({ where: { integrationId: id, sequence: { gt: sequence } } });
}

/** A hub that never looks by itself, because a look between two statements of a test would find the log half replaced. */
function openHub(): Hub {
  const bus = {
    subscribe: (topic: string, fn: (payload: unknown) => void) => {
      if (topic === CHANGES_TOPIC) wake = fn;
      return () => {};
    },
    onGap: () => () => {},
  };
  return new Hub(store, bus, 3_600_000);
}

/** Follows the account from a position; absent: from the end of the log. */
function follow(hub: Hub, after?: LogPosition) {
  const seen: string[] = [];
  const positions: LogPosition[] = [];
  const end = new AbortController();
  const stream = streamEvents<FeedEntry, LogPosition | null, FeedEntry>({
    logs: new FeedLogs({ hub, store }, new Set()),
    keys: async () => [id],
    positions: new Map(after && [[id, after]]),
    positionOf: ({ position }) => position,
    show: async (entry) => entry,
    signal: end.signal,
  });
  const reading = (async () => {
    for await (const { value } of stream) {
      seen.push(value.change.subject);
      positions.push(value.position);
    }
  })();
  return {
    seen,
    positions,
    async end() {
      end.abort();
      await reading;
    },
  };
}
const positionAt = async (sequence: bigint): Promise<LogPosition> => {
  const at = (await store.bounds(new Map([[id, sequence]]))).get(id)?.at ?? null;
  return { sequence, at };
};

it.each([1, 3, 6])(
  'a log that goes back by 3 and grows by %i again is one reset, also for who follows it',
  async (n) => {
    const hub = openHub();
    await append('m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7');
    const cursor = await positionAt(7n);
    const live = follow(hub, await positionAt(4n));
    const behind = follow(hub, await positionAt(1n));
    await expect.poll(() => behind.seen.length).toBe(6);
    await expect.poll(() => live.seen).toEqual(['m5', 'm6', 'm7']);
    await goBackTo(4n);
    const messages = Array.from({ length: n }, (_, i) => `new ${i}`);
    await append(...messages);
    const late = follow(hub, cursor);
    await expect.poll(() => [live.seen.slice(3), late.seen]).toEqual([['LOG_REPLACED'], ['LOG_REPLACED']]);
    await append('last');
    await expect.poll(() => live.seen.at(-1)).toBe('last');
    await expect.poll(() => late.seen).toEqual(['LOG_REPLACED', 'last']);
    expect(live.seen.slice(3)).toEqual(['LOG_REPLACED', 'last']);
    for (const follower of [live, behind, late]) await follower.end();
  },
);

it('a subscription from now on is not sent what the log had before it went back', async () => {
  const hub = openHub();
  await append('m1', 'm2', 'm3');
  const live = follow(hub, await positionAt(0n));
  await expect.poll(() => live.seen.length).toBe(3);
  await goBackTo(1n);
  const late = follow(hub, await positionAt(1n));
  await append('new');
  await expect.poll(() => late.seen).toEqual(['new']);
  await expect.poll(() => live.seen[3]).toBe('LOG_REPLACED');
  await live.end();
  await late.end();
  // The new follower makes the hub read the log's end again, and that read may come before the append or after it.
  expect([[], ['new']]).toContainEqual(live.seen.slice(4));
});

it('entries that are missing within a log are a reset in their place, and its position stays valid once they are filled', async () => {
  const hub = openHub();
  await append('m1', 'm2', 'm3', 'm4', 'm5', 'm6');
  const hole = await db.prisma.change.findMany({ where: { integrationId: id, sequence: { in: [3n, 4n] } } });
  await db.prisma.change.deleteMany({ where: { integrationId: id, sequence: { in: [3n, 4n] } } });
  const follower = follow(hub, await positionAt(0n));
  await expect.poll(() => follower.seen).toEqual(['m1', 'm2', 'LOG_INCOMPLETE', 'm5', 'm6']);
  const reset = follower.positions[2];
  await follower.end();
  const next = await db.prisma.change.findFirstOrThrow({ where: { integrationId: id, sequence: 5n } });
  await db.prisma.change.createMany({
    data: hole.map(({ sequence, kind, subject }) => ({ integrationId: id, sequence, kind, subject, at: next.at })),
  });
  const again = follow(hub, reset);
  await expect.poll(() => again.seen).toEqual(['m5', 'm6']);
  await again.end();
});
