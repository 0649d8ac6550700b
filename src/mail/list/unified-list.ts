import { badInput } from '../../domain/error.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { type Detail, isUnreadable } from '../../providers/contract/list.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { mailboxNames } from '../search/resolve-mailboxes.ts';
import { IN_QUOTES, ROLES } from '../search/search-operators.ts';
import { AccountList, type SourceReport } from './account-list.ts';
import type { ListKind } from './list-kind.ts';
import { type ListCursors, type ListIdentity, type ListPlace, START } from './list-place.ts';
import { type MergeSource, newest } from './native-list.ts';

interface ListRequest {
  readonly accounts: readonly MailAccount[];
  /** A mailbox of the only account. */
  readonly within?: Pick<Mailbox, 'id' | 'role'> | null;
  readonly condition: UserCondition | null;
  /** What names this list among all lists of the viewer, without condition and kind. */
  readonly scope: readonly string[];
  readonly first: number;
  readonly after: string | null;
  readonly detail?: Detail;
}

interface ListEntry<T> {
  readonly account: MailAccount;
  /** Null where this one item could not be read. */
  readonly item: T | null;
  /** The cursor behind this item; sealed when called. */
  readonly cursor: () => string;
}
export interface ListPage<T> {
  readonly entries: readonly ListEntry<T>[];
  readonly hasNextPage: boolean;
  /** The cursor behind the page, also behind an empty one. */
  readonly end: () => string;
  readonly sources: readonly SourceReport[];
  /** Why the first account that failed did so; for lists that have no sources to show. */
  readonly failure: unknown;
}

interface UnifiedListOptions {
  readonly cursors: ListCursors;
  /** How long one account may be read for one page, in milliseconds. */
  readonly sourceDeadlineMs: number;
  /** How many messages of one account may be read for one page of a search, or as much quota as that costs. */
  readonly scanBudget: number;
}

/** After which part of the deadline of a source the others read ahead instead of waiting for it. */
const READ_AHEAD_AFTER = 0.1;

/** Who reads a list: ViewerMail is one. */
interface ListReader {
  readonly userId: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** Lists over any number of accounts, merged newest first. One account failing takes nothing from the others. */
export class UnifiedList {
  constructor(private readonly options: UnifiedListOptions) {}

  async page<T>(reader: ListReader, kind: ListKind<T>, request: ListRequest): Promise<ListPage<T>> {
    const { cursors, sourceDeadlineMs, scanBudget } = this.options;
    const identity: ListIdentity = {
      userId: reader.userId,
      query: [kind.name, request.scope, request.within?.id ?? null, request.condition],
    };
    const places = request.after === null ? new Map<string, ListPlace>() : cursors.open(identity, request.after);
    const query = {
      within: request.within ?? null,
      condition: request.condition,
      detail: request.detail ?? 'envelope',
      scanBudget,
    };
    const time = { signal: reader.signal, deadlineMs: sourceDeadlineMs };
    const lists = request.accounts.map(
      (account) => new AccountList(account, kind, query, places.get(account.id) ?? START, time),
    );
    const merged = await mergePage(lists, request.first, sourceDeadlineMs * READ_AHEAD_AFTER);
    for (const list of lists) list.close();
    reader.signal.throwIfAborted();
    const refusal = lists.find((list) => list.refusal)?.refusal;
    if (refusal) throw refusal;
    refuseUnknownNames(request.condition, lists);
    const cursorAt = (count: number) => cursors.seal(identity, placesAt(lists, merged, count));
    return {
      entries: merged.map(({ source, head }, index) => ({
        account: source.account,
        item: isUnreadable(head.item as object) ? null : (head.item as T),
        cursor: () => cursorAt(index + 1),
      })),
      hasNextPage: lists.some((list) => list.unfinished),
      end: () => cursorAt(merged.length),
      sources: lists.map((list) => list.report),
      failure: lists.find((list) => list.failure)?.failure ?? null,
    };
  }
}

/** Where each account is once the first `count` items of the page are shown. */
function placesAt<T>(
  lists: readonly AccountList<T>[],
  merged: readonly Merged<AccountList<T>>[],
  count: number,
): ReadonlyMap<string, ListPlace> {
  const shown = new Map<AccountList<T>, number>();
  for (const { source } of merged.slice(0, count)) shown.set(source, (shown.get(source) ?? 0) + 1);
  return new Map(lists.map((list) => [list.key, list.place(shown.get(list) ?? 0)]));
}

/** A name that some account has narrows the others to nothing; a name that none has is a slip of the pen. */
function refuseUnknownNames<T>(condition: UserCondition | null, lists: readonly AccountList<T>[]): void {
  const names = condition === null ? [] : mailboxNames(condition);
  if (names.length === 0 || lists.length === 0 || lists.some((list) => list.knownNames === null)) return;
  const unknown = names.find((name) => !lists.some((list) => list.knownNames?.has(name)));
  if (unknown !== undefined)
    throw badInput(
      `search has in:${unknown}, but none of the accounts has a mailbox of that name or role. Use in: with ${Object.keys(ROLES).join(', ')}, or with a mailbox's name or path (in quotes where it has a space). ${IN_QUOTES}`,
    );
}

/** One item of a merged page and the account that it came from. */
interface Merged<S extends MergeSource<unknown>> {
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
