import { openDatabase } from '../../../src/platform/database/database.open.ts';
import { migrate } from '../../../src/platform/database/migrations.ts';
import { silent } from '../app/database.ts';
import { createTestDatabaseUrl, TEMPLATE, type TestDatabaseUrl } from '../app/database-url.ts';

interface RunTemplate {
  readonly created: Promise<TestDatabaseUrl | null>;
  /** The projects that have begun and not ended. */
  projects: number;
}
const SHARED = Symbol.for('postern: the template of this run');
const run = globalThis as { [SHARED]?: RunTemplate };

/**
 * Creates the migrated database that tests copy before the workers start, and removes it when they have ended. The projects of a
 * run begin together in one process, in which the engine that migrates exists once and panics when it is started again.
 */
export default async function template(): Promise<(() => Promise<void>) | undefined> {
  run[SHARED] ??= { created: create(), projects: 0 };
  const shared = run[SHARED];
  shared.projects++;
  const own = await shared.created;
  if (!own) return undefined;
  return async () => {
    shared.projects--;
    if (shared.projects > 0) return;
    delete run[SHARED];
    await own.drop();
  };
}

async function create(): Promise<TestDatabaseUrl | null> {
  const own = await createTestDatabaseUrl();
  if (!own) return null;
  const db = await openDatabase({ url: own.url, dataDir: null, log: silent });
  await migrate(db).finally(() => db.close());
  process.env[TEMPLATE] = new URL(own.url).pathname.slice(1);
  return own;
}
