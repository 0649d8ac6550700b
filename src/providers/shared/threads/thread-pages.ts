import type { Thread } from '../../../domain/thread.ts';
import type { Page, PageRequest } from '../../contract/provider.ts';
import { HeadList } from './heads.ts';
import { openThreadPlace } from './thread-cursor.ts';
import { ThreadReader } from './thread-reader.ts';
import type { ThreadSource } from './thread-source.ts';
import { ThreadWalk } from './thread-walk.ts';

/** Maximum number of threads that are read together and sorted when all matching messages are known. */
const MAX_COLLECTED = 50;
/** The same for trash and junk, because all of their threads may be far down in the mailbox. */
const MAX_COLLECTED_HIDDEN = 100;
const MAX_ROUNDS = 3;

/**
 * Reads one page of threads, each at its `lastMessageAt`. A thread's position is that of its newest message outside
 * trash and junk, which need not be a matching one. When few threads match, all of them are read and sorted. Otherwise
 * all mail is walked, newest first, and a thread's position is where it first appears.
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
  // A thread whose last message was moved to trash or junk meanwhile is above the position of the walk by now.
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
