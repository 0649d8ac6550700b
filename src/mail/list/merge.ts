import { compareHeads, type Head, type ListSource } from './list-source.ts';

/** One item of a merged page and the account that it came from. */
export interface Merged<T> {
  readonly source: ListSource<T>;
  readonly head: Head<T>;
}

/**
 * The next `first` items over all sources, newest first. An item is taken only while every source that is still alive
 * has one to compare it with; sources that ran dry are read together, in waves, until the page is full.
 */
export async function mergePage<T>(sources: readonly ListSource<T>[], first: number): Promise<Merged<T>[]> {
  const page: Merged<T>[] = [];
  while (page.length < first) {
    const starving = sources.filter((source) => source.starving);
    if (starving.length > 0) {
      await Promise.all(starving.map((source) => source.fill(first)));
      continue;
    }
    const next = newest(sources);
    if (!next) break;
    page.push({ source: next, head: next.show() });
  }
  return page;
}

function newest<T>(sources: readonly ListSource<T>[]): ListSource<T> | null {
  let best: ListSource<T> | null = null;
  for (const source of sources) {
    if (source.head && (!best?.head || before(source, best))) best = source;
  }
  return best;
}

function before<T>(a: ListSource<T>, b: ListSource<T>): boolean {
  if (!a.head || !b.head) return false;
  if (a.head.at !== b.head.at) return a.head.at > b.head.at;
  return a.key === b.key ? compareHeads(a.head, b.head) < 0 : a.key < b.key;
}
