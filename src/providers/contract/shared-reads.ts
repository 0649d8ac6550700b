import { isMailError } from '../../domain/error.ts';

/**
 * What several lists of one page have in common, as a thread that two of them hold: it is read once. Nothing is kept beyond the
 * page, nor what failed.
 */
export class SharedReads {
  private readonly known = new Map<string, Promise<unknown>>();

  async once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const [one] = await this.each(key, [''], async () => [await read()]);
    return one as T;
  }

  /** One slot per key, in the order asked; `read` is asked for those that nobody has read. A read that failed for another list is made again. */
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
    const again = failed.length === 0 ? [] : await read(failed);
    for (const [n, key] of failed.entries()) answers.set(key, again[n] as T);
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
