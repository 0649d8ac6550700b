import type { Logger } from 'pino';
import type { Database } from './database.ts';

/** What one instance tells all of them, itself included. Delivery is at most once: after a gap, read the truth again. */
export interface Bus {
  /** Small JSON: ids, not content. At most about 7 kB. */
  publish(topic: string, payload: unknown): Promise<void>;
  /** The payload has crossed a database: check its shape. */
  subscribe(topic: string, fn: (payload: unknown) => void): () => void;
  /** Something may have been missed. */
  onGap(fn: () => void): () => void;
  close(): Promise<void>;
}

const CHANNEL = 'postern_bus';

/** The bus over the database's own notifications. */
export async function createBus(db: Database, log: Logger): Promise<Bus> {
  const topics = new Map<string, Set<(payload: unknown) => void>>();
  const stop = await db.listen(CHANNEL, (text) => {
    const [topic, payload] = parse(text);
    for (const fn of topics.get(topic) ?? []) {
      try {
        fn(payload);
      } catch (error) {
        log.error({ err: error, topic }, 'a listener of the bus failed');
      }
    }
  });
  return {
    publish: (topic, payload) => db.notify(CHANNEL, JSON.stringify([topic, payload])),
    subscribe(topic, fn) {
      const listeners = topics.get(topic) ?? new Set();
      topics.set(topic, listeners.add(fn));
      return () => listeners.delete(fn);
    },
    onGap: (fn) => db.onGap(fn),
    close: stop,
  };
}

function parse(text: string): [topic: string, payload: unknown] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && typeof value[0] === 'string') return [value[0], value[1]];
  } catch {
    // Anyone with the database's password can notify: what is not ours is passed over.
  }
  return ['', null];
}
