import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory, SqlQuery } from '@prisma/driver-adapter-utils';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { migrationNames } from '../asset-directories.ts';

/** The schema engine of Prisma as WebAssembly. It is what `prisma migrate` runs, without a binary to download. */

const FILTERS = { externalTables: [], externalEnums: [] };
const EMPTY_SCRIPT = '-- This is an empty migration.';

let instantiated: Promise<void> | null = null;

async function instantiate(): Promise<void> {
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: {
      set_message(message: string) {
        throw new Error(`The schema engine panicked: ${message}`);
      },
    },
  });
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = readFileSync(join(dirname(entry), 'schema_engine_bg.wasm'));
  const imports = { './schema_engine_bg.js': bindings } as unknown as WebAssembly.Imports;
  const { instance } = await WebAssembly.instantiate(bytes, imports);
  const exports = instance.exports as WebAssembly.Exports & { __wbindgen_start(): void };
  (bindings as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void }).__wbg_set_wasm(exports);
  exports.__wbindgen_start();
}

async function withEngine<T>(
  factory: SqlMigrationAwareDriverAdapterFactory,
  use: (engine: bindings.SchemaEngine) => Promise<T>,
): Promise<T> {
  instantiated ??= instantiate();
  await instantiated;
  // The engine closes no connection, so they are collected here.
  const opened: SqlDriverAdapter[] = [];
  const track = async (connecting: Promise<SqlDriverAdapter>): Promise<SqlDriverAdapter> => {
    const adapter = await connecting;
    opened.push(adapter);
    return withoutSessionLock(adapter);
  };
  const tracked: SqlMigrationAwareDriverAdapterFactory = {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: () => track(factory.connect()),
    connectToShadowDb: () => track(factory.connectToShadowDb()),
  };
  const engine = await bindings.SchemaEngine.new(
    { datamodels: undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(tracked),
  );
  try {
    return await use(engine);
  } finally {
    engine.free();
    for (const adapter of opened) await adapter.dispose();
  }
}

/**
 * Skips the session lock of the engine. Behind a pooler it stays on a connection that another client gets next, and
 * `exclusively` already ensures that only one process migrates.
 */
function withoutSessionLock(adapter: SqlDriverAdapter): SqlDriverAdapter {
  const executeRaw = adapter.executeRaw.bind(adapter);
  return Object.assign(adapter, {
    executeRaw: async (query: SqlQuery) => (query.sql.includes('pg_advisory_lock(') ? 0 : executeRaw(query)),
  });
}

/** Applies the migrations of `directory` that the database lacks, and returns their names. */
export async function applyMigrations(
  factory: SqlMigrationAwareDriverAdapterFactory,
  directory: string,
): Promise<string[]> {
  const input = { migrationsList: migrationList(directory), filters: FILTERS };
  const { appliedMigrationNames } = await withEngine(factory, (engine) => engine.applyMigrations(input));
  return appliedMigrationNames;
}

/** Returns the SQL that changes the database to the schema file, or null if they are equal. */
export async function diffToSchema(
  factory: SqlMigrationAwareDriverAdapterFactory,
  schemaPath: string,
): Promise<string | null> {
  const files = [{ path: schemaPath, content: readFileSync(schemaPath, 'utf8') }];
  const { stdout } = await withEngine(factory, (engine) =>
    engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: dirname(schemaPath) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: FILTERS,
    }),
  );
  const script = stdout?.trim() ?? '';
  return script === '' || script === EMPTY_SCRIPT ? null : `${script}\n`;
}

function migrationList(directory: string): bindings.MigrationList {
  const lockfile = join(directory, 'migration_lock.toml');
  return {
    baseDir: directory,
    lockfile: { path: 'migration_lock.toml', content: existsSync(lockfile) ? readFileSync(lockfile, 'utf8') : null },
    shadowDbInitScript: '',
    migrationDirectories: migrationNames(directory).map((path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(directory, path, 'migration.sql'), 'utf8') },
      },
    })),
  };
}
