import { setImmediate as nextIteration } from 'node:timers/promises';

/** Characters of a body that are read at once: it takes a few milliseconds, and less than waiting would under load. */
const MAX_SLICE_LENGTH = 32_000;

/**
 * Long work on the bodies of one request, a slice in each iteration of the event loop: whatever else has come in is answered
 * between two of them, and another request's slices come in between as well.
 */
export class Slices {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` now when the body that it reads is short, else in an iteration of its own, behind those asked for before. */
  take<T>(length: number, work: () => T): T | Promise<T> {
    if (length <= MAX_SLICE_LENGTH) return work();
    const slice = this.last.then(() => nextIteration()).then(work);
    this.last = slice.catch(() => {});
    return slice;
  }
}

const known = new WeakMap<object, Slices>();

/** The slices of what lives as long as a request does, such as its account. */
export function slicesOf(owner: object): Slices {
  const slices = known.get(owner) ?? new Slices();
  known.set(owner, slices);
  return slices;
}
