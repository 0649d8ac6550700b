import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { explainMigrating } from '../../src/platform/database/postgres/postgres.fault.ts';
import { silent, TEST_DATABASES } from '../support/app/database.ts';
import { createTestDatabaseUrl, type TestDatabaseUrl } from '../support/app/database-url.ts';

it('a failure of the schema engine is reported in one line, with advice', () => {
  const trace = '\n   0: schema_engine_wasm::wasm::engine::ApplyMigrations\n             at engine.rs:167';
  const explained = (message: string) => explainMigrating(new Error(message + trace));
  expect(explained('ERROR: permission denied for schema public')).toBe(
    'DATABASE_URL: the tables cannot be made in the database (permission denied for schema public); make the user the owner of the database, or grant it CREATE on the schema',
  );
  expect(
    explained('The database schema is not empty. Read more about how to baseline a database: https://pris.example/d'),
  ).toMatch(/\(The database schema is not empty\.\); name one that is empty: [^\n]+$/);
  expect(explained('too many connections for role "mail"')).toMatch(/; the server takes no more connections[^\n]+$/);
  expect(explained('A migration failed to apply.\nMigration name: 2_bad')).toMatch(
    /\(A migration failed to apply\. Migration name: 2_bad\); [^\n]+$/,
  );
});

describe.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))('a database on a %s server', () => {
  let own: TestDatabaseUrl;
  let admin: pg.Client;
  const role = `postern_test_${randomUUID().replaceAll('-', '')}`;
  beforeEach(async () => {
    own = (await createTestDatabaseUrl()) as TestDatabaseUrl;
    admin = new pg.Client(own.url);
    await admin.connect();
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
  });
  afterEach(async () => {
    await admin.end();
    await own.drop();
    const server = new pg.Client(process.env.TEST_DATABASE_URL);
    await server.connect();
    await server.query(`DROP ROLE ${role}`);
    await server.end();
  });

  /** Returns the error of a start on that database, or "none". */
  async function faultOf(url: string): Promise<string> {
    try {
      const db = await openDatabase({ url, dataDir: null, log: silent });
      try {
        await migrate(db);
      } finally {
        await db.close();
      }
    } catch (error) {
      const { name, message } = error as Error;
      return `${name} ${message}`;
    }
    return 'none';
  }

  it('in which the user may create no tables is refused with one line that says so', async () => {
    // This is the default of every database since PostgreSQL 15.
    await admin.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    const url = Object.assign(new URL(own.url), { username: role, password: 'hunter2' }).href;
    const fault = await faultOf(url);
    expect(fault).toMatch(/^DatabaseError DATABASE_URL: [^\n]*permission denied[^\n]*; make the user the owner[^\n]*$/);
    expect(fault).not.toContain('hunter2');
    await admin.query(`GRANT CREATE ON SCHEMA public TO ${role}`);
    expect(await faultOf(url)).toBe('none');
  });

  it('that contains other tables, or whose sessions have no schema, is refused in the same way', async () => {
    await admin.query('CREATE TABLE recipes (id int)');
    expect(await faultOf(own.url)).toMatch(/^DatabaseError DATABASE_URL: [^\n]*; name one that is empty[^\n]*$/);
    await admin.query('DROP TABLE recipes');
    await admin.query(`ALTER ROLE ${role} SET search_path TO nowhere`);
    const url = Object.assign(new URL(own.url), { username: role, password: 'hunter2' }).href;
    expect(await faultOf(url)).toMatch(/^DatabaseError DATABASE_URL: [^\n]*; correct its search_path[^\n]*$/);
  });

  it('that is not encoded in UTF-8 is refused before anything is written', async () => {
    const name = `${new URL(own.url).pathname.slice(1)}_latin`;
    await admin.query(`CREATE DATABASE ${name} ENCODING LATIN1 LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    try {
      const url = Object.assign(new URL(own.url), { pathname: `/${name}` }).href;
      expect(await faultOf(url)).toMatch(
        /^DatabaseError DATABASE_URL: [^\n]*its encoding is LATIN1; create it with ENCODING 'UTF8'/,
      );
    } finally {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
