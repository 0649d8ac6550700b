import type { Thread } from '../../../domain/thread.ts';
import type { Page, PageRequest } from '../../contract/provider.ts';
import { HeadList } from './heads.ts';
import { openThreadPlace } from './thread-cursor.ts';
import { ThreadReader } from './thread-reader.ts';
import type { ThreadSource } from './thread-source.ts';
import { ThreadWalk } from './thread-walk.ts';

/** So many threads are read at once to be put in order, where all that match are known. */
const MAX_COLLECTED = 50;
/** In trash and junk, whose threads may all stand far below in the mailbox. */
const MAX_COLLECTED_HIDDEN = 100;
const MAX_ROUNDS = 3;

/**
 * One page of threads, each at its `lastMessageAt`. A thread stands where its newest message outside of trash and junk does,
 * which need not be one that matches. So where few match, all of them are read and sorted; else all mail is walked, newest
 * first, and where a thread comes up for the first time is its place.
 */
export async function threadPage(source: ThreadSource, page: PageRequest): Promise<Page<Thread>> {
  const place = openThreadPlace(page, source.print);
  const order = new HeadList(source.order ?? source.matches, place.order);
  const found = source.order === null ? null : new HeadList(source.matches, place.found);
  await Promise.all([order.more(), found?.more()]);
  const reader = new ThreadReader(source, page, place);
  if (found?.ended) {
    const open = reader.open(found);
    const near = open.filter((id) => order.byThread.has(id)).length;
    const most = source.isHidden() ? MAX_COLLECTED_HIDDEN : MAX_COLLECTED;
    if (open.length <= page.size || (open.length <= most && near < page.size))
      return reader.collect(open, found, order, place);
  }
  const walk = new ThreadWalk(reader, order, found);
  await walked(walk, reader);
  const next = walk.isAtEnd ? null : walk.place();
  if (next !== null || found === null || !source.isHidden() || !found.ended || place.isPartial)
    return reader.page(next, walk.isTruncated);
  // A thread whose last message outside of trash and junk went there meanwhile stands above the place of the walk by now.
  return reader.collect(
    reader.open(found).slice(0, MAX_COLLECTED_HIDDEN),
    found,
    order,
    walk.place(),
    walk.isTruncated,
  );
}

async function walked(walk: ThreadWalk, reader: ThreadReader): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const asked = await walk.gather();
    if (asked.length > 0) await walk.take(asked);
    if (reader.isFull || walk.isAtEnd || reader.isSpent || walk.isAtBound) break;
  }
  if (reader.isFull) walk.lookAhead();
}
