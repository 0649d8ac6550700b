import { openDatabase } from '../../../src/platform/database/database.open.ts';
import { migrate } from '../../../src/platform/database/migrations.ts';
import { silent } from '../app/database.ts';
import { createTestDatabaseUrl, TEMPLATE } from '../app/database-url.ts';

/** Creates the migrated database that tests copy before the workers start, and removes it when they have ended. */
export default async function template(): Promise<(() => Promise<void>) | undefined> {
  const own = await createTestDatabaseUrl();
  if (!own) return undefined;
  const db = await openDatabase({ url: own.url, dataDir: null, log: silent });
  await migrate(db).finally(() => db.close());
  process.env[TEMPLATE] = new URL(own.url).pathname.slice(1);
  return () => own.drop();
}
