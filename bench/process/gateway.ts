import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppOptions } from '../../src/app.options.ts';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { serve } from './serve.ts';

interface GatewayOptions extends AppOptions {
  /** The settings in which this gateway differs from others of the bench. */
  readonly settings: NodeJS.ProcessEnv;
  /** Delivers one more mail. */
  readonly deliver?: () => void;
}

/**
 * Runs the whole gateway (HTTP, sessions, limits, log, database) over mail that is in memory. With BENCH_DATABASE_URL it runs on
 * PostgreSQL instead of the embedded database, which works in the same thread.
 */
export async function serveGateway({ settings, deliver, ...options }: GatewayOptions): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-bench-'));
  const config = readConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'info',
    SANDBOX: 'off',
    REGISTRATION: 'open',
    GRAPHIQL: 'off',
    ...chosen('DATABASE_URL', 'CACHE_BYTES'),
    ...settings,
  });
  const app = await createApp(config, options);
  const close = async () => {
    await app.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  serve(app.url, close, deliver);
}

/** The settings that a measure may set. */
const chosen = (...names: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(names.map((name) => [name, process.env[`BENCH_${name}`]]).filter(([, value]) => value));
