import { setImmediate as nextIteration } from 'node:timers/promises';

/**
 * Maximum bytes of one answer of a vendor. Parsing this much JSON takes some tens of milliseconds, during which nothing
 * else is served.
 */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Maximum bytes of mail per request when the sizes are known. As JSON they are more. */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
/** Bytes of mail that are converted before other work gets a turn. */
const MAX_CONVERTED_BYTES = 256 * 1024;

/**
 * Divides items into runs that are small enough for one request each. A larger item is a run of its own, and an unknown
 * size counts as zero.
 */
export function runsBySize<T>(items: readonly T[], sizeOf: (item: T) => number | null | undefined): T[][] {
  const runs: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = sizeOf(item) ?? 0;
    if (runs.length === 0 || size > room) {
      runs.push([]);
      room = MAX_REQUEST_BYTES;
    }
    runs.at(-1)?.push(item);
    room -= size;
  }
  return runs;
}

/** Maps items in order. When they are large, other work gets a turn in between. */
export async function mapYielding<T, R>(
  items: readonly T[],
  sizeOf: (item: T) => number | null | undefined,
  convert: (item: T) => R,
): Promise<R[]> {
  const converted: R[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += sizeOf(item) ?? 0;
    if (bytes > MAX_CONVERTED_BYTES) {
      await nextIteration();
      bytes = sizeOf(item) ?? 0;
    }
    converted.push(convert(item));
  }
  return converted;
}
