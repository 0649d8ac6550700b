import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { serve } from '../process/serve.ts';
import { memoryProviders } from './provider.ts';

/** Runs the whole gateway (HTTP, sessions, limits, log, database) over mail that is in memory. */
const dataDir = await mkdtemp(join(tmpdir(), 'postern-bench-'));
const config = readConfig({
  PORT: '0',
  DATA_DIR: dataDir,
  LOG_LEVEL: 'info',
  SANDBOX: 'off',
  REGISTRATION: 'open',
  GRAPHIQL: 'off',
  INTROSPECTION: 'off',
});
const app = await createApp(config, { providers: memoryProviders });
serve(app.url, async () => {
  await app.close();
  await rm(dataDir, { recursive: true, force: true });
});
