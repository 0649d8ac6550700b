import { setMaxListeners } from 'node:events';
import type { MailError } from '../../domain/error.ts';
import { shortHash } from '../../platform/short-hash.ts';
import { isUnreadable, type Unreadable } from '../../providers/contract/list.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { tooSlow } from '../account/reader.ts';
import { type AccountQuery, AccountReads, type SearchEvaluation } from './account-reads.ts';
import type { ListKind, Shape } from './list-kind.ts';
import {
  isUnion,
  type ListPlace,
  MAX_MARKS,
  markOf,
  packUnion,
  restartAt,
  type ShownItem,
  START,
  secondOf,
  unpackUnion,
  withShown,
} from './list-place.ts';
import { type Clock, type Head, type MergeSource, NativeList, newest, shownItem } from './native-list.ts';

/** What an account brought to a page. COMPLETE: what was asked. PARTIAL: some, and `error` says why not all. FAILED: nothing. */
export interface SourceReport {
  readonly account: MailAccount;
  readonly state: 'COMPLETE' | 'PARTIAL' | 'FAILED';
  readonly evaluation: SearchEvaluation | null;
  readonly error: unknown;
}

interface ListTime {
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** How long the account may be read for this page, in milliseconds. */
  readonly deadlineMs: number;
}

/** A page of a union asks none of its lists for fewer: they are shown unevenly. */
const MIN_PAGE = 10;

interface Taken<T> {
  readonly list: NativeList<T>;
  /** Null: another list had it first. */
  readonly shown: ShownItem | null;
}

/**
 * One account's part in a merged list, for one page of it: one native list, or the union of several, newest first and each
 * item once. An item is offered only while every list has one to compare it with. One that failed, or that may read no
 * more for now, ends the account's part for this page: what the others have may lie behind what it would have brought.
 */
export class AccountList<T> implements MergeSource<T> {
  readonly key: string;
  private readonly shape: Shape<T>;
  private readonly clock: SourceClock;
  private readonly reads: AccountReads<T>;
  private lists: readonly NativeList<T>[] | null = null;
  private print = '';
  /** Why the lists could not be opened. */
  private closed: unknown = null;
  private readonly taken: Taken<T>[] = [];
  /** Marks of what was shown; of earlier pages those of the last second, and the newest MAX_MARKS of what may sink. */
  private readonly shown: Set<string>;
  private atOnce = 1;
  private filling: Promise<void> | null = null;
  private shownCount = 0;
  /** Why the first item that was shown without its content could not be read. */
  private unreadable: MailError | null = null;

  constructor(
    readonly account: MailAccount,
    kind: ListKind<T>,
    query: AccountQuery,
    private readonly start: ListPlace,
    { signal, deadlineMs }: ListTime,
  ) {
    this.key = account.id;
    this.shape = kind.shape;
    this.reads = new AccountReads(account, kind, query, start.evaluation);
    this.clock = new SourceClock(signal, deadlineMs, () => tooSlow(account.integration.address, deadlineMs));
    const isOfUnion = start.after !== null && isUnion(start.after);
    this.shown = new Set([...start.lastSecond, ...(isOfUnion ? start.seen : [])]);
  }

  /** Once, when the page is done: ends what still reads. */
  close(): void {
    this.clock.close();
    this.reads.close();
  }

  /** Why the request itself is at fault, which fails it whatever other accounts bring. */
  get refusal(): MailError | null {
    return this.reads.refusal;
  }

  /** Names of mailboxes that the query mentions and this account has; null until its mailboxes were read. */
  get knownNames(): ReadonlySet<string> | null {
    return this.reads.knownNames;
  }

  /** What it brought to the page. */
  get report(): SourceReport {
    const { account, failure, unreadable } = this;
    const { evaluation } = this.reads;
    if (failure) return { account, state: this.shownCount > 0 ? 'PARTIAL' : 'FAILED', evaluation, error: failure };
    return { account, state: unreadable ? 'PARTIAL' : 'COMPLETE', evaluation, error: unreadable };
  }

  get head(): Head<T> | undefined {
    return this.isHeldUp ? undefined : newest(this.lists ?? [])?.head;
  }

  get starving(): boolean {
    if (this.lists === null) return !this.start.finished && this.closed === null;
    const dry = this.lists.filter((list) => !list.head && list.unfinished);
    return dry.length > 0 && dry.every((list) => list.starving);
  }

  get unfinished(): boolean {
    return this.lists === null ? !this.start.finished : this.lists.some((list) => list.unfinished);
  }

  /** Why it stopped; what it had read before still counts. */
  get failure(): unknown {
    return this.closed ?? this.lists?.find((list) => list.failure)?.failure ?? null;
  }

  canReadAhead(wanted: number): boolean {
    const [only, ...others] = this.lists ?? [];
    // Of several lists all read together, each more than its share: that is ahead enough.
    return only && others.length === 0 ? only.canReadAhead(wanted) : this.starving;
  }

  show(): Head<T> {
    const list = this.head && newest(this.lists ?? []);
    if (!list) throw new RangeError('there is no head to show');
    const head = list.show();
    const shown = shownItem(head);
    this.taken.push({ list, shown });
    this.shown.add(shown.mark);
    this.shownCount++;
    if (isUnreadable(head.item as object)) this.unreadable ??= (head.item as Unreadable).error;
    this.passOver();
    return head;
  }

  /** A failure is told by `failure`. */
  fill(size: number): Promise<void> {
    this.filling ??= this.fillOnce(size).finally(() => {
      this.filling = null;
    });
    return this.filling;
  }

  /** The place behind the first `count` items that this account showed. */
  place(count: number): ListPlace {
    return { ...this.placeBehind(count), evaluation: this.reads.decidedBy };
  }

  private placeBehind(count: number): ListPlace {
    const { lists, start } = this;
    if (lists === null) return start;
    const behind = this.taken.slice(0, this.takenFor(count));
    const places = lists.map((one) => one.place(behind.filter(({ list }) => list === one).length));
    const [only, ...others] = places;
    if (only && others.length === 0) return only;
    const shown = behind.flatMap((taken) => taken.shown ?? []);
    const { last, lastSecond, seen: marks } = withShown(start, shown);
    const seen = new Set(this.shape.sinks ? [...marks].slice(-MAX_MARKS) : []);
    const after = places.length === 0 ? null : packUnion(this.print, places);
    const newest = start.newest ?? shown.find(({ at }) => at !== null)?.at ?? null;
    return { ...START, after, seen, last, lastSecond, newest, finished: places.every((place) => place.finished) };
  }

  private get isHeldUp(): boolean {
    return this.lists?.some((list) => !list.head && list.unfinished) ?? true;
  }

  private async fillOnce(size: number): Promise<void> {
    try {
      this.lists ??= await this.clock.during(() => this.openLists());
    } catch (error) {
      this.closed = error;
      return;
    }
    const { lists } = this;
    const starving = lists.filter((list) => list.starving);
    const open = starving.length > 0 ? starving : lists.filter((list) => list.canReadAhead(size));
    this.atOnce = Math.max(1, open.length);
    // Twice its even share: of most lists that is enough for a page, and no list is read whole for the sake of another.
    const share = Math.min(size, Math.max(MIN_PAGE, Math.ceil((2 * size) / lists.length)));
    await Promise.all(open.map((list) => list.fill(lists.length === 1 ? size : share, size)));
    this.passOver();
  }

  private async openLists(): Promise<readonly NativeList<T>[]> {
    const branches = await this.reads.open(this.clock.signal);
    this.print = shortHash(branches.map(({ print }) => print).join(), 8);
    const places = this.placesOf(branches.length);
    return branches.map(
      ({ read }, n) =>
        new NativeList(
          this.key,
          places[n] ?? START,
          this.shape,
          (request, signal) => read(request, signal, this.atOnce),
          this.clock,
        ),
    );
  }

  /** Where each list begins. Lists that have changed since the cursor was made are opened again, behind what was shown. */
  private placesOf(count: number): readonly ListPlace[] {
    const { start } = this;
    const { after } = start;
    if (after === null) return Array.from({ length: count }, () => start);
    if (count === 1) return [isUnion(after) ? restartAt(start) : start];
    const places = unpackUnion(this.print, count, after) ?? Array.from({ length: count }, () => restartAt(start));
    // No list goes on above what was shown of all of them, and none of them began earlier than the others.
    const { last, lastSecond, newest } = start;
    if (last === null) return places;
    return places.map((place) => ({ ...place, last, lastSecond, newest: newest ?? place.newest }));
  }

  /** Takes what another list had first, so that each head is new. */
  private passOver(): void {
    while (!this.isHeldUp) {
      const list = newest(this.lists ?? []);
      if (!list?.head || !(this.shown.has(markOf(list.head.id)) || this.isPassed(list.head))) return;
      list.show();
      this.taken.push({ list, shown: null });
    }
  }

  /**
   * Whether the union has passed the place of an item: what was shown of one list may have come to meet another one meanwhile,
   * as what is read is no longer unread. Of what moves, what stands in the second of the newest may have come there since: of
   * that the marks tell.
   */
  private isPassed({ item }: Head<T>): boolean {
    const { last, newest } = this.start;
    if (last === null || (this.lists?.length ?? 0) < 2 || isUnreadable(item as object)) return false;
    const second = secondOf(this.shape.stood(item as T, newest ?? last));
    return second > secondOf(last) && !(this.shape.sinks && second === secondOf(newest ?? last));
  }

  /** How much was taken until `count` items were shown, what was passed over behind the last of them included. */
  private takenFor(count: number): number {
    let shown = 0;
    for (const [index, taken] of this.taken.entries()) if (taken.shown && ++shown > count) return index;
    return this.taken.length;
  }
}

/**
 * How long one account may be read for one page. It runs only while that account is being read: the time for which a
 * page waits for another account is not charged to this one, which would then be said not to have answered.
 */
export class SourceClock implements Clock {
  private readonly controller = new AbortController();
  private running = 0;
  private startedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parent: AbortSignal,
    private leftMs: number,
    /** Makes the reason with which the signal aborts once the time is used up. */
    private readonly expired: () => Error,
    private readonly now: () => number = () => performance.now(),
  ) {
    setMaxListeners(0, this.signal);
    if (parent.aborted) this.follow();
    parent.addEventListener('abort', this.follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.start();
    try {
      return await work();
    } finally {
      this.stop();
    }
  }

  /** Ends what still reads, and lets go of the client's signal. */
  close(): void {
    clearTimeout(this.timer);
    this.parent.removeEventListener('abort', this.follow);
    this.controller.abort(new Error('the page is done'));
  }

  private start(): void {
    this.running++;
    if (this.running > 1 || this.signal.aborted) return;
    this.startedAt = this.now();
    this.timer = setTimeout(() => this.controller.abort(this.expired()), this.leftMs);
  }

  private stop(): void {
    this.running--;
    if (this.running > 0) return;
    clearTimeout(this.timer);
    this.leftMs = Math.max(0, this.leftMs - (this.now() - this.startedAt));
  }

  private readonly follow = (): void => this.controller.abort(this.parent.reason);
}
