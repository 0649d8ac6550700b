import type { FastifyInstance } from 'fastify';
import { timeLimited } from '../../platform/abort.ts';

interface Health {
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  /** Names of migrations that this version needs and the database has not. */
  pendingMigrations(): Promise<readonly string[]>;
  draining(): boolean;
  /** What a start still does before requests are of use, in words; null: nothing. */
  waitingFor(): string | null;
}

const DATABASE_TIMEOUT_MS = 2_000;

/** /health: the process is alive. /ready: it can do its work, so send it requests. */
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
    // Checked each time: the database may have been restored from a backup in the meantime.
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
