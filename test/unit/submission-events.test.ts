import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createContext } from '../../src/graphql/request-context.ts';
import type { MailOf } from '../../src/mail/api/mail-of.ts';
import type { SubmissionRecord } from '../../src/mail/submission/submission.ts';
import { storeUnavailable } from '../../src/platform/database/store/store.error.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import { SubmissionCursors } from '../../src/realtime/event.cursor.ts';
import { SubmissionEvents } from '../../src/realtime/submission.events.ts';
import { silent } from '../support/app/database.ts';

/** One user's submissions and a bus, in memory. */
class Lab {
  readonly rows = new Map<string, SubmissionRecord>();
  readonly userId = randomUUID();
  readonly cursors = new SubmissionCursors(new Sealer([{ version: 1, bytes: randomBytes(32) }]));
  reads = 0;
  onRead = () => {};
  private readonly listeners = new Set<() => void>();
  private readonly ends: (() => Promise<void>)[] = [];
  private readonly events = new SubmissionEvents({
    store: {
      find: async (_user, id) => this.rows.get(id) ?? null,
      changedAfter: async (_user, id, after, limit) => {
        this.reads++;
        this.onRead();
        if (this.reads > 100) throw new Error('the rows are read without end');
        const isBehind = ({ id: own, updatedAt }: SubmissionRecord) =>
          updatedAt > after.updatedAt ||
          (updatedAt.getTime() === after.updatedAt.getTime() && (after.id === null || own > after.id));
        const found = [...this.rows.values()].filter((row) => isBehind(row) && (id === null || row.id === id));
        const order = (a: SubmissionRecord, b: SubmissionRecord) =>
          a.updatedAt.getTime() - b.updatedAt.getTime() || (a.id < b.id ? -1 : 1);
        return found.sort(order).slice(0, limit);
      },
    },
    mailOf: (() => ({ find: async () => ({}) })) as unknown as MailOf,
    cursors: this.cursors,
    bus: {
      subscribe: () => () => {},
      onGap: (fn) => {
        this.listeners.add(fn);
        return () => this.listeners.delete(fn);
      },
    },
  });

  get listening(): number {
    return this.listeners.size;
  }

  changed(id: string, at: number, status = 'SENDING'): void {
    this.rows.set(id, { id, integrationId: 'i', status, updatedAt: new Date(at) } as SubmissionRecord);
    for (const fn of this.listeners) fn();
  }

  /** Subscribes, and collects what the subscriber receives. */
  subscribe({ id = null, after = null }: { id?: string | null; after?: string | null } = {}) {
    const end = new AbortController();
    const context = createContext({
      principal: { userId: this.userId, kind: 'session', scopes: [], expiresAt: new Date(Date.now() + 60_000) },
      signal: end.signal,
      log: silent,
      requestId: 'r',
      clientAddress: '127.0.0.1',
    });
    const received: string[] = [];
    const cursors: string[] = [];
    const done = (async () => {
      for await (const { cursor, submission } of await this.events.open(id, after, context)) {
        received.push(`${submission.record.id} ${submission.record.status}`);
        cursors.push(cursor);
      }
    })();
    this.ends.push(() => {
      end.abort();
      return done;
    });
    return { received, cursors, done };
  }

  async close(): Promise<void> {
    for (const end of this.ends) await end();
  }
}

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.close());

it('a subscriber to all submissions during an outage of the store receives what happens until it is back, and nothing older', async () => {
  lab.changed('older', Date.now() - 1_000);
  lab.onRead = () => {
    if (lab.reads > 1) return;
    lab.changed('meanwhile', Date.now() + 1);
    throw storeUnavailable(new Error('away'));
  };
  const { received } = lab.subscribe();
  await expect.poll(() => lab.reads).toBeGreaterThan(2);
  lab.changed('later', Date.now() + 2);
  await expect.poll(() => received).toContain('later SENDING');
  expect(received).toEqual(['meanwhile SENDING', 'later SENDING']);
});

it('a subscriber to one submission receives its state and each change, until the outcome', async () => {
  const now = Date.now();
  lab.changed('mine', now - 3_600_000, 'SCHEDULED');
  const { received, done } = lab.subscribe({ id: 'mine' });
  await expect.poll(() => received).toEqual(['mine SCHEDULED']);
  lab.changed('another', now);
  lab.changed('mine', now + 1);
  await expect.poll(() => received).toHaveLength(2);
  lab.changed('mine', now + 2, 'SENT');
  await done;
  expect(received).toEqual(['mine SCHEDULED', 'mine SENDING', 'mine SENT']);
  await expect.poll(() => lab.listening).toBe(0);
});

it('a subscriber receives more changes of one moment than one read returns, and what comes after them', async () => {
  const now = Date.now();
  const { received } = lab.subscribe();
  await expect.poll(() => lab.reads).toBeGreaterThan(1);
  const ids = Array.from({ length: 1_201 }, (_, n) => `n${1_000 + n}`);
  for (const id of ids)
    lab.rows.set(id, {
      id,
      integrationId: 'i',
      status: 'SENDING',
      updatedAt: new Date(now + 5_000),
    } as SubmissionRecord);
  lab.changed('later', now + 5_001);
  await expect.poll(() => received).toContain('later SENDING');
  expect(received).toEqual([...ids, 'later'].map((id) => `${id} SENDING`));
});

it('a subscriber from now on receives nothing older, however much has just changed', async () => {
  const before = new Date(Date.now() - 1);
  for (let n = 0; n < 1_201; n++)
    lab.rows.set(`n${n}`, { id: `n${n}`, integrationId: 'i', status: 'SENT', updatedAt: before } as SubmissionRecord);
  const { received } = lab.subscribe();
  await expect.poll(() => lab.reads).toBeGreaterThan(3);
  lab.changed('later', Date.now() + 5_000);
  await expect.poll(() => received).toContain('later SENDING');
  expect(received).toEqual(['later SENDING']);
});

it('a subscriber with a cursor receives what came since, also what became visible late, and repeats what is as late', async () => {
  const began = Date.now() + 20_000;
  const first = lab.subscribe();
  await expect.poll(() => lab.reads).toBeGreaterThan(1);
  lab.changed('one', began);
  lab.changed('two', began + 30_000);
  await expect.poll(() => first.received).toHaveLength(2);
  // This change's transaction took longer than that of the next one, so it becomes visible later.
  lab.changed('late', began + 25_000);
  await expect.poll(() => first.received).toHaveLength(3);
  const [, atTwo, atLate] = first.cursors.map((cursor) => lab.cursors.open(lab.userId, cursor).getTime());
  expect(atLate).toBe(atTwo);
  const again = lab.subscribe({ after: first.cursors[1] ?? '' });
  await expect.poll(() => again.received).toEqual(['late SENDING', 'two SENDING']);
});

it('a subscriber receives more changes than one read returns, each once', async () => {
  const began = Date.now() + 20_000;
  const { received } = lab.subscribe();
  await expect.poll(() => lab.reads).toBeGreaterThan(1);
  const ids = Array.from({ length: 1_200 }, (_, n) => `s${n}`);
  for (const [n, id] of ids.entries()) lab.changed(id, began + n);
  await expect.poll(() => received.length).toBe(1_200);
  lab.changed('last', began + 2_000);
  await expect.poll(() => received.length).toBe(1_201);
  expect(received).toEqual([...ids, 'last'].map((id) => `${id} SENDING`));
});
