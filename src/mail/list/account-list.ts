import { hash } from 'node:crypto';
import { badInput, isMailError, type MailError } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import type { Call } from '../../providers/contract/call.ts';
import {
  type Detail,
  type Evaluation,
  isUnreadable,
  type ListQuery,
  type MailSession,
  type Page,
  type Unreadable,
} from '../../providers/contract/provider.ts';
import { SharedReads } from '../../providers/shared/shared-reads.ts';
import type { MailAccount } from '../account.ts';
import { type AccountQueries, type Asked, accountQueries, TooMixed } from './account-queries.ts';
import type { ListKind } from './list-kind.ts';
import type { Reading, ReadRequest } from './list-source.ts';
import { secondOf } from './place.ts';
import { MIN_READS_PER_ITEM } from './scan-pool.ts';

/** Who did the searching in one account, and whether it came to an end. */
export type SearchEvaluation = Evaluation | 'TRUNCATED';

export interface AccountQuery extends Asked {
  readonly detail: Detail;
  /** Messages that may be read for one page, or as much of the provider's quota as that costs. */
  readonly scanBudget: number;
}

/** One of the native lists that an account's part of a merged list is made of. */
export interface Branch<T> {
  /** Tells it from others. */
  readonly print: string;
  /** As `ReadPage`; `atOnce`: how many of these lists are being read now, which share what may be spent. */
  read(request: ReadRequest, signal: AbortSignal, atOnce: number): Promise<Reading<T> | null>;
}

/** The later ones say less of a list, and say it of the whole list. */
const WEAKER: readonly Evaluation[] = ['NATIVE', 'FILTERED', 'INDEXED'];

/** Reads the pages of one account for a merged list: compiles the query into native lists, and keeps to the scan budget. */
export class AccountList<T> {
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
      print: hash('sha256', JSON.stringify(query), 'base64url').slice(0, 8),
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
