import { badInput, isMailError, MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { EVERYTHING, isEverything, ordered, simplify } from '../../domain/search/algebra.ts';
import { branchesOf, MAX_BRANCHES, type SearchMeans } from '../../domain/search/branches.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import { abortable } from '../../platform/abort.ts';
import { shortHash } from '../../platform/short-hash.ts';
import type { Call } from '../../providers/contract/call.ts';
import {
  type Detail,
  type Evaluation,
  isUnreadable,
  type ListQuery,
  type Page,
  type Unreadable,
} from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import { SharedReads } from '../../providers/contract/shared-reads.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { MIN_READS_PER_ITEM } from '../account/page-reads.ts';
import { idsByName, isPlace, mailboxNames, needsMailboxes, resolveMailboxes } from '../search/resolve-mailboxes.ts';
import type { ListKind } from './list-kind.ts';
import { secondOf } from './list-place.ts';
import type { Reading, ReadRequest } from './native-list.ts';

/** Who did the searching in one account, and whether it came to an end. */
export type SearchEvaluation = Evaluation | 'TRUNCATED';

/** What a list asks of every account. */
export interface AccountQuery {
  /** When the list is one mailbox's: by the provider's id. */
  readonly within: Pick<Mailbox, 'id' | 'role'> | null;
  /** Null: not narrowed. */
  readonly condition: UserCondition | null;
  readonly detail: Detail;
  /** Messages that may be read for one page, or as much of the provider's quota as that costs. */
  readonly scanBudget: number;
}

/** A query in the account's own ids. */
interface AccountQueries {
  /** Native lists of which each may hold some of it and all together hold all of it. None where nothing can match. */
  readonly queries: readonly ListQuery[];
  /** Names of mailboxes that the query mentions and this account has. */
  readonly knownNames: ReadonlySet<string>;
}

/** One of the native lists that an account's part of a merged list is made of. */
interface Branch<T> {
  /** Tells it from others. */
  readonly print: string;
  /** As `ReadPage`; `atOnce`: how many of these lists are being read now, which share what may be spent. */
  read(request: ReadRequest, signal: AbortSignal, atOnce: number): Promise<Reading<T> | null>;
}

/** The later ones say less of a list, and say it of the whole list. */
const WEAKER: readonly Evaluation[] = ['NATIVE', 'FILTERED', 'INDEXED'];

/** Reads the pages of one account for a merged list: compiles the query into native lists, and keeps to the scan budget. */
export class AccountReads<T> {
  /** Names of mailboxes that the query mentions and this account has; null until its mailboxes were read. */
  knownNames: ReadonlySet<string> | null = null;
  /** Why the request itself is at fault, which fails it whatever other accounts bring. */
  refusal: MailError | null = null;
  private readonly shared = new SharedReads();
  private spent = 0;
  private isTruncated = false;
  private readonly endScan: () => void;

  constructor(
    readonly account: MailAccount,
    private readonly kind: ListKind<T>,
    private readonly query: AccountQuery,
    /**
     * Who decides: the weakest of what the pages say, those before this one included, for it is a property of the query and
     * not of the page. Null without a condition, and until something is known.
     */
    public decidedBy: Evaluation | null = null,
  ) {
    this.endScan = query.condition === null ? () => {} : account.scans.begin();
  }

  /** Once, when the page is done. */
  close(): void {
    this.endScan();
  }

  get evaluation(): SearchEvaluation | null {
    return this.isTruncated ? 'TRUNCATED' : this.decidedBy;
  }

  /** None where nothing can match. */
  async open(signal: AbortSignal): Promise<readonly Branch<T>[]> {
    const session = await abortable(this.account.session(), signal);
    const { queries, knownNames } = await abortable(this.queries(session), signal);
    this.knownNames = knownNames;
    this.say('NATIVE');
    return queries.map((query) => ({
      print: shortHash(JSON.stringify(query), 8),
      read: (request, readSignal, atOnce) => this.read(session, query, request, readSignal, atOnce),
    }));
  }

  private async queries(session: MailSession): Promise<AccountQueries> {
    try {
      return await accountQueries(this.account, session, this.query);
    } catch (error) {
      if (error instanceof TooMixed) this.refusal = error;
      throw error;
    }
  }

  private async read(
    session: MailSession,
    query: ListQuery,
    request: ReadRequest,
    signal: AbortSignal,
    atOnce: number,
  ): Promise<Reading<T> | null> {
    // A list that is not narrowed shows all that it reads.
    const isNarrowed = this.query.condition !== null;
    const allowed = isNarrowed ? this.allowed(request.size) : null;
    if (allowed === 0) {
      this.isTruncated = true;
      return null;
    }
    const budget = allowed === null ? null : Math.max(1, Math.floor(allowed / atOnce));
    const page = await this.page(session, query, request, budget, {
      signal,
      priority: 'interactive',
      shared: this.shared,
    }).catch((error: unknown) => {
      // From the top on there is no cursor that could be at fault: the provider cannot be asked for such a condition.
      if (isMailError(error) && error.code === 'BAD_USER_INPUT' && request.after === null)
        this.refusal = badInput(error.message);
      throw error;
    });
    for (const item of page.items) if (!isUnreadable(item as object)) this.kind.prime(this.account, item as T);
    this.say(page.evaluation ?? 'NATIVE');
    if (page.truncated) this.isTruncated = true;
    return { items: page.items, next: page.next };
  }

  /** How many messages may be read now for so many items: at first some for each of them, later no more than others have left. */
  private allowed(size: number): number {
    const { scanBudget } = this.query;
    const { scans } = this.account;
    const left = scanBudget - this.spent;
    if (left <= 0 || (this.spent > 0 && scans.isEmpty(scanBudget))) return 0;
    return Math.min(left, Math.max(MIN_READS_PER_ITEM * (size + 1), scans.share(scanBudget)));
  }

  /** From what an earlier page left over, from another list of this request that reads the same, or from the provider. */
  private async page(
    session: MailSession,
    query: ListQuery,
    request: ReadRequest,
    budget: number | null,
    call: Call,
  ): Promise<Page<T>> {
    const { kind, account } = this;
    const { after, before, start, size, upTo, skip, seen, again } = request;
    const place = [kind.name, query, after, before];
    const remembered = JSON.stringify([account.id, ...place]);
    // Bodies are not kept, not for a minute either.
    const known = again && this.query.detail === 'envelope' ? (account.memory.recall(remembered) as Page<T>) : null;
    if (known && !isNewer(kind, known, start))
      return { ...known, items: known.items.filter((item) => !skip(idOf(kind, item))) };
    const wanted = { size, skip, detail: this.query.detail, signal: call.signal };
    const key = JSON.stringify([...place, start, [...seen].sort()]);
    const { page, detail } = await account.pages.read<T>(key, wanted, kind.shape.id, async (asked, signal) => {
      const read = await kind.list(
        session,
        query,
        {
          ...asked,
          upTo,
          after,
          ...(before && { before }),
          ...(start && { start }),
          ...(budget !== null && { budget }),
        },
        { ...call, signal },
      );
      // Once for all who share it.
      if (budget !== null) account.scans.charge(spentOn(read) - this.costOf(read.items));
      return read;
    });
    this.spent += spentOn(page);
    if (!again && detail === 'envelope' && !page.items.some((item) => isUnreadable(item as object)))
      account.memory.remember(account.id, remembered, page);
    return page;
  }

  private costOf(items: readonly (T | Unreadable)[]): number {
    return items.reduce((sum, item) => sum + (isUnreadable(item as object) ? 1 : this.kind.cost(item as T)), 0);
  }

  private say(evaluation: Evaluation): void {
    if (this.query.condition === null) return;
    const said = this.decidedBy === null ? -1 : WEAKER.indexOf(this.decidedBy);
    if (WEAKER.indexOf(evaluation) > said) this.decidedBy = evaluation;
  }
}

/** At least one, so that pages of nothing come to an end too. */
const spentOn = (page: Page<unknown>): number => Math.max(1, page.spent ?? page.items.length);

/** Whether a list that began later has left the page: what came meanwhile stands in it, or has moved others. */
const isNewer = <T>(kind: ListKind<T>, { items }: Page<T>, start: Date | null): boolean =>
  start !== null &&
  items.some((item) => !isUnreadable(item as object) && secondOf(kind.shape.at(item as T)) > secondOf(start.getTime()));

const idOf = <T>(kind: ListKind<T>, item: T | Unreadable): string =>
  isUnreadable(item as object) ? (item as Unreadable).id : kind.shape.id(item as T);

/** Throws BAD_USER_INPUT where the condition mixes what the provider's index knows with other things in too many ways. */
async function accountQueries(
  account: MailAccount,
  session: MailSession,
  asked: AccountQuery,
): Promise<AccountQueries> {
  const within = withinId(session, asked);
  if (asked.condition === null) return { queries: [{ mailboxId: within, where: null }], knownNames: new Set() };
  const { condition } = asked;
  const top = knownRole(session, { ...asked, condition });
  const rest = top?.rest ?? condition;
  const names = mailboxNames(asked.condition);
  const mailboxes = names.length > 0 || needsMailboxes(simplify(rest)) ? await account.mailboxes.all() : [];
  const ownId = (globalId: string) => ownMailboxId(account, globalId);
  const knownNames = names.filter((name) => ownId(name) !== null || idsByName(mailboxes, name).length > 0);
  const resolved = resolveMailboxes(rest, { mailboxes, ownId });
  return { queries: listQueries(top?.within ?? within, resolved, session), knownNames: new Set(knownNames) };
}

/** Equal conditions become equal queries. */
export function listQueries(
  mailboxId: string | null,
  condition: Condition,
  session: SearchMeans,
): readonly ListQuery[] {
  const branches = branchesOf(ordered(simplify(condition)), session.decides, session.narrows);
  if (branches === null) throw new TooMixed();
  const queries = branches
    .map((branch) => ordered(branch))
    .filter(({ kind }) => kind !== 'nothing')
    .map((where): ListQuery => ({ mailboxId, where: isEverything(where) ? null : where }));
  return [...new Map(queries.map((query) => [JSON.stringify(query), query])).values()];
}

/** A condition that would take too many searches, whatever the account: no failure of the account's. */
class TooMixed extends MailError {
  constructor() {
    super(
      'BAD_USER_INPUT',
      `search and filter together combine words of the text (or has:attachment) with other conditions in more than ${MAX_BRANCHES} alternatives, each of which is a separate search. Remove alternatives, or use several lists.`,
    );
  }
}

/** In the words in which its role names it, so that the inbox is one list however it was come by. */
function withinId(session: MailSession, { within }: AccountQuery): string | null {
  return within && ((within.role && session.roleMailboxId?.(within.role)) || within.id);
}

/**
 * A role at the top, where the provider takes it without its mailboxes being listed first, saves a round trip: it is the list
 * itself, which every provider reads fastest.
 */
function knownRole(
  session: MailSession,
  { within, condition }: AccountQuery & { readonly condition: UserCondition },
): { within: string; rest: UserCondition } | null {
  if (within !== null) return null;
  // Which names there are is told of all that are mentioned, those included that change nothing.
  const asked = mailboxNames(condition).length > 0 ? condition : ordered(simplify(condition));
  const parts = asked.kind === 'and' ? asked.of : [asked];
  const top = parts.filter((part) => part.kind === 'role').find(({ role }) => isPlace(role));
  const id = top && session.roleMailboxId?.(top.role);
  if (!id) return null;
  const others = parts.filter((part) => part.kind !== 'role' || part.role !== top.role);
  const rest: UserCondition = others.length === 0 ? EVERYTHING : { kind: 'and', of: others };
  return { within: id, rest };
}

/** The account's own id of a mailbox; null for another account's, and for what is no id at all. */
function ownMailboxId(account: MailAccount, globalId: string): string | null {
  try {
    const { integrationId, providerId } = accountId(globalId, 'Mailbox');
    return integrationId === account.id ? providerId : null;
  } catch {
    return null;
  }
}
