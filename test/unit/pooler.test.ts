import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';

/** The refusal as PgBouncer writes it: severity, code and message, each ended by a zero byte. */
const FIELDS = Buffer.from('SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter in options: statement_timeout\0\0');
const LENGTH = Buffer.alloc(4);
LENGTH.writeInt32BE(FIELDS.length + 4);
const REFUSAL = Buffer.concat([Buffer.from('E'), LENGTH, FIELDS]);

/** A pooler in transaction mode hands the connection on after each transaction, with everything that is left on it. */

it('a migration leaves no lock on its connection', async () => {
  const own = await createTestDatabaseUrl();
  const db = await openDatabase({ url: own?.url ?? null, dataDir: null, log: silent });
  const sent: string[] = [];
  const { applied } = await migrate(Object.assign(db, { migrationAdapter: noting(sent, db.migrationAdapter()) }));
  await db.close();
  await own?.drop();
  expect(applied.length).toBeGreaterThan(0);
  expect(sent.join('\n')).toContain('CREATE TABLE "users"');
  expect(sent.filter((sql) => sql.includes('pg_advisory_lock'))).toEqual([]);
});

function noting(sent: string[], factory: SqlMigrationAwareDriverAdapterFactory): Database['migrationAdapter'] {
  const connect = async (connecting: ReturnType<typeof factory.connect>) => {
    const adapter = await connecting;
    const [raw, script] = [adapter.executeRaw.bind(adapter), adapter.executeScript.bind(adapter)];
    return Object.assign(adapter, {
      executeRaw: (query: Parameters<typeof raw>[0]) => {
        sent.push(query.sql);
        return raw(query);
      },
      executeScript: (text: string) => {
        sent.push(text);
        return script(text);
      },
    });
  };
  const { provider, adapterName } = factory;
  return () => ({
    provider,
    adapterName,
    connect: () => connect(factory.connect()),
    connectToShadowDb: () => connect(factory.connectToShadowDb()),
  });
}

describe.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))('on %s', (kind) => {
  it('exclusive work is locked within a transaction', async () => {
    const db = await openTestDatabase(kind);
    const holders = await db.exclusively('w', () =>
      db.execute(`
        SELECT DISTINCT state FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`),
    );
    await db.close();
    expect(holders.rows).toEqual([{ state: 'idle in transaction' }]);
  });

  it('one that does not allow its connections to be limited is used all the same', async () => {
    const own = await createTestDatabaseUrl();
    const target = new URL(own?.url ?? '');
    let refusals = 0;
    const pooler = createServer((client) => {
      client.on('error', () => {});
      client.once('data', (startup) => {
        if (startup.includes('statement_timeout')) {
          refusals++;
          return client.end(REFUSAL);
        }
        const server = connect(Number(target.port || 5432), target.hostname);
        server.on('error', () => client.destroy());
        server.write(startup);
        client.pipe(server).pipe(client);
      });
    }).listen(0, '127.0.0.1');
    await once(pooler, 'listening');
    const through = new URL(target);
    through.host = `127.0.0.1:${(pooler.address() as AddressInfo).port}`;
    const db = await openDatabase({ url: through.href, dataDir: null, log: silent });
    await db.ping();
    expect(refusals).toBe(1);
    await db.close();
    pooler.close();
    await own?.drop();
  });

  it('sessions in another time zone than the requested one are refused', async () => {
    const own = await createTestDatabaseUrl();
    const url = new URL(own?.url ?? '');
    url.searchParams.set('options', '-c TimeZone=Europe/Vienna');
    const opening = openDatabase({ url: url.href, dataDir: null, log: silent });
    await expect(opening).rejects.toThrow(/^DATABASE_URL: .*Europe\/Vienna.*UTC/);
    await own?.drop();
  });
});
