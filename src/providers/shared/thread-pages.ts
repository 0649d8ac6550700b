import type { Thread } from '../../domain/thread.ts';
import type { Page, PageRequest } from '../provider.ts';
import { HeadList, MAX_HEAD_PAGES } from './heads.ts';
import { openThreadPlace } from './thread-cursor.ts';
import { ThreadReader } from './thread-reader.ts';
import type { ThreadSource } from './thread-source.ts';
import { ThreadWalk } from './thread-walk.ts';

/** So many threads are read at once to be put in order, where all that match are known. */
const MAX_COLLECTED = 50;
/** Where the order of the list does not help: in trash and junk a thread stands at mail that is elsewhere. */
const MAX_COLLECTED_HIDDEN = 100;
const MAX_ROUNDS = 3;

/**
 * One page of threads, each at its `lastMessageAt`. A thread stands where its newest message outside of trash and junk does,
 * which need not be one that matches. So where few match, all of them are read and sorted; else all mail is walked, newest
 * first, and where a thread comes up for the first time is its place.
 */
export async function threadPage(source: ThreadSource, page: PageRequest): Promise<Page<Thread>> {
  const place = openThreadPlace(page, source.print);
  const isHiddenFromStart = source.visible === null && source.isHidden();
  const order = new HeadList(source.visible ?? source.matches, isHiddenFromStart ? place.found : place.order);
  const found = source.visible === null ? null : new HeadList(source.matches, place.found);
  await Promise.all([order.more(), found?.more()]);
  const reader = new ThreadReader(source, page, place);
  if (source.isHidden()) {
    const list = found ?? order;
    while (!list.ended && list.reads < MAX_HEAD_PAGES) await list.more();
    const open = reader.open(list);
    if (list.ended && open.length <= MAX_COLLECTED_HIDDEN) return reader.collect(open, list, order);
    return walked(new ThreadWalk(reader, list, null, true), reader);
  }
  if (found?.ended) {
    const open = reader.open(found);
    const near = open.filter((id) => order.byThread.has(id)).length;
    if (open.length <= page.size || (open.length <= MAX_COLLECTED && near < page.size))
      return reader.collect(open, found, order);
  }
  return walked(new ThreadWalk(reader, order, found, false), reader);
}

async function walked(walk: ThreadWalk, reader: ThreadReader): Promise<Page<Thread>> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const asked = await walk.gather();
    if (asked.length > 0) await walk.take(asked);
    if (reader.isFull || walk.isAtEnd || reader.isSpent || walk.isAtBound) break;
  }
  if (reader.isFull) walk.lookAhead();
  return reader.page(walk.isAtEnd ? null : walk.place(), walk.isTruncated);
}
