import { badInput } from '../../domain/error.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { type Detail, isUnreadable, type Unreadable } from '../../providers/contract/provider.ts';
import type { MailAccount } from '../account.ts';
import { tooSlow } from '../reader.ts';
import { mailboxNames } from '../search/resolve-mailboxes.ts';
import { IN_QUOTES, ROLES } from '../search/search-operators.ts';
import { AccountList, type SearchEvaluation } from './account-list.ts';
import { AccountSource } from './account-source.ts';
import type { ListCursors, ListIdentity } from './list-cursor.ts';
import type { ListKind } from './list-kind.ts';
import { type Merged, mergePage } from './merge.ts';
import { type ListPlace, START } from './place.ts';
import { SourceClock } from './source-clock.ts';

export interface ListRequest {
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

/** COMPLETE: it gave what was asked. PARTIAL: it gave some, and `error` says why not all. FAILED: nothing. */
export interface SourceReport {
  readonly account: MailAccount;
  readonly state: 'COMPLETE' | 'PARTIAL' | 'FAILED';
  readonly evaluation: SearchEvaluation | null;
  readonly error: unknown;
}
export interface ListEntry<T> {
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

interface Lane<T> {
  readonly list: AccountList<T>;
  readonly source: AccountSource<T>;
  readonly clock: SourceClock;
}

export interface UnifiedListOptions {
  readonly cursors: ListCursors;
  /** How long one account may be read for one page, in milliseconds. */
  readonly sourceDeadlineMs: number;
  /** How many messages of one account may be read for one page of a search, or as much quota as that costs. */
  readonly scanBudget: number;
}

/** After which part of the deadline of a source the others read ahead instead of waiting for it. */
const READ_AHEAD_AFTER = 0.1;

/** Who reads a list: ViewerMail is one. */
export interface ListReader {
  readonly userId: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** Lists over any number of accounts, merged newest first. One account failing takes nothing from the others. */
export class UnifiedList {
  constructor(private readonly options: UnifiedListOptions) {}

  async page<T>(reader: ListReader, kind: ListKind<T>, request: ListRequest): Promise<ListPage<T>> {
    const { cursors, sourceDeadlineMs } = this.options;
    const identity: ListIdentity = {
      userId: reader.userId,
      query: [kind.name, request.scope, request.within?.id ?? null, request.condition],
    };
    const places = request.after === null ? new Map<string, ListPlace>() : cursors.open(identity, request.after);
    const lanes = request.accounts.map((account) =>
      this.lane(reader, kind, request, account, places.get(account.id) ?? START),
    );
    const merged = await mergePage(
      lanes.map(({ source }) => source),
      request.first,
      sourceDeadlineMs * READ_AHEAD_AFTER,
    );
    for (const { clock, list } of lanes) {
      clock.close();
      list.close();
    }
    reader.signal.throwIfAborted();
    const refusal = lanes.find(({ list }) => list.refusal)?.list.refusal;
    if (refusal) throw refusal;
    refuseUnknownNames(request.condition, lanes);
    const cursorAt = (count: number) => cursors.seal(identity, placesAt(lanes, merged, count));
    const accounts = new Map(lanes.map(({ source, list }) => [source, list.account]));
    return {
      entries: merged.map(({ source, head }, index) => ({
        account: accounts.get(source) as MailAccount,
        item: isUnreadable(head.item as object) ? null : (head.item as T),
        cursor: () => cursorAt(index + 1),
      })),
      hasNextPage: lanes.some(({ source }) => source.unfinished),
      end: () => cursorAt(merged.length),
      sources: lanes.map((lane) => report(lane, merged)),
      failure: lanes.find(({ source }) => source.failure)?.source.failure ?? null,
    };
  }

  private lane<T>(
    reader: ListReader,
    kind: ListKind<T>,
    request: ListRequest,
    account: MailAccount,
    place: ListPlace,
  ): Lane<T> {
    const { sourceDeadlineMs, scanBudget } = this.options;
    const query = {
      within: request.within ?? null,
      condition: request.condition,
      detail: request.detail ?? 'envelope',
      scanBudget,
    };
    const list = new AccountList(account, kind, query, place.evaluation);
    const { address } = account.integration;
    const clock = new SourceClock(reader.signal, sourceDeadlineMs, () => tooSlow(address, sourceDeadlineMs));
    return {
      list,
      clock,
      source: new AccountSource(account.id, place, kind.shape, (signal) => list.open(signal), clock),
    };
  }
}

function placesAt<T>(
  lanes: readonly Lane<T>[],
  merged: readonly Merged<AccountSource<T>>[],
  count: number,
): ReadonlyMap<string, ListPlace> {
  const shown = new Map<AccountSource<T>, number>();
  for (const { source } of merged.slice(0, count)) shown.set(source, (shown.get(source) ?? 0) + 1);
  return new Map(
    lanes.map(({ source, list }): [string, ListPlace] => {
      const place = source.place(shown.get(source) ?? 0);
      return [source.key, { ...place, evaluation: list.decidedBy }];
    }),
  );
}

function report<T>({ list, source }: Lane<T>, merged: readonly Merged<AccountSource<T>>[]): SourceReport {
  const { account, evaluation } = list;
  if (source.failure)
    return { account, state: source.shownCount > 0 ? 'PARTIAL' : 'FAILED', evaluation, error: source.failure };
  const unreadable = merged.find((entry) => entry.source === source && isUnreadable(entry.head.item as object));
  if (!unreadable) return { account, state: 'COMPLETE', evaluation, error: null };
  return { account, state: 'PARTIAL', evaluation, error: (unreadable.head.item as Unreadable).error };
}

/** A name that some account has narrows the others to nothing; a name that none has is a slip of the pen. */
function refuseUnknownNames<T>(condition: UserCondition | null, lanes: readonly Lane<T>[]): void {
  const names = condition === null ? [] : mailboxNames(condition);
  if (names.length === 0 || lanes.length === 0 || lanes.some(({ list }) => list.knownNames === null)) return;
  const unknown = names.find((name) => !lanes.some(({ list }) => list.knownNames?.has(name)));
  if (unknown !== undefined)
    throw badInput(
      `search has in:${unknown}, but none of the accounts has a mailbox of that name or role. Use in: with ${Object.keys(ROLES).join(', ')}, or with a mailbox's name or path (in quotes where it has a space). ${IN_QUOTES}`,
    );
}
