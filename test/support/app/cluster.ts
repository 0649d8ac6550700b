import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../../sandbox/start.ts';
import { Balancer } from './balancer.ts';
import { fillDataDir } from './database.ts';
import { createTestDatabaseUrl } from './database-url.ts';
import { freePort } from './port.ts';
import { buildProgram, type Program } from './process.ts';

/**
 * The gateway as it runs in production: processes behind a balancer, with the emulators upstream. There are two processes on
 * PostgreSQL, and one on the embedded database, which one process alone can open.
 */
export interface Cluster {
  /** The URL of the balancer. */
  readonly url: string;
  readonly sandbox: Sandbox;
  /** The instances, with the URLs at which they listen themselves. */
  readonly instances: readonly { readonly url: string }[];
  /** Replaces the oldest instance and returns its exit code. Its successor starts first where two can run. */
  replace(): Promise<number | null>;
  /** Kills the oldest instance, which alone receives requests until then. The others go on; if it was the only one, a new one is started. */
  kill(before: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

interface Instance {
  readonly url: string;
  readonly port: number;
  readonly program: Program;
}

export async function startCluster(): Promise<Cluster> {
  const build = await buildProgram();
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-cluster-'));
  const balancer = await Balancer.open();
  const { url } = balancer;
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir: null,
    publicUrl: url,
    mail: null,
    messages: 30,
    trafficSeconds: 0,
    log: () => {},
  });
  const database = await createTestDatabaseUrl({ migrated: true });
  if (!database) await fillDataDir(dataDir);
  const env = {
    ...(database ? { NODE_ENV: 'production', DATABASE_URL: database.url } : { NODE_ENV: 'test', DATA_DIR: dataDir }),
    // This is long enough for the balancer to notice even when both processes are short of CPU time.
    DRAIN_DELAY_SECONDS: '5',
    // A busy machine is slow, which is not a failure here.
    SOURCE_DEADLINE_MS: '60000',
    REDIRECT_URIS: `${url}/inbox`,
    PUBLIC_URL: url,
    LOG_LEVEL: 'error',
    JWT_SECRET: randomBytes(32).toString('base64'),
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
    REGISTRATION: 'open',
    ...sandbox.environment(),
  };
  const instances: Instance[] = [];
  const start = async () => {
    const port = await freePort();
    const program = await build.start({ ...env, PORT: String(port) });
    instances.push({ url: `http://127.0.0.1:${port}`, port, program });
    await balancer.add(port);
  };
  const stop = async () => {
    const oldest = instances.shift();
    if (!oldest) throw new Error('no instance runs');
    const code = await oldest.program.stop();
    balancer.remove(oldest.port);
    return code;
  };
  const close = async () => {
    await Promise.all(instances.map(({ program }) => program.kill()));
    balancer.close();
    await sandbox.close();
    await database?.drop();
    rmSync(dataDir, { recursive: true, force: true });
    build.remove();
  };
  try {
    await start();
    if (database) await start();
  } catch (error) {
    await close();
    throw error;
  }

  return {
    url,
    sandbox,
    instances,
    async replace() {
      if (database) await start();
      const code = await stop();
      if (!database) await start();
      return code;
    },
    async kill(before) {
      const [oldest, ...others] = instances;
      if (!oldest) throw new Error('no instance runs');
      for (const { port } of others) balancer.cut(port);
      await before();
      await oldest.program.kill();
      instances.shift();
      balancer.remove(oldest.port);
      await Promise.all(others.map(({ port }) => balancer.add(port)));
      if (others.length === 0) await start();
    },
    close,
  };
}
