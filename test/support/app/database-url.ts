import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The variable that names the run's migrated database, which no test opens. A copy of it takes a tenth of the migrations' time. */
export const TEMPLATE = 'POSTERN_TEST_TEMPLATE';

/**
 * Creates a database on the server that TEST_DATABASE_URL names, which is empty unless `migrated` is set. Returns null without
 * such a server: the embedded database is used then.
 */
export async function createTestDatabaseUrl({ migrated = false } = {}): Promise<TestDatabaseUrl | null> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) return null;
  const name = `postern_test_${randomBytes(6).toString('hex')}`;
  const template = process.env[TEMPLATE];
  await onServer(server, `CREATE DATABASE ${name} ${migrated && template ? `TEMPLATE ${template}` : ''}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

export interface TestDatabaseUrl {
  readonly url: string;
  drop(): Promise<void>;
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
