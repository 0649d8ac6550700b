import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { openRedisBus } from '../../../src/platform/bus/bus.redis.ts';
import { type Bus, createBus } from '../../../src/platform/bus/bus.ts';
import { openTestDatabase, silent, TEST_DATABASES } from './database.ts';

/** The server that TEST_REDIS_URL names, or none. Its keys are not touched, and each test has channels of its own. */
export const TEST_REDIS_URLS: readonly string[] = process.env.TEST_REDIS_URL ? [process.env.TEST_REDIS_URL] : [];

export const channel = (): string => `postern-test:${randomUUID()}`;

/** One bus as two instances use it. */
export interface TestBus {
  readonly a: Bus;
  readonly b: Bus;
  /** Publishes as a client that is not Postern would. */
  send(text: string): Promise<void>;
  close(): Promise<void>;
}

async function overDatabase(kind: (typeof TEST_DATABASES)[number]): Promise<TestBus> {
  const db = await openTestDatabase(kind);
  const [a, b] = await Promise.all([createBus(db, silent), createBus(db, silent)]);
  return {
    a,
    b,
    send: (text) => db.notify('postern_bus', text),
    async close() {
      await Promise.all([a.close(), b.close()]);
      await db.close();
    },
  };
}

async function overRedis(url: string): Promise<TestBus> {
  const options = { url, channel: channel(), log: silent };
  const [a, b] = await Promise.all([openRedisBus(options), openRedisBus(options)]);
  const foreign = await createClient({ url }).connect();
  return {
    a,
    b,
    send: async (text) => void (await foreign.publish(options.channel, text)),
    async close() {
      await Promise.all([a.close(), b.close(), foreign.close()]);
    },
  };
}

/** The buses that this run can reach. */
export const TEST_BUSES: readonly (readonly [name: string, open: () => Promise<TestBus>])[] = [
  ...TEST_DATABASES.map((kind) => [kind, () => overDatabase(kind)] as const),
  ...TEST_REDIS_URLS.map((url) => ['redis', () => overRedis(url)] as const),
];
