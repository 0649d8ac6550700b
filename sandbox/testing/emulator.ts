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

/** The options of an emulator that a suite starts. */
export interface Given {
  readonly keep?: Keep;
  readonly deliverElsewhere?: (raw: Buffer, to: readonly string[]) => void;
  /** The scopes that the client signs in with. With an empty list no client is signed in. */
  readonly scopes?: readonly string[];
}

/** Starts one emulator in a world of its own. The webhooks that it would send to a gateway are collected in `posted`. */
export async function startEmulator(
  me: string,
  prefix: string,
  keep: Keep | undefined,
  create: (world: World) => { emulator: Emulator; plugin: FastifyPluginAsync },
) {
  const posted: Posted[] = [];
  /** `at` stops the clock at an instant. */
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

/** How long an emulator runs: for one test, or for all tests of the file. */
export type Lifetime = 'test' | 'file';

/** Starts something before each test, or before the first test of the file, and closes it afterwards. The function that it returns returns the one that runs. */
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
