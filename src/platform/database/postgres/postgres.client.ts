import type { Duplex } from 'node:stream';
import pg from 'pg';
import { storeBudget } from '../store/store.budget.ts';
import { StoreTimeout } from '../store/store.error.ts';
import type { StoreLimits } from '../store/store.limits.ts';

interface ClientLimits {
  readonly limits: Pick<StoreLimits, 'statementMs' | 'backgroundMs'>;
  /** Called when a statement has timed out. */
  readonly hung: () => void;
}

/** How long closing a connection may take. */
const END_TIMEOUT_MS = 1_000;

/**
 * Returns a client class that survives the loss of its connection at any time. It ends a statement that takes too long
 * by closing the connection, because a connection with a pending answer must not be reused.
 */
export function limitedClient({ limits, hung }: ClientLimits): typeof pg.Client {
  return class LimitedClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      // A pending query reports the loss itself. Between two statements of a transaction nothing listens, and an error
      // event without a listener ends the process.
      this.on('error', () => {});
      const [query, end] = [this.query.bind(this), this.end.bind(this)] as unknown as [Loose, Loose];
      const cut = (error?: Error) => streamOf(this).destroy(error);
      Object.assign(this, {
        query: (...args: unknown[]) => {
          const ms = limitOf(limits);
          return limited(query, args, ms, (error) => {
            // A request that spent its time elsewhere does not show that the database is slow.
            if (ms >= limits.statementMs) hung();
            cut(error);
          });
        },
        // A lost peer does not answer the Terminate message.
        end: (...args: unknown[]) => {
          const timer = setTimeout(cut, END_TIMEOUT_MS).unref();
          this.once('end', () => clearTimeout(timer));
          return end(...args);
        },
      });
    }
  };
}

type Loose = (...args: unknown[]) => unknown;

const streamOf = (client: pg.Client): Duplex =>
  (client as unknown as { connection: { stream: Duplex } }).connection.stream;

/** Returns the remaining time of the request. Background work has more time. */
function limitOf({ statementMs, backgroundMs }: ClientLimits['limits']): number {
  const leftMs = storeBudget()?.leftMs ?? null;
  return leftMs === null ? backgroundMs : Math.min(statementMs, leftMs);
}

/** Calls `query` in the style of the caller: with a callback or with a promise. */
function limited(query: Loose, args: unknown[], ms: number, giveUp: (error: Error) => void): unknown {
  const budget = storeBudget();
  let settled = false;
  const done = () => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    budget?.done();
  };
  const timer = setTimeout(() => {
    // If this process was busy, the answer may already be in the socket. It is read before an immediate runs.
    setImmediate(() => {
      if (!settled) giveUp(new StoreTimeout(`A statement was not answered within ${Math.round(ms)} ms.`));
    });
  }, ms);
  budget?.begin();
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    const settle = (...answer: unknown[]) => {
      done();
      callback(...answer);
    };
    return query(...args.slice(0, -1), settle);
  }
  const answer = query(...args);
  if (answer instanceof Promise) answer.then(done, done);
  else done();
  return answer;
}
