import { setImmediate as nextIteration } from 'node:timers/promises';

/** Characters of a body that are read at once: it takes a few milliseconds, and less than waiting for a turn under load. */
const MAX_AT_ONCE = 32_000;

/**
 * Long work on the bodies of one request, a piece in each iteration of the event loop: whatever else has come in is answered
 * between two of them, and another request's pieces come in between as well.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` now when the body that it reads is short, else when its turn has come. */
  take<T>(length: number, work: () => T): T | Promise<T> {
    if (length <= MAX_AT_ONCE) return work();
    const turn = this.last.then(() => nextIteration()).then(work);
    this.last = turn.catch(() => {});
    return turn;
  }
}

const known = new WeakMap<object, Turns>();

/** The turns of what lives as long as a request does, such as its account. */
export function turnsOf(owner: object): Turns {
  const turns = known.get(owner) ?? new Turns();
  known.set(owner, turns);
  return turns;
}
