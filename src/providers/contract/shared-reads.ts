import { isMailError } from '../../domain/error.ts';

/**
 * Reads that several lists of one page have in common, such as a thread that is in two of them, are made once. Nothing is kept
 * beyond the page, and failed reads are not kept at all.
 */
export class SharedReads {
  private readonly known = new Map<string, Promise<unknown>>();

  async once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const [one] = await this.each(key, [''], async () => [await read()]);
    return one as T;
  }

  /** Returns one slot per key, in their order. Calls `read` for the keys that were not read yet, and again for those whose read failed for another list. */
  async each<T>(
    kind: string,
    keys: readonly string[],
    read: (keys: readonly string[]) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const missing = keys.filter((key) => !this.known.has(kind + key));
    const others = keys
      .filter((key) => !missing.includes(key))
      .map((key) => [key, this.known.get(kind + key)] as const);
    const reading = missing.length === 0 ? Promise.resolve([]) : read(missing);
    for (const [n, key] of missing.entries())
      this.keep(
        kind + key,
        reading.then((all) => all[n] as T),
      );
    const answers = new Map((await reading).map((one, n) => [missing[n], one]));
    const settled = await Promise.allSettled(others.map(([, known]) => known as Promise<T>));
    const failed: string[] = [];
    for (const [n, [key]] of others.entries()) {
      const one = settled[n];
      if (one?.status === 'fulfilled' && !isMailError(one.value)) answers.set(key, one.value);
      else failed.push(key);
    }
    const repeated = failed.length === 0 ? [] : await read(failed);
    for (const [n, key] of failed.entries()) answers.set(key, repeated[n] as T);
    return keys.map((key) => answers.get(key) as T);
  }

  private keep<T>(key: string, reading: Promise<T>): void {
    this.known.set(key, reading);
    const forget = () => {
      if (this.known.get(key) === reading) this.known.delete(key);
    };
    reading.then((one) => isMailError(one) && forget(), forget);
  }
}
