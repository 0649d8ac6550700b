import type { MailError } from '../../domain/error.ts';
import { shortHash } from '../../platform/short-hash.ts';
import { isUnreadable, type Unreadable } from '../../providers/contract/list.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { tooSlow } from '../account/reader.ts';
import type { AccountQuery } from './account-queries.ts';
import { AccountReads, type SearchEvaluation } from './account-reads.ts';
import type { ListKind, Shape } from './list-kind.ts';
import {
  isUnion,
  itemMarkOf,
  type ListPosition,
  MAX_MARKS,
  packUnion,
  restartAt,
  type ShownItem,
  START,
  secondOf,
  unpackUnion,
  withShown,
} from './list-position.ts';
import { type Head, type MergeInput, newest } from './merge.ts';
import { NativeList, shownItem } from './native-list.ts';
import { PausableDeadline } from './pausable-deadline.ts';

/**
 * What an account contributed to a page. COMPLETE: all of its items. PARTIAL: some, and `error` says why not all. FAILED:
 * none.
 */
export interface SourceReport {
  readonly account: MailAccount;
  readonly state: 'COMPLETE' | 'PARTIAL' | 'FAILED';
  readonly evaluation: SearchEvaluation | null;
  readonly error: unknown;
}

interface ListTime {
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  /** Milliseconds that the account may be read for this page. */
  readonly deadlineMs: number;
}

/** The smallest page that a list of a union is asked for, because the lists contribute unevenly. */
const MIN_PAGE = 10;

interface ConsumedItem<T> {
  readonly list: NativeList<T>;
  /** Null: another list of the union has already shown this item. */
  readonly shown: ShownItem | null;
}

/**
 * The part of one account in one page of a merged list: one native list, or a union of several, newest first and each item
 * once. An item is offered only while every list that has more items can be compared with it. A list that fails, or that
 * may not read more for now, ends the part of the account on this page: its missing items may come before those of the
 * other lists.
 */
export class AccountList<T> implements MergeInput<T> {
  readonly key: string;
  private readonly shape: Shape<T>;
  private readonly deadline: PausableDeadline;
  private readonly reads: AccountReads<T>;
  private lists: readonly NativeList<T>[] | null = null;
  private fingerprint = '';
  /** Why the lists could not be opened. */
  private openFailure: unknown = null;
  private readonly consumed: ConsumedItem<T>[] = [];
  /**
   * Marks of the items that were shown. Of earlier pages these are the marks of the last second, and the newest MAX_MARKS
   * where items can move down.
   */
  private readonly shown: Set<string>;
  private concurrentReads = 1;
  private filling: Promise<void> | null = null;
  private shownCount = 0;
  /** Why the first item that was shown without its content could not be read. */
  private unreadable: MailError | null = null;

  constructor(
    readonly account: MailAccount,
    kind: ListKind<T>,
    query: AccountQuery,
    private readonly start: ListPosition,
    { signal, deadlineMs }: ListTime,
  ) {
    this.key = account.id;
    this.shape = kind.shape;
    this.reads = new AccountReads(account, kind, query, start.evaluation);
    this.deadline = new PausableDeadline(signal, deadlineMs, () => tooSlow(account.integration.address, deadlineMs));
    const isOfUnion = start.after !== null && isUnion(start.after);
    this.shown = new Set([...start.lastSecond, ...(isOfUnion ? start.seen : [])]);
  }

  /** Aborts the reads in progress. Called once, when the page is complete. */
  close(): void {
    this.deadline.close();
    this.reads.close();
  }

  /** An error in the request itself. It fails the whole list, whatever other accounts return. */
  get refusal(): MailError | null {
    return this.reads.refusal;
  }

  /** The mailbox names in the query that this account has. Null until its mailboxes were read. */
  get knownNames(): ReadonlySet<string> | null {
    return this.reads.knownNames;
  }

  /** What the account contributed to the page. */
  get report(): SourceReport {
    const { account, failure, unreadable } = this;
    const { evaluation } = this.reads;
    if (failure) return { account, state: this.shownCount > 0 ? 'PARTIAL' : 'FAILED', evaluation, error: failure };
    return { account, state: unreadable ? 'PARTIAL' : 'COMPLETE', evaluation, error: unreadable };
  }

  get head(): Head<T> | undefined {
    return this.isBlocked ? undefined : newest(this.lists ?? [])?.head;
  }

  get isStarving(): boolean {
    if (this.lists === null) return !this.start.finished && this.openFailure === null;
    // Asked before each item of a page: mostly no list is dry, and then nothing is to be collected.
    if (!this.lists.some((list) => !list.head && list.hasMore)) return false;
    return this.lists.every((list) => list.head || !list.hasMore || list.isStarving);
  }

  get hasMore(): boolean {
    return this.lists === null ? !this.start.finished : this.lists.some((list) => list.hasMore);
  }

  /** Why reading stopped. Items that were read before are still shown. */
  get failure(): unknown {
    return this.openFailure ?? this.lists?.find((list) => list.failure)?.failure ?? null;
  }

  canReadAhead(wanted: number): boolean {
    const [only, ...others] = this.lists ?? [];
    // The lists of a union are read together, and each reads more than its share, so none needs to read ahead.
    return only && others.length === 0 ? only.canReadAhead(wanted) : this.isStarving;
  }

  show(): Head<T> {
    const list = this.isBlocked ? null : newest(this.lists ?? []);
    if (!list) throw new RangeError('there is no head to show');
    const head = list.show();
    const shown = shownItem(head);
    this.consumed.push({ list, shown });
    this.shown.add(shown.mark);
    this.shownCount++;
    if (isUnreadable(head.item as object)) this.unreadable ??= (head.item as Unreadable).error;
    this.skipDuplicates();
    return head;
  }

  /** Reads more items. An error is kept in `failure`. */
  fill(size: number): Promise<void> {
    this.filling ??= this.fillOnce(size).finally(() => {
      this.filling = null;
    });
    return this.filling;
  }

  /** The position after the first `count` items that this account showed. */
  positionAfter(count: number): ListPosition {
    return { ...this.positionBehind(count), evaluation: this.reads.decidedBy };
  }

  private positionBehind(count: number): ListPosition {
    const { lists, start } = this;
    if (lists === null) return start;
    const behind = this.consumed.slice(0, this.consumedFor(count));
    const positions = lists.map((one) => one.positionAfter(behind.filter(({ list }) => list === one).length));
    const [only, ...others] = positions;
    if (only && others.length === 0) return only;
    const shown = behind.flatMap((consumed) => consumed.shown ?? []);
    const { last, lastSecond, seen: marks } = withShown(start, shown);
    const seen = new Set(this.shape.canMoveDown ? [...marks].slice(-MAX_MARKS) : []);
    const after = positions.length === 0 ? null : packUnion(this.fingerprint, positions);
    const newest = start.newest ?? shown.find(({ at }) => at !== null)?.at ?? null;
    return {
      ...START,
      after,
      seen,
      last,
      lastSecond,
      newest,
      finished: positions.every((position) => position.finished),
    };
  }

  private get isBlocked(): boolean {
    return this.lists?.some((list) => !list.head && list.hasMore) ?? true;
  }

  private async fillOnce(size: number): Promise<void> {
    try {
      this.lists ??= await this.deadline.run(() => this.openLists());
    } catch (error) {
      this.openFailure = error;
      return;
    }
    const { lists } = this;
    const starving = lists.filter((list) => list.isStarving);
    const open = starving.length > 0 ? starving : lists.filter((list) => list.canReadAhead(size));
    this.concurrentReads = Math.max(1, open.length);
    // Twice the even share of a list is usually enough for a page, and no list is read completely for the sake of another.
    const share = Math.min(size, Math.max(MIN_PAGE, Math.ceil((2 * size) / lists.length)));
    await Promise.all(open.map((list) => list.fill(lists.length === 1 ? size : share, size)));
    this.skipDuplicates();
  }

  private async openLists(): Promise<readonly NativeList<T>[]> {
    const branches = await this.reads.open(this.deadline.signal);
    this.fingerprint = shortHash(branches.map(({ fingerprint }) => fingerprint).join(), 8);
    const positions = this.startPositions(branches.length);
    return branches.map(
      ({ read }, n) =>
        new NativeList(
          this.key,
          positions[n] ?? START,
          this.shape,
          (request, signal) => read(request, signal, this.concurrentReads),
          this.deadline,
        ),
    );
  }

  /** The start position of each list. Lists that have changed since the cursor was made start again behind what was shown. */
  private startPositions(count: number): readonly ListPosition[] {
    const { start } = this;
    const { after } = start;
    if (after === null) return Array.from({ length: count }, () => start);
    if (count === 1) return [isUnion(after) ? restartAt(start) : start];
    const positions =
      unpackUnion(this.fingerprint, count, after) ?? Array.from({ length: count }, () => restartAt(start));
    // No list continues above the last shown item, and all lists have the same start time.
    const { last, lastSecond, newest } = start;
    if (last === null) return positions;
    return positions.map((position) => ({ ...position, last, lastSecond, newest: newest ?? position.newest }));
  }

  /** Skips the items that another list has already shown, so that the head is always a new item. */
  private skipDuplicates(): void {
    while (!this.isBlocked) {
      const list = newest(this.lists ?? []);
      if (!list?.head || !(this.shown.has(itemMarkOf(list.head.id)) || this.wasPassed(list.head))) return;
      list.show();
      this.consumed.push({ list, shown: null });
    }
  }

  /**
   * Whether the page has passed the position of an item. An item can move from one list of the union to another between two
   * pages: a message that is marked as read leaves the list of unread messages. Where items can move down, an item in the
   * second of the newest item may have moved there, so only its mark says whether it was shown.
   */
  private wasPassed({ item }: Head<T>): boolean {
    const { last, newest } = this.start;
    if (last === null || (this.lists?.length ?? 0) < 2 || isUnreadable(item as object)) return false;
    const second = secondOf(this.shape.timeAsOf(item as T, newest ?? last));
    return second > secondOf(last) && !(this.shape.canMoveDown && second === secondOf(newest ?? last));
  }

  /** The number of items consumed when `count` items have been shown, including those skipped behind the last one. */
  private consumedFor(count: number): number {
    let shown = 0;
    for (const [index, consumed] of this.consumed.entries()) if (consumed.shown && ++shown > count) return index;
    return this.consumed.length;
  }
}
