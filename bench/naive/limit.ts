/** At most `width` at once, in the order asked: the least that a client must do not to be refused. */
export function limited(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (busy >= width) await new Promise<void>((admit) => waiting.push(admit));
    else busy++;
    try {
      return await work();
    } finally {
      // The place passes on; it is free when nobody waits.
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };
}
