/** The middle of some figures: what a noisy machine did now and then does not move it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError('there is no median of nothing');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * Runs each contender once a round, so that whatever else the machine does meets all of them alike. Every second round
 * goes backwards.
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
