import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { type DueAccount, ProofStore } from '../../src/changes/proof/proof.store.ts';
import { ReconcileJob } from '../../src/changes/proof/reconcile.job.ts';
import type { ReconcilePass } from '../../src/changes/proof/reconcile-pass.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { handlesOf } from '../support/app/account-handle.ts';
import { openTestDatabase, silent } from '../support/app/database.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

let db: Database;
beforeAll(async () => {
  db = await openTestDatabase();
});
afterEach(() => db.prisma.integration.deleteMany());
afterAll(() => db.close());

const HOUR_MS = 3_600_000;

/** Creates a user, and returns what stores an account of the user that is to be compared. */
async function accounts() {
  const userId = randomUUID();
  await db.prisma.user.create({ data: { id: userId, email: `${userId}@people.example`, passwordHash: '' } });
  return async (name: string, proof: object, historyLostAt: Date | null = null) => {
    const account = { provider: 'GMAIL', address: name, addressKey: name, status: 'CONNECTED', access: 'READ' };
    const id = randomUUID();
    await db.prisma.integration.create({
      data: { id, userId, ...account, lastReconciledAt: new Date(), historyLostAt },
    });
    const due = { firstSequence: 0n, dueAt: new Date(Date.now() - HOUR_MS), builtAt: new Date() };
    await db.prisma.proof.create({ data: { integrationId: id, ...due, ...proof } });
    return id;
  };
}

function jobOf(proofs: ProofStore, run: (pass: Parameters<ReconcilePass['run']>[0]) => Promise<unknown>) {
  return new ReconcileJob({
    providers: [fakeProvider({ id: 'GMAIL' })],
    handles: handlesOf(() => ({ snapshot: async () => ({ messages: [], next: null }) }) as unknown as MailSession),
    directory: { get: async (id) => ({ id, status: 'CONNECTED', provider: 'GMAIL' }) as never },
    sync: { readAll: async () => true },
    proofs,
    pass: { run } as never,
    appended: async () => {},
    isOn: true,
    intervalMs: HOUR_MS,
    tickMs: 20,
    log: silent,
  });
}

it('a recovery and a first snapshot wait for no routine comparison, and a requested one comes before the others', async () => {
  const stored = await accounts();
  for (let n = 0; n < 40; n++) await stored(`routine ${n}`, {});
  const recent = { dueAt: new Date(Date.now() - 1_000) };
  const recovering = await stored('recovering', recent, new Date());
  const building = await stored('building', { ...recent, builtAt: null });
  const requested = await stored('requested', { dueAt: new Date(Date.now() + HOUR_MS) });
  const store = new ProofStore(db, new ChangeStore(db));
  expect(await store.request(requested)).toBe(true);
  const [first] = await store.due();
  expect(first).toEqual({ id: requested, provider: 'GMAIL', purpose: 'check' } satisfies DueAccount);

  const begun: string[] = [];
  const hanging = new AbortController();
  const job = jobOf(store, ({ claim }) => {
    begun.push(claim.integrationId);
    return new Promise((_, reject) => hanging.signal.addEventListener('abort', () => reject(hanging.signal.reason)));
  });
  job.start();
  await expect.poll(() => begun).toEqual(expect.arrayContaining([requested, recovering, building]));
  const stopped = job.stop();
  hanging.abort();
  await stopped;
});

it('a comparison that rests, as that of a large account does most of the time, keeps no other account waiting', async () => {
  const stored = await accounts();
  const ids = new Set<string>();
  for (let n = 0; n < 40; n++) ids.add(await stored(`routine ${n}`, {}));
  const begun = new Set<string>();
  const job = jobOf(new ProofStore(db, new ChangeStore(db)), ({ claim, rest }) => {
    begun.add(claim.integrationId);
    return rest(HOUR_MS);
  });
  job.start();
  await expect.poll(() => begun).toEqual(ids);
  await job.stop();
  // The comparisons end with their rest, and another instance may continue them at once.
  const claimed = await db.prisma.proof.count({ where: { claimUntil: { gt: new Date() } } });
  expect(claimed).toBe(0);
});
