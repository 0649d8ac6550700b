import { compareHeads, type MergeSource } from './list-source.ts';

/** One item of a merged page and the account that it came from. */
export interface Merged<S extends MergeSource<unknown>> {
  readonly source: S;
  readonly head: NonNullable<S['head']>;
}

/**
 * The next `first` items over all sources, newest first. An item is taken only while every source that is still alive
 * has one to compare it with; sources that ran dry are read together until each has one or can give none. Once that
 * takes longer than `readAheadAfterMs`, the others read ahead what the page may still need of them: the page then
 * takes as long as its slowest source, and not as long as all of them one after the other.
 */
export async function mergePage<S extends MergeSource<unknown>>(
  sources: readonly S[],
  first: number,
  readAheadAfterMs: number,
): Promise<Merged<S>[]> {
  const page: Merged<S>[] = [];
  while (page.length < first) {
    const starving = sources.filter((source) => source.starving);
    if (starving.length > 0) {
      const fed = Promise.all(starving.map((source) => whileNeeded(source, first, () => source.starving)));
      await (sources.length > 1 ? withReadAhead(fed, sources, first, first - page.length, readAheadAfterMs) : fed);
      continue;
    }
    const next = newest(sources);
    if (!next) break;
    page.push({ source: next, head: next.show() as NonNullable<S['head']> });
  }
  return page;
}

/** Waits for `fed`. Sources that have less than `wanted` read on meanwhile, if it takes its time. */
async function withReadAhead(
  fed: Promise<unknown>,
  sources: readonly MergeSource<unknown>[],
  first: number,
  wanted: number,
  afterMs: number,
): Promise<void> {
  let waiting = true;
  const ahead = () => {
    for (const source of sources) void whileNeeded(source, first, () => waiting && source.canReadAhead(wanted));
  };
  const timer = setTimeout(ahead, afterMs);
  await fed;
  waiting = false;
  clearTimeout(timer);
}

async function whileNeeded(source: MergeSource<unknown>, size: number, isNeeded: () => boolean): Promise<void> {
  while (isNeeded()) await source.fill(size);
}

/** The source whose head comes first; null where none has one. */
export function newest<S extends MergeSource<unknown>>(sources: readonly S[]): S | null {
  let best: S | null = null;
  for (const source of sources) {
    if (source.head && (!best?.head || before(source, best))) best = source;
  }
  return best;
}

function before(a: MergeSource<unknown>, b: MergeSource<unknown>): boolean {
  if (!a.head || !b.head) return false;
  if (a.head.at !== b.head.at) return a.head.at > b.head.at;
  return a.key === b.key ? compareHeads(a.head, b.head) < 0 : a.key < b.key;
}
