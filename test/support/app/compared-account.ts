import { randomUUID } from 'node:crypto';
import { IntegrationDirectory } from '../../../src/accounts/integrations/integration.directory.ts';
import { IntegrationStore } from '../../../src/accounts/integrations/integration.store.ts';
import { Reachability } from '../../../src/accounts/integrations/reachability.ts';
import type { Accounts } from '../../../src/accounts/open.ts';
import { type Changes, openChanges } from '../../../src/changes/open.ts';
import { createBus } from '../../../src/platform/bus/bus.ts';
import type { Database } from '../../../src/platform/database/database.ts';
import type { Platform } from '../../../src/platform/open.ts';
import { Sealer } from '../../../src/platform/secrets/seal.ts';
import type { MailSession } from '../../../src/providers/contract/mail-session.ts';
import { handlesOf } from './account-handle.ts';
import { silent } from './database.ts';
import type { Account, Lab } from './lab.ts';

/** One instance's room of changes, over an account of a lab. */
export interface Instance extends Changes {
  /** Stops its jobs at once, as the death of its process would, and leaves its claims behind. */
  close(): Promise<void>;
}

/** Stores an account of a lab as connected, and returns the integration's id. */
export async function storeAccount(db: Database, lab: Lab, { address }: Account): Promise<string> {
  const [id, userId] = [randomUUID(), randomUUID()];
  await db.prisma.user.create({ data: { id: userId, email: `${userId}@x.example`, passwordHash: '' } });
  const account = { provider: lab.provider.id, address, addressKey: address, status: 'CONNECTED', access: 'READ' };
  await db.prisma.integration.create({ data: { id, userId, ...account } });
  return id;
}

/** Opens the room of changes as one instance has it. `session` changes what the provider's session answers. */
export async function openInstance(
  db: Database,
  lab: Lab,
  sessions: ReadonlyMap<string, MailSession>,
  { syncIndex = true, settleMs = 0 } = {},
): Promise<Instance> {
  const bus = await createBus(db, silent);
  const store = new IntegrationStore(db);
  const directory = new IntegrationDirectory(store, bus);
  const handles = handlesOf((id) => sessions.get(id) as MailSession);
  const sealer = new Sealer([{ version: 1, secret: Buffer.alloc(32, 7) }] as never);
  const platform = { db, bus, sealer, log: silent } as unknown as Platform;
  const accounts = { directory, handles, reachability: new Reachability() } as unknown as Accounts;
  const changes = openChanges(platform, accounts, {
    providers: [lab.provider],
    publicUrl: 'http://127.0.0.1:9',
    pollIntervalMs: 3_600_000,
    syncIndex,
    reconcileIntervalMs: 3_600_000,
    logDays: 30,
    // A sync that a busy machine delays is not given up: a test reads once, and nothing repeats it.
    times: { settleMs, quotaShare: 1, reconcileTickMs: 50, firstAttemptMs: 60_000 },
  });
  return Object.assign(changes, {
    close: async () => {
      await changes.stop();
      await bus.close();
    },
  });
}
