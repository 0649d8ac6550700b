/** Runs at most `width` tasks at once, in the order of the calls. A client must do at least this to be accepted. */
export function limited(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (busy >= width) await new Promise<void>((admit) => waiting.push(admit));
    else busy++;
    try {
      return await work();
    } finally {
      // The next waiting task gets the slot. It becomes free if none waits.
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };
}
