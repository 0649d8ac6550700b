import { setImmediate as nextIteration } from 'node:timers/promises';

/** Bytes of one answer of a vendor's: JSON of this size is read in some tens of milliseconds, in which nobody else is answered. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Bytes of mail that are asked for in one request, where they are known beforehand: in JSON they are more. */
const MAX_ASKED_BYTES = 8 * 1024 * 1024;
/** Bytes of mail that are made into messages without letting others come in between. */
const MAX_MADE_BYTES = 256 * 1024;

/** Cuts into runs of so much mail that one request may ask for each; one that is larger is a run of its own, unknown is small. */
export function runsBySize<T>(items: readonly T[], sizeOf: (item: T) => number | null | undefined): T[][] {
  const runs: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(item) ?? 0;
    if (runs.length === 0 || size > room) {
      runs.push([]);
      room = MAX_ASKED_BYTES;
    }
    runs.at(-1)?.push(item);
    room -= size;
  }
  return runs;
}

/** Makes one thing of each, in order; where much was read for them, others are answered in between. */
export async function mapYielding<T, R>(
  items: readonly T[],
  sizeOf: (item: T) => number | null | undefined,
  make: (item: T) => R,
): Promise<R[]> {
  const made: R[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += sizeOf(item) ?? 0;
    if (bytes > MAX_MADE_BYTES) {
      await nextIteration();
      bytes = sizeOf(item) ?? 0;
    }
    made.push(make(item));
  }
  return made;
}
