import type { Logger } from 'pino';
import { encode, Topics } from './bus.topics.ts';
import type { Database } from './database.ts';

/** What one instance tells all of them, itself included. A message may be lost: after a gap, read the truth again. */
export interface Bus {
  /** Small JSON: ids, not content. At most about 7 kB. */
  publish(topic: string, payload: unknown): Promise<void>;
  /** The payload has come from outside: check its shape. */
  subscribe(topic: string, fn: (payload: unknown) => void): () => void;
  /** Something may have been missed. */
  onGap(fn: () => void): () => void;
  close(): Promise<void>;
}

const CHANNEL = 'postern_bus';

/** The bus over the database's own notifications. */
export async function createBus(db: Database, log: Logger): Promise<Bus> {
  const topics = new Topics(log);
  const stop = await db.listen(CHANNEL, (text) => topics.deliver(text));
  return {
    publish: (topic, payload) => db.notify(CHANNEL, encode(topic, payload)),
    subscribe: (topic, fn) => topics.subscribe(topic, fn),
    onGap: (fn) => db.onGap(fn),
    close: stop,
  };
}
