import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import Fastify from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { createFaults } from '../control/faults.ts';
import { openKeep } from '../control/keep.ts';
import { createRequestLog } from '../control/log.ts';
import type { Emulator, Keep, World } from '../world.ts';

export const CLIENT = { clientId: 'postern-sandbox', clientSecret: 'postern-sandbox-secret' };
export const REDIRECT = 'http://127.0.0.1:4000/oauth/callback';

interface Posted {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What a suite decides about the emulator that it starts. */
export interface Given {
  readonly keep?: Keep;
  readonly deliverElsewhere?: (raw: Buffer, to: readonly string[]) => void;
  /** What the client is signed in with; with none there is no client. */
  readonly scopes?: readonly string[];
}

/** One emulator alone, in a world of its own: what it would post to a gateway is kept in `posted`. */
export async function startEmulator(
  me: string,
  prefix: string,
  keep: Keep | undefined,
  create: (world: World) => { emulator: Emulator; plugin: FastifyPluginAsync },
) {
  const posted: Posted[] = [];
  /** `at` stops it at an instant. */
  const clock: { ahead: number; at: number | null } = { ahead: 0, at: null };
  const faults = createFaults();
  const world: World = {
    log: createRequestLog(),
    faults,
    now: () => new Date((clock.at ?? Date.now()) + clock.ahead),
    signingKey: Buffer.alloc(32, 7),
    keep: keep ?? openKeep(null),
    post: (_vendor, _account, url, { headers, body }) => posted.push({ url, headers, body }),
  };
  const { emulator, plugin } = create(world);
  emulator.createAccount(me, 'Demo User');
  const app: FastifyInstance = Fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2_000 },
  });
  await app.register(plugin, { prefix });
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}${prefix}`;
  return { url, world, faults, clock, emulator, posted, close: () => app.close() };
}

/** How long one emulator serves: a test of its own, or all of the file. */
export type Lifetime = 'test' | 'file';

/** Starts before each test, or before the first of the file, and closes after it. Gives the one that runs. */
export function during<T extends { close(): Promise<unknown> }>(lifetime: Lifetime, start: () => Promise<T>): () => T {
  let running: T | undefined;
  const [before, after] = lifetime === 'test' ? [beforeEach, afterEach] : [beforeAll, afterAll];
  before(async () => {
    running = await start();
  });
  after(() => running?.close());
  return () => {
    if (!running) throw new Error('nothing was started');
    return running;
  };
}
