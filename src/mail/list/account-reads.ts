import { messageBytes } from '../../cache/bytes.ts';
import { ReadNotes } from '../../domain/dated-read.ts';
import { badInput, isMailError, type MailError } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import { shortHash } from '../../platform/short-hash.ts';
import type { Call } from '../../providers/contract/call.ts';
import {
  type Evaluation,
  isUnreadable,
  type ListQuery,
  type Page,
  type Unreadable,
} from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import { SharedReads } from '../../providers/contract/shared-reads.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { MIN_READS_PER_ITEM, type NotedPage } from '../account/page-reads.ts';
import { type AccountQueries, type AccountQuery, accountQueries, TooManyAlternatives } from './account-queries.ts';
import type { ListKind } from './list-kind.ts';
import { secondOf } from './list-position.ts';
import type { ReadRequest, ReadResult } from './native-list.ts';

/** How the search was evaluated in one account. TRUNCATED: it ended before all messages were checked. */
export type SearchEvaluation = Evaluation | 'TRUNCATED';

/** One of the native lists that make up the part of an account in a merged list. */
interface Branch<T> {
  /** Identifies the list. */
  readonly fingerprint: string;
  /** As `ReadPage`. `concurrentReads` is the number of these lists that are being read now: they share the scan budget. */
  read(request: ReadRequest, signal: AbortSignal, concurrentReads: number): Promise<ReadResult<T> | null>;
}

/** In ascending precedence: a list has the evaluation of highest precedence among its pages. */
const EVALUATION_PRECEDENCE: readonly Evaluation[] = ['NATIVE', 'FILTERED', 'INDEXED'];

/** Reads the pages of one account for a merged list: compiles the query into native lists, and keeps to the scan budget. */
export class AccountReads<T> {
  /** The mailbox names in the query that this account has. Null until its mailboxes were read. */
  knownNames: ReadonlySet<string> | null = null;
  /** An error in the request itself. It fails the whole list, whatever other accounts return. */
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
     * The evaluation of highest precedence so far, including earlier pages, because it is a property of the query and not
     * of a page. Null without a condition, and before the first read.
     */
    public decidedBy: Evaluation | null = null,
  ) {
    this.endScan = query.condition === null ? () => {} : account.scans.begin();
  }

  /** Ends the scan. Called once, when the page is complete. */
  close(): void {
    this.endScan();
  }

  get evaluation(): SearchEvaluation | null {
    return this.isTruncated ? 'TRUNCATED' : this.decidedBy;
  }

  /** Compiles the query. Empty when nothing can match. */
  async open(signal: AbortSignal): Promise<readonly Branch<T>[]> {
    const session = await abortable(this.account.session(), signal);
    const { queries, knownNames } = await abortable(this.queries(session), signal);
    this.knownNames = knownNames;
    this.recordEvaluation('NATIVE');
    return queries.map((query) => ({
      fingerprint: shortHash(JSON.stringify(query), 8),
      read: (request, readSignal, concurrentReads) => this.read(session, query, request, readSignal, concurrentReads),
    }));
  }

  private async queries(session: MailSession): Promise<AccountQueries> {
    try {
      return await accountQueries(this.account, session, this.query);
    } catch (error) {
      if (error instanceof TooManyAlternatives) this.refusal = error;
      throw error;
    }
  }

  private async read(
    session: MailSession,
    query: ListQuery,
    request: ReadRequest,
    signal: AbortSignal,
    concurrentReads: number,
  ): Promise<ReadResult<T> | null> {
    // A list without a condition shows all items that it reads, so it needs no budget.
    const isNarrowed = this.query.condition !== null;
    const allowed = isNarrowed ? this.readsAllowed(request.size) : null;
    if (allowed === 0) {
      this.isTruncated = true;
      return null;
    }
    const budget = allowed === null ? null : Math.max(1, Math.floor(allowed / concurrentReads));
    const { page, size } = await this.page(session, query, request, budget, {
      signal,
      priority: 'interactive',
      shared: this.shared,
      ...this.account.metered,
    }).catch((error: unknown) => {
      // The first page has no cursor, so the error concerns the condition: the provider cannot evaluate it.
      if (isMailError(error) && error.code === 'BAD_USER_INPUT' && request.after === null)
        this.refusal = badInput(error.message);
      throw error;
    });
    for (const item of page.items) if (!isUnreadable(item as object)) this.kind.prime(this.account, item as T);
    this.recordEvaluation(page.evaluation ?? 'NATIVE');
    if (page.truncated) this.isTruncated = true;
    return { items: page.items, next: page.next, size };
  }

  /**
   * The number of messages that may be read now for a page of this size. The first read always gets some for each item;
   * later reads get only what other searches of the request have left.
   */
  private readsAllowed(size: number): number {
    const { scanBudget } = this.query;
    const { scans } = this.account;
    const left = scanBudget - this.spent;
    if (left <= 0 || (this.spent > 0 && scans.isEmpty(scanBudget))) return 0;
    return Math.min(left, Math.max(MIN_READS_PER_ITEM * (size + 1), scans.share(scanBudget)));
  }

  /**
   * Returns the page from the memory of an earlier request, from another list of this request that reads the same, or from
   * the provider.
   */
  private async page(
    session: MailSession,
    query: ListQuery,
    request: ReadRequest,
    budget: number | null,
    call: Call,
  ): Promise<{ readonly page: Page<T>; readonly size: number }> {
    const { kind, account } = this;
    const { after, before, start, size, upTo, skip, seen, isReopened } = request;
    const pageKey = [kind.name, query, after, before];
    // A page of another size ends elsewhere.
    const remembered = (of: number) => JSON.stringify([account.id, ...pageKey, of]);
    // Pages with bodies are never kept in memory.
    const known =
      isReopened && account.isReused && this.query.detail === 'envelope'
        ? (account.memory.recall(remembered(size)) as NotedPage<T>)
        : null;
    if (known && !isNewer(kind, known, start)) {
      this.noteAgain(known);
      return { page: { ...known, items: known.items.filter((item) => !skip(idOf(kind, item))) }, size };
    }
    // How far a search or a list of threads reads depends on each item. A page of it that is read again is therefore read as
    // it was the first time, and the list leaves out what was shown: otherwise it would end elsewhere, with another cursor.
    const skipsUnread = budget === null && kind.shape.canMoveDown !== true;
    const wanted = { size, skip: skipsUnread ? skip : none, detail: this.query.detail, signal: call.signal };
    const key = JSON.stringify([...pageKey, start, skipsUnread ? [...seen].sort() : []]);
    const {
      page,
      size: read,
      detail,
    } = await account.pages.read<T>(key, wanted, kind.shape.id, async (asked, signal) => {
      const pageRequest = {
        ...asked,
        upTo,
        after,
        ...(before && { before }),
        ...(start && { start }),
        ...(budget !== null && { budget }),
      };
      const listed = await this.noted(session, (noting) => kind.list(noting, query, pageRequest, { ...call, signal }));
      // Charged once for all lists that share the read.
      if (budget !== null && !isReopened) account.scans.charge(spentOn(listed) - this.costOf(listed.items));
      return listed;
    });
    // A page that is read again costs the search as little as on an instance that has it in memory, so that both find as much
    // after it. It has been charged to the request that read it first.
    if (!isReopened) this.spent += spentOn(page);
    if (!isReopened && detail === 'envelope' && !page.items.some((item) => isUnreadable(item as object)))
      account.memory.remember(account.id, remembered(read), page, this.bytesOf(page.items));
    return { page, size: read };
  }

  /**
   * Reads a page, and notes it for the answer and for later ones that show the page again. A read that fails is noted only
   * where the answer lacks its items (`UnifiedList`), because most of these are reads ahead that were not needed.
   */
  private async noted(session: MailSession, list: (session: MailSession) => Promise<Page<T>>): Promise<NotedPage<T>> {
    const { account } = this;
    const readAt = account.memory.now();
    if (!account.recorder) return { ...(await list(session)), readAt };
    const notes = new ReadNotes();
    const page = await list(await account.sessionFor(notes));
    notes.repeatFor(account.recorder);
    return { ...page, notes, readAt };
  }

  /** Notes a page of an earlier request for this answer. */
  private noteAgain({ notes }: NotedPage<T>): void {
    const { recorder } = this.account;
    if (recorder && notes) notes.repeatFor(recorder);
    else recorder?.undated('a page of an earlier request');
  }

  private bytesOf(items: readonly (T | Unreadable)[]): number {
    const messages = items.flatMap((item) => (isUnreadable(item as object) ? [] : this.kind.messages(item as T)));
    return messages.reduce((sum, message) => sum + messageBytes(message), 0);
  }

  private costOf(items: readonly (T | Unreadable)[]): number {
    return items.reduce((sum, item) => sum + (isUnreadable(item as object) ? 1 : this.kind.cost(item as T)), 0);
  }

  private recordEvaluation(evaluation: Evaluation): void {
    if (this.query.condition === null) return;
    const precedence = this.decidedBy === null ? -1 : EVALUATION_PRECEDENCE.indexOf(this.decidedBy);
    if (EVALUATION_PRECEDENCE.indexOf(evaluation) > precedence) this.decidedBy = evaluation;
  }
}

const none = (): boolean => false;

/** At least one, so that a search without matches also uses up its budget. */
const spentOn = (page: Page<unknown>): number => Math.max(1, page.spent ?? page.items.length);

/**
 * Whether the page contains items that are newer than the list. Such a page was read for a list that began later, and the
 * new items have moved others to the next page.
 */
const isNewer = <T>(kind: ListKind<T>, { items }: Page<T>, start: Date | null): boolean =>
  start !== null &&
  items.some((item) => !isUnreadable(item as object) && secondOf(kind.shape.at(item as T)) > secondOf(start.getTime()));

const idOf = <T>(kind: ListKind<T>, item: T | Unreadable): string =>
  isUnreadable(item as object) ? (item as Unreadable).id : kind.shape.id(item as T);
