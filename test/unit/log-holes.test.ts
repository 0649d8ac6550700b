import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { LogHolesStore, type Repaired } from '../../src/changes/proof/log-holes.store.ts';
import { MessageIndexStore } from '../../src/changes/proof/message-index.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase } from '../support/app/database.ts';

let db: Database;
const userId = randomUUID();
beforeAll(async () => {
  db = await openTestDatabase();
  await db.prisma.user.create({ data: { id: userId, email: 'a@people.example', passwordHash: '' } });
});
afterAll(() => db.close());

/** A connected account with a log of five entries, of which it has only those that are given. */
async function holed(entries: readonly { sequence: bigint; kind: string; subject: string }[]) {
  const integrationId = randomUUID();
  const address = { address: `${integrationId}@mail.example`, addressKey: `${integrationId}@mail.example` };
  const account = { id: integrationId, userId, provider: 'GMAIL', ...address, status: 'CONNECTED', access: 'FULL' };
  await db.prisma.integration.create({ data: { ...account, sequence: 5n } });
  const running = { firstSequence: 0n, sequence: 5n, pass: 1, startedAt: new Date(), dueAt: new Date() };
  await db.prisma.proof.create({ data: { integrationId, ...running, claimOwner: 'me' } });
  await db.prisma.change.createMany({ data: entries.map((entry) => ({ ...entry, integrationId, at: new Date() })) });
  const index = new MessageIndexStore(db);
  const holes = new LogHolesStore(db, new ChangeStore(db), index, 86_400_000);
  return {
    integrationId,
    fill: async () => {
      const found: Repaired[] = [];
      await holes.fill({ integrationId, owner: 'me', pass: 1 }, async (repaired) => void found.push(repaired));
      expect(found).toHaveLength(1);
      return found[0];
    },
    log: async () => {
      const rows = await db.prisma.change.findMany({ where: { integrationId }, orderBy: { sequence: 'asc' } });
      return rows.map(({ sequence, kind, subject }) => `${sequence} ${kind} ${subject}`);
    },
  };
}

it('a lost status of the account is reported again only while it is the present one', async () => {
  const { integrationId, fill, log } = await holed([1n, 4n, 5n].map((sequence) => entryOf(sequence, 'mailbox', 'm')));
  await db.prisma.indexedSubject.createMany({
    data: [
      { integrationId, kind: 'integration', subject: 'CONNECTED', sequence: 2n },
      { integrationId, kind: 'integration', subject: 'NEEDS_REAUTH', sequence: 3n },
    ],
  });
  expect(await fill()).toMatchObject({ missing: 2, appended: [{ kind: 'integration', subject: 'CONNECTED' }] });
  expect((await log()).slice(1, 3)).toEqual(['2 integration CONNECTED', '3 integration NEEDS_REAUTH']);
});

it('unknown entries before a reset are not a reset each', async () => {
  const reset = entryOf(4n, 'reset', 'HISTORY_LOST');
  const { fill, log } = await holed([entryOf(1n, 'mailbox', 'm'), reset, entryOf(5n, 'mailbox', 'm')]);
  expect(await fill()).toEqual({ missing: 2, appended: [] });
  expect(await log()).toEqual([
    '1 mailbox m',
    '2 integration CONNECTED',
    '3 integration CONNECTED',
    '4 reset HISTORY_LOST',
    '5 mailbox m',
  ]);
});

it('unknown entries at the end of a log are one reset', async () => {
  const { fill, log } = await holed([1n, 2n].map((sequence) => entryOf(sequence, 'mailbox', 'm')));
  expect(await fill()).toMatchObject({ missing: 3 });
  expect((await log()).slice(2)).toEqual([
    '3 integration CONNECTED',
    '4 integration CONNECTED',
    '5 reset LOG_INCOMPLETE',
  ]);
});

const entryOf = (sequence: bigint, kind: string, subject: string) => ({ sequence, kind, subject });
