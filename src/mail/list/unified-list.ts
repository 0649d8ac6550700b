import { badInput } from '../../domain/error.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { type Detail, isUnreadable } from '../../providers/contract/list.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { mailboxNames } from '../search/resolve-mailboxes.ts';
import { IN_QUOTES, ROLES } from '../search/search-operators.ts';
import { AccountList, type SourceReport } from './account-list.ts';
import type { ListKind } from './list-kind.ts';
import { type ListCursors, type ListIdentity, type ListPosition, START } from './list-position.ts';
import { type MergedItem, mergePage } from './merge.ts';

interface ListRequest {
  readonly accounts: readonly MailAccount[];
  /** The list is of this mailbox only; `accounts` is then the one account that it belongs to. */
  readonly within?: Pick<Mailbox, 'id' | 'role'> | null;
  readonly condition: UserCondition | null;
  /** Identifies this list among all lists of the viewer, apart from its condition and kind. */
  readonly scope: readonly string[];
  readonly first: number;
  readonly after: string | null;
  readonly detail?: Detail;
}

interface ListEntry<T> {
  readonly account: MailAccount;
  /** Null where this item could not be read. */
  readonly item: T | null;
  /** Seals the cursor after this item. */
  readonly cursor: () => string;
}
export interface ListPage<T> {
  readonly entries: readonly ListEntry<T>[];
  readonly hasNextPage: boolean;
  /** Seals the cursor after the page. An empty page has one too. */
  readonly end: () => string;
  readonly sources: readonly SourceReport[];
  /** The error of the first account that failed, for lists that do not show their sources. */
  readonly failure: unknown;
}

interface UnifiedListOptions {
  readonly cursors: ListCursors;
  /** Milliseconds that one account may be read for one page. */
  readonly sourceDeadlineMs: number;
  /** The maximum number of messages of one account that are read for one page of a search, or the equivalent in quota. */
  readonly scanBudget: number;
}

/** The part of an account's deadline after which the other accounts read ahead instead of waiting for it. */
const READ_AHEAD_AFTER = 0.1;

/** The user who reads a list, as in ViewerMail. */
interface ListReader {
  readonly userId: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Lists over any number of accounts, merged newest first. An account that fails does not affect the others. */
export class UnifiedList {
  constructor(private readonly options: UnifiedListOptions) {}

  async page<T>(reader: ListReader, kind: ListKind<T>, request: ListRequest): Promise<ListPage<T>> {
    const { cursors, sourceDeadlineMs, scanBudget } = this.options;
    const identity: ListIdentity = {
      userId: reader.userId,
      query: [kind.name, request.scope, request.within?.id ?? null, request.condition],
    };
    const positions = request.after === null ? new Map<string, ListPosition>() : cursors.open(identity, request.after);
    const query = {
      within: request.within ?? null,
      condition: request.condition,
      detail: request.detail ?? 'envelope',
      scanBudget,
    };
    const time = { signal: reader.signal, deadlineMs: sourceDeadlineMs };
    const lists = request.accounts.map(
      (account) => new AccountList(account, kind, query, positions.get(account.id) ?? START, time),
    );
    const merged = await mergePage(lists, request.first, sourceDeadlineMs * READ_AHEAD_AFTER);
    for (const list of lists) list.close();
    reader.signal.throwIfAborted();
    const refusal = lists.find((list) => list.refusal)?.refusal;
    if (refusal) throw refusal;
    refuseUnknownNames(request.condition, lists);
    const sources = lists.map((list) => list.report);
    for (const source of sources) if (!isDatable(source)) source.account.recorder?.undated('a list that is not exact');
    const cursorAt = (count: number) => cursors.seal(identity, positionsAt(lists, merged, count));
    return {
      entries: merged.map(({ source, head }, index) => ({
        account: source.account,
        item: isUnreadable(head.item as object) ? null : (head.item as T),
        cursor: () => cursorAt(index + 1),
      })),
      hasNextPage: lists.some((list) => list.hasMore),
      end: () => cursorAt(merged.length),
      sources,
      failure: lists.find((list) => list.failure)?.failure ?? null,
    };
  }
}

/**
 * Whether a list changes with its account alone. One that is not complete depends on what else was read, and one that a search
 * index took part in on how far the index is.
 */
const isDatable = ({ state, evaluation }: SourceReport): boolean =>
  state === 'COMPLETE' && (evaluation === null || evaluation === 'NATIVE');

/** The position of each account after the first `count` items of the page. */
function positionsAt<T>(
  lists: readonly AccountList<T>[],
  merged: readonly MergedItem<AccountList<T>>[],
  count: number,
): ReadonlyMap<string, ListPosition> {
  const shown = new Map<AccountList<T>, number>();
  for (const { source } of merged.slice(0, count)) shown.set(source, (shown.get(source) ?? 0) + 1);
  return new Map(lists.map((list) => [list.key, list.positionAfter(shown.get(list) ?? 0)]));
}

/**
 * A name that only some accounts have matches nothing in the others. A name that no account has is a mistake, and is
 * refused.
 */
function refuseUnknownNames<T>(condition: UserCondition | null, lists: readonly AccountList<T>[]): void {
  const names = condition === null ? [] : mailboxNames(condition);
  if (names.length === 0 || lists.length === 0 || lists.some((list) => list.knownNames === null)) return;
  const unknown = names.find((name) => !lists.some((list) => list.knownNames?.has(name)));
  if (unknown !== undefined)
    throw badInput(
      `search has in:${unknown}, but none of the accounts has a mailbox of that name or role. Use in: with ${Object.keys(ROLES).join(', ')}, or with a mailbox's name or path (in quotes where it has a space). ${IN_QUOTES}`,
    );
}
