import type { FastifyInstance } from 'fastify';
import { timeLimited } from '../../platform/abort.ts';

interface Health {
  /** Rejects if the database does not answer. */
  ping(): Promise<void>;
  /** Returns the names of the migrations that this version needs and the database lacks. */
  pendingMigrations(): Promise<readonly string[]>;
  draining(): boolean;
  /** Returns what the start still has to do before requests are useful, in words, or null if it is finished. */
  waitingFor(): string | null;
}

const DATABASE_TIMEOUT_MS = 2_000;

/** Mounts /health, which answers while the process is alive, and /ready, which answers 200 if it can serve requests. */
export function mountHealth(http: FastifyInstance, health: Health): void {
  const state = async (): Promise<string> => {
    if (health.draining()) return 'draining';
    const waitingFor = health.waitingFor();
    if (waitingFor !== null) return waitingFor;
    try {
      await health.ping();
    } catch {
      return 'the database does not answer';
    }
    // This is checked each time, because the database may have been restored from a backup in the meantime.
    const pending = await health.pendingMigrations();
    return pending.length === 0 ? 'ready' : 'migrations are pending';
  };

  http.get('/health', { logLevel: 'warn' }, async () => ({ status: 'alive' }));
  http.get('/ready', { logLevel: 'warn' }, async (_request, reply) => {
    const status = await timeLimited(state(), DATABASE_TIMEOUT_MS, () => new Error('late')).catch(
      () => 'the database does not answer',
    );
    return reply.code(status === 'ready' ? 200 : 503).send({ status });
  });
}
