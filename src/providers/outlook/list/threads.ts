import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { EVERYTHING, normalForm } from '../../../domain/search/algebra.ts';
import { matches } from '../../../domain/search/matches.ts';
import { namesMailbox } from '../../../domain/search/visibility.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch, ListQuery, Page, PageRequest } from '../../contract/list.ts';
import { SharedReads } from '../../contract/shared-reads.ts';
import type { HeadPage, ReadHeads, ThreadHead } from '../../shared/threads/heads.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';
import { threadPage } from '../../shared/threads/thread-pages.ts';
import type { ThreadSource } from '../../shared/threads/thread-source.ts';
import type { Fields } from '../read/fields.ts';
import { getThreads } from '../read/threads.ts';
import type { GraphAccount } from '../wire/account.ts';
import { HIDDEN_NAMES } from '../wire/hidden-folders.ts';
import { categoryName } from '../wire/ids.ts';
import { listByDate } from './by-date.ts';
import { writePosition } from './cursor.ts';
import { toFilter } from './filter.ts';
import { checkOf, evaluationOf, type ListPlan, listPlanOf, searchesFor } from './list-plan.ts';
import { learnHidden } from './listing.ts';
import { type GraphPage, readPage } from './messages.ts';

const HEADS: Fields = { select: 'id,conversationId,parentFolderId,receivedDateTime', expand: null };
/** The fields by which a condition is checked that Graph's $filter decides. */
const CHECKED_HEADS: Fields = {
  select: `${HEADS.select},isRead,flag,importance,categories,hasAttachments,internetMessageId`,
  expand: null,
};
/** Number of heads in one request. They are small. */
const HEADS_PER_PAGE = 250;
/**
 * Everything that a search returns, and the most that Graph lists at once. This avoids reading threads to see whether
 * they match.
 */
const FOUND_AT_ONCE = 1_000;
/** Reading a list of heads is one request, and reading a conversation is another. */
const LIST_COST = 1;
const THREAD_COST = 1;
/** Number of search results that cost as much as one message, because an answer with 250 results is one request. */
const HITS_PER_COST = 25;

const ALL_MAIL: ListQuery = { mailboxId: null, where: null };

/** Lists threads by lists of messages, because Graph has no threads. */
export async function listThreads(
  account: GraphAccount,
  asked: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const query = inFolderOrAll(asked);
  const plan = listPlanOf(query);
  const evaluation = asked.where === null ? undefined : evaluationOf(plan);
  const evaluated = evaluation === undefined ? {} : { evaluation };
  if (plan.matchesNothing) return { items: [], next: null, ...evaluated };
  if (plan.namesMailbox || isUnknownFolder(plan, query.mailboxId)) await learnHidden(account, call);
  const threads = new GraphThreads(account, query, plan, page.before ?? null, call);
  const { truncated, ...read } = await threadPage(threads, page);
  return { ...read, ...evaluated, ...(truncated || threads.isCut ? { truncated: true } : {}) };
}

/** A category contains messages of all folders, and its threads are listed by messages outside trash and junk. */
function inFolderOrAll({ mailboxId, where }: ListQuery): ListQuery {
  if (mailboxId === null || categoryName(mailboxId) === null) return { mailboxId, where };
  return { mailboxId: null, where: { kind: 'and', of: [{ kind: 'mailbox', id: mailboxId }, where ?? EVERYTHING] } };
}

/** Returns whether it is unknown if the folder is hidden. For a well-known name it is known. */
const isUnknownFolder = ({ isWholeAccount }: ListPlan, id: string | null): boolean =>
  !isWholeAccount && (id === null || !isWellKnown(id));
const isWellKnown = (id: string): boolean => /^[a-z]+$/.test(id);

class GraphThreads implements ThreadSource {
  readonly fingerprint: string;
  readonly matches: ReadHeads;
  readonly order: ReadHeads | null;
  readonly isFoundFirst: boolean;
  readonly isFoundExact = true;
  readonly threadCost = THREAD_COST;
  /** True when the search had more results than Graph returns. */
  isCut = false;
  private cost = 0;
  private readonly isSearch: boolean;
  private readonly shared: SharedReads;
  /** The id of the list's folder as messages have it, or null until it is known. */
  private folderId: string | null;

  constructor(
    private readonly account: GraphAccount,
    private readonly query: ListQuery,
    private readonly plan: ListPlan,
    before: Date | null,
    private readonly call: Call,
  ) {
    const { mailboxId, where } = query;
    this.shared = call.shared ?? new SharedReads();
    this.fingerprint = markOf(JSON.stringify(['threads', mailboxId, where, before]));
    this.folderId = this.namedFolder();
    const check = checkOf(plan, account.hidden.ids ?? []);
    this.isSearch = searchesFor(plan, toFilter(check)) !== null;
    const isHidden = this.isHidden();
    // When Graph cannot narrow the condition, all threads outside trash and junk are read in order.
    const isAll =
      !isHidden && plan.isWholeAccount && !this.isSearch && plan.words === null && toFilter(plan.checked).text === '';
    // A message in trash or junk may be newer than the position of its thread in the list.
    const bound = isHidden ? null : before;
    this.isFoundFirst = !isAll && (where !== null || isHidden);
    const size = this.isFoundFirst ? FOUND_AT_ONCE : HEADS_PER_PAGE;
    this.matches = this.heads(isAll ? ALL_MAIL : query, bound, size, true);
    this.order = isAll ? null : isHidden ? this.everything(before, size) : this.heads(ALL_MAIL, before, size, false);
  }

  /** False while the id of the list's folder is unknown, because `meets` cannot decide then. */
  get isDecidable(): boolean {
    return this.plan.words === null && (this.plan.isWholeAccount || this.folderId !== null);
  }

  isHidden(): boolean {
    const { mailboxId, where } = this.query;
    if (HIDDEN_NAMES.some((name) => name === mailboxId)) return true;
    const hidden = new Set(this.account.hidden.ids);
    return (mailboxId !== null && hidden.has(mailboxId)) || (where !== null && namesMailbox(normalForm(where), hidden));
  }

  spent = (): number => this.cost;

  meets(message: Message, isFound: boolean): boolean {
    if (!this.isDecidable) return isFound;
    if (this.folderId !== null && !message.mailboxIds.includes(this.folderId)) return false;
    return matches(message, checkOf(this.plan, this.account.hidden.ids ?? []));
  }

  async read(ids: readonly string[]): Promise<Batch<Thread>> {
    return this.shared.each('thread', ids, async (missing) => {
      const batch = await getThreads(this.account, missing, this.call);
      for (const thread of batch) this.cost += isMailError(thread) ? THREAD_COST : thread.messages.length;
      return batch;
    });
  }

  private heads(query: ListQuery, before: Date | null, size: number, isAnswer: boolean): ReadHeads {
    return async (after): Promise<HeadPage> => {
      const asked = { size, after, budget: size, ...(before === null ? {} : { before }) };
      const page = await this.shared.once(JSON.stringify(['heads', query, asked]), async () => {
        const fields = query.where === null ? HEADS : CHECKED_HEADS;
        const read = await readPage(this.account, query, asked, this.call, fields);
        this.cost += this.costOf(read, isAnswer);
        return read;
      });
      if (isAnswer) {
        this.isCut ||= page.truncated;
        if (!this.plan.isWholeAccount) this.folderId ??= page.messages[0]?.parentFolderId ?? null;
      }
      return { heads: headsOf(page.messages), next: page.next };
    };
  }

  /**
   * One request returns hundreds of search results, while messages that are read by date to be checked cost as many
   * messages.
   */
  private costOf({ isChecked, spent }: GraphPage, isAnswer: boolean): number {
    if (!isChecked) return LIST_COST;
    return isAnswer && this.isSearch ? Math.ceil(spent / HITS_PER_COST) : spent;
  }

  /** Lists all mail by date, including trash and junk. */
  private everything(before: Date | null, size: number): ReadHeads {
    const plan = { ...listPlanOf(ALL_MAIL), isWholeAccount: false };
    const fields = { operation: 'messages.list', ...HEADS };
    return async (after): Promise<HeadPage> => {
      const asked = { size, after, budget: size, ...(before === null ? {} : { before }) };
      const { messages, next } = await this.shared.once(JSON.stringify(['everything', asked]), () => {
        this.cost += LIST_COST;
        return listByDate(this.account, plan, toFilter(EVERYTHING), fields, asked, this.call);
      });
      return { heads: headsOf(messages), next: next && writePosition(next) };
    };
  }

  /** Returns the id of the list's folder if the query has its id and not a well-known name. */
  private namedFolder(): string | null {
    const { mailboxId, where } = this.query;
    if (this.plan.isWholeAccount) return null;
    if (mailboxId !== null) return isWellKnown(mailboxId) ? null : mailboxId;
    const normal = normalForm(where ?? EVERYTHING);
    const parts = normal.kind === 'and' ? normal.of : [normal];
    return (
      parts.flatMap((part) =>
        part.kind === 'mailbox' && part.named !== false && categoryName(part.id) === null ? part.id : [],
      )[0] ?? null
    );
  }
}

const headsOf = (messages: readonly GraphMessage[]): ThreadHead[] =>
  messages.flatMap(({ id, conversationId }) => (id && conversationId ? [{ id, threadId: conversationId }] : []));
