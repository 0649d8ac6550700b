interface Random {
  /** Returns a whole number from 0 up to but not including `n`. */
  below(n: number): number;
  pick<T>(of: readonly T[]): T;
}

/** Random choices that a seed reproduces (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { below, pick: <T>(of: readonly T[]): T => of[below(of.length)] as T };
}

/** Returns the seed of this run and prints it. SEED=… reproduces the run. */
export function seedOf(suite: string): number {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  console.info(`${suite} SEED=${seed}`);
  return seed;
}
