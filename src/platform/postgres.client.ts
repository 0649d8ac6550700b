import type { Duplex } from 'node:stream';
import pg from 'pg';
import { storeBudget } from './store.budget.ts';
import { StoreTimeout } from './store.error.ts';
import type { StoreLimits } from './store.limits.ts';

export interface ClientLimits {
  readonly limits: Pick<StoreLimits, 'statementMs' | 'backgroundMs'>;
  /** Called when a statement was given up. */
  readonly hung: () => void;
}

/** How long a goodbye to the server may take. */
const END_TIMEOUT_MS = 1_000;

/**
 * A client that survives the loss of its connection in any hands, and gives up a statement that takes too long by
 * cutting the connection: one with an answer still to come must not be given to anybody else.
 */
export function limitedClient({ limits, hung }: ClientLimits): typeof pg.Client {
  return class LimitedClient extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super(config);
      // Who waits for an answer is told by it; nobody listens between two statements of a transaction, say, and an
      // event that nobody listens to ends the process.
      this.on('error', () => {});
      const [query, end] = [this.query.bind(this), this.end.bind(this)] as unknown as [Loose, Loose];
      const cut = (error?: Error) => streamOf(this).destroy(error);
      Object.assign(this, {
        query: (...given: unknown[]) => {
          const ms = limitOf(limits);
          return limited(query, given, ms, (error) => {
            // One that has used up its time elsewhere says nothing about this.
            if (ms >= limits.statementMs) hung();
            cut(error);
          });
        },
        // The goodbye is not heard by a peer that is gone.
        end: (...given: unknown[]) => {
          const impatience = setTimeout(cut, END_TIMEOUT_MS).unref();
          this.once('end', () => clearTimeout(impatience));
          return end(...given);
        },
      });
    }
  };
}

type Loose = (...given: unknown[]) => unknown;

const streamOf = (client: pg.Client): Duplex =>
  (client as unknown as { connection: { stream: Duplex } }).connection.stream;

/** What is left to a request; in the background there is more time. */
function limitOf({ statementMs, backgroundMs }: ClientLimits['limits']): number {
  const leftMs = storeBudget()?.leftMs ?? null;
  return leftMs === null ? backgroundMs : Math.min(statementMs, leftMs);
}

/** Calls `query` as it was called, in either of the driver's styles. */
function limited(query: Loose, given: unknown[], ms: number, giveUp: (error: Error) => void): unknown {
  const budget = storeBudget();
  let settled = false;
  const done = () => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    budget?.done();
  };
  const timer = setTimeout(() => {
    // When this process was busy the answer may lie in the socket already: that is read before an immediate runs.
    setImmediate(() => {
      if (!settled) giveUp(new StoreTimeout(`A statement was not answered within ${Math.round(ms)} ms.`));
    });
  }, ms);
  budget?.begin();
  const callback = given.at(-1);
  if (typeof callback === 'function') {
    const told = (...answer: unknown[]) => {
      done();
      callback(...answer);
    };
    return query(...given.slice(0, -1), told);
  }
  const answer = query(...given);
  if (answer instanceof Promise) answer.then(done, done);
  else done();
  return answer;
}
