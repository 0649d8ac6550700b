import type { MailError } from '../../domain/error.ts';
import type { Condition } from '../../domain/search/condition.ts';

/** A position in a list or in a mailbox's history, in the provider's own form. Never a URL, because clients send it back. */
export type Cursor = string;

/** One slot per id, in the order of the ids, as DataLoader requires. A slot holds NOT_FOUND where no such item exists. */
export type Batch<T> = readonly (T | MailError)[];

export interface PageRequest {
  /** The maximum number of items, from 1 to 100. `upTo` may raise it. */
  readonly size: number;
  /** The provider may return up to this many items where the further ones cost no extra request. Absent or less than `size`: `size` is the maximum. */
  readonly upTo?: number;
  /** Null: begin with the newest item. */
  readonly after: Cursor | null;
  /**
   * Returns true for items that the caller has already shown. The provider need not read them and leaves them out
   * of `items`. They count towards `size`, so a page may have fewer items, and
   * ends where it would end without.
   */
  readonly skip?: (id: string) => boolean;
  /** How much of each message the caller will read; 'envelope' when absent. A provider may ignore it and return envelopes. */
  readonly detail?: Detail;
  /** Only items that the list has before this moment, exclusive. It continues a list without a cursor. A thread's moment is its `lastMessageAt`. */
  readonly before?: Date;
  /**
   * The moment of the newest item when the list was first read. It restarts a list: a thread keeps the position that it had
   * then, and newer threads are left out.
   */
  readonly start?: Date;
  /**
   * The maximum number of messages to read for this page, or of requests that cost as much quota. A page that reaches it ends
   * early and has a `next`. Absent: about the cost of one page.
   */
  readonly budget?: number;
}

/**
 * One page of a list, newest first (by `receivedAt`, or by `lastMessageAt` for threads). `next` is null at the end. A cursor
 * stays valid while mail arrives: the following pages neither repeat nor omit an item that existed when the first page was
 * read. A thread is omitted when it rises above the cursor: a newer message of it is restored from trash or junk, or comes to
 * match, and those below the cursor are removed. A page may be empty and still have a `next`. Throws CURSOR_EXPIRED when the
 * provider no longer accepts the cursor.
 */
export interface Page<T> {
  readonly items: readonly (T | Unreadable)[];
  readonly next: Cursor | null;
  /** How the condition was evaluated. Absent where the query has no condition. */
  readonly evaluation?: Evaluation;
  /** The number of messages that were read for this page, including those that did not match, or of requests at the same quota cost. */
  readonly spent?: number;
  /** The provider ended the list although it has further matches: Graph's search returns at most 1,000. */
  readonly truncated?: boolean;
}

/** An item that exists but could not be read. */
export interface Unreadable {
  readonly id: string;
  readonly error: MailError;
}

export const isUnreadable = (item: object): item is Unreadable => 'error' in item;

/**
 * NATIVE: the provider's own answer is exact for this condition. FILTERED: the provider returned candidates, and the gateway
 * checked each of them (`matches`). INDEXED: the provider's index decided a part of the condition, such as words in bodies.
 * A condition with a part for which `MailSession.decides` returns indexed is INDEXED, and one of exact parts alone is NATIVE. Any
 * other is FILTERED, or NATIVE where the provider's answer needs no check.
 */
export type Evaluation = 'NATIVE' | 'FILTERED' | 'INDEXED';

export interface ListQuery {
  /**
   * The provider's id of one mailbox; null: the whole account. Both leave out trash and junk, unless the mailbox is one of these.
   * A list of a mailbox that `listMailboxes` does not have throws NOT_FOUND.
   */
  readonly mailboxId: string | null;
  /**
   * It may include trash and junk, by the rule of `visibleOnly` (domain/search/visibility.ts). It is a single alternative of
   * `branchesOf`: no part of it mixes what the index decides (`MailSession.decides`) with what an envelope decides.
   */
  readonly where: Condition | null;
}

export type Detail = 'envelope' | 'full';
