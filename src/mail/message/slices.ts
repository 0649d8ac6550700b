import { setImmediate as nextIteration } from 'node:timers/promises';

/**
 * Bodies up to this length are read at once. That takes a few milliseconds, which is less than waiting would take under
 * load.
 */
const MAX_SLICE_LENGTH = 32_000;

/**
 * Runs long work on the bodies of one request in separate iterations of the event loop, so that other requests, and the
 * slices of other requests, are processed between them.
 */
export class Slices {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` now if the body is short, else in its own iteration, after the slices that were requested before. */
  take<T>(length: number, work: () => T): T | Promise<T> {
    if (length <= MAX_SLICE_LENGTH) return work();
    const slice = this.last.then(() => nextIteration()).then(work);
    this.last = slice.catch(() => {});
    return slice;
  }
}

const known = new WeakMap<object, Slices>();

/** The slices of an object that lives as long as a request, such as its account. */
export function slicesOf(owner: object): Slices {
  const slices = known.get(owner) ?? new Slices();
  known.set(owner, slices);
  return slices;
}
