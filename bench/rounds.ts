/** Returns the median, which occasional disturbances of a busy machine do not change. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError('an empty list has no median');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * Runs each contender once in each round, so that other load on the machine affects all of them equally. Every second
 * round runs in reverse order.
 */
export async function interleaved<C, R>(
  contenders: readonly C[],
  rounds: number,
  run: (contender: C) => Promise<R>,
): Promise<ReadonlyMap<C, readonly R[]>> {
  const results = new Map<C, R[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const contender of order) results.get(contender)?.push(await run(contender));
  }
  return results;
}
