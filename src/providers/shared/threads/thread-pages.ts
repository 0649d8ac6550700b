import type { Thread } from '../../../domain/thread.ts';
import type { Page, PageRequest } from '../../contract/list.ts';
import { HeadList } from './heads.ts';
import { openThreadPosition } from './thread-cursor.ts';
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
  const position = openThreadPosition(page, source.fingerprint);
  const order = new HeadList(source.order ?? source.matches, position.order);
  const found = source.order === null ? null : new HeadList(source.matches, position.found);
  await Promise.all([order.readMore(), found?.readMore()]);
  const reader = new ThreadReader(source, page, position);
  if (found?.ended) {
    const remaining = reader.remaining(found);
    const near = remaining.filter((id) => order.byThread.has(id)).length;
    const maxCollected = source.isHidden() ? MAX_COLLECTED_HIDDEN : MAX_COLLECTED;
    if (remaining.length <= reader.room || (remaining.length <= maxCollected && near < page.size))
      return reader.collect(remaining, found, order, position);
  }
  const walk = new ThreadWalk(reader, order, found);
  await runWalk(walk, reader);
  const next = walk.isAtEnd ? null : walk.position();
  if (next !== null || found === null || !source.isHidden() || !found.ended || position.isPartial)
    return reader.page(next, walk.isTruncated);
  // A thread whose last message was moved to trash or junk meanwhile is above the position of the walk by now.
  return reader.collect(
    reader.remaining(found).slice(0, MAX_COLLECTED_HIDDEN),
    found,
    order,
    walk.position(),
    walk.isTruncated,
  );
}

async function runWalk(walk: ThreadWalk, reader: ThreadReader): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const candidates = await walk.gather();
    if (candidates.length > 0) await walk.readCandidates(candidates);
    if (reader.isFull || walk.isAtEnd || reader.isSpent || walk.isAtBound) break;
  }
  if (reader.isFull) walk.lookAhead();
}
