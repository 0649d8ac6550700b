import type { Unreadable } from '../../providers/contract/list.ts';

/** The first item of an input that has not been shown yet, with its time in the merged order. */
export interface Head<T> {
  readonly id: string;
  readonly at: number;
  readonly item: T | Unreadable;
}

/** A list, newest first, that is merged with others. */
export interface MergeInput<T> {
  /** The id of the integration, which orders items of one time from different accounts. */
  readonly key: string;
  readonly head: Head<T> | undefined;
  /** True when the input has no head now, but can read one: the merge waits for it. */
  readonly isStarving: boolean;
  /** Whether fewer than `wanted` items are buffered and more can be read while the merge waits for another input. */
  canReadAhead(wanted: number): boolean;
  /** Removes the head, as an item of the page. */
  show(): Head<T>;
  /** Reads more items behind the buffered ones. Never rejects. A call during a read waits for that read. */
  fill(size: number): Promise<void>;
}

/** An item of the merged page and the input that it came from. */
export interface MergedItem<S extends MergeInput<unknown>> {
  readonly source: S;
  readonly head: NonNullable<S['head']>;
}

/**
 * The next `first` items of all inputs, newest first. An item is taken only while every input that has more items has a head
 * to compare it with. Inputs without a head are read together until each has one or can give none. When that takes longer than
 * `readAheadAfterMs`, the other inputs read ahead what the page may still need of them: the page then takes as long as its
 * slowest input, and not as long as all inputs one after the other.
 */
export async function mergePage<S extends MergeInput<unknown>>(
  sources: readonly S[],
  first: number,
  readAheadAfterMs: number,
): Promise<MergedItem<S>[]> {
  const page: MergedItem<S>[] = [];
  while (page.length < first) {
    if (sources.some((source) => source.isStarving)) {
      const starving = sources.filter((source) => source.isStarving);
      const fed = Promise.all(starving.map((source) => fillWhile(source, first, () => source.isStarving)));
      await (sources.length > 1 ? withReadAhead(fed, sources, first, first - page.length, readAheadAfterMs) : fed);
      continue;
    }
    const next = newest(sources);
    if (!next) break;
    page.push({ source: next, head: next.show() as NonNullable<S['head']> });
  }
  return page;
}

/** Waits for `fed`. If that takes longer than `afterMs`, inputs with fewer than `wanted` items read ahead meanwhile. */
async function withReadAhead(
  fed: Promise<unknown>,
  sources: readonly MergeInput<unknown>[],
  first: number,
  wanted: number,
  afterMs: number,
): Promise<void> {
  let waiting = true;
  const ahead = () => {
    for (const source of sources) void fillWhile(source, first, () => waiting && source.canReadAhead(wanted));
  };
  const timer = setTimeout(ahead, afterMs);
  await fed;
  waiting = false;
  clearTimeout(timer);
}

async function fillWhile(source: MergeInput<unknown>, size: number, isNeeded: () => boolean): Promise<void> {
  while (isNeeded()) await source.fill(size);
}

/** The input whose head comes first. Null when none has a head. */
export function newest<S extends MergeInput<unknown>>(sources: readonly S[]): S | null {
  let best: S | null = null;
  let first: Head<unknown> | undefined;
  for (const source of sources) {
    // Finding the head of an account takes as long as comparing it, so it is found once.
    const { head } = source;
    if (!head || (best && first && !isBefore(head, source.key, first, best.key))) continue;
    best = source;
    first = head;
  }
  return best;
}

/** Newest first. Items of one time are ordered by account and then by id, so that every page agrees on their order. */
function isBefore(a: Head<unknown>, keyOfA: string, b: Head<unknown>, keyOfB: string): boolean {
  if (a.at !== b.at) return a.at > b.at;
  return keyOfA === keyOfB ? a.id < b.id : keyOfA < keyOfB;
}
