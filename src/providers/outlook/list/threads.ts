import type { Message as GraphMessage } from '@microsoft/microsoft-graph-types';
import { isMailError } from '../../../domain/error.ts';
import type { Message } from '../../../domain/message.ts';
import { EVERYTHING, normalForm } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { matches } from '../../../domain/search/matches.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Call } from '../../contract/call.ts';
import type { Batch, ListQuery, Page, PageRequest } from '../../contract/provider.ts';
import { SharedReads } from '../../contract/shared-reads.ts';
import type { Head, HeadPage, ReadHeads } from '../../shared/threads/heads.ts';
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
import { learnHidden } from './listing.ts';
import { type GraphPage, readPage } from './messages.ts';
import { checkOf, evaluationOf, type ListPlan, listPlanOf, searchesFor } from './source.ts';

const HEADS: Fields = { select: 'id,conversationId,parentFolderId,receivedDateTime', expand: null };
/** What a condition that Graph's $filter decides is checked by. */
const CHECKED_HEADS: Fields = {
  select: `${HEADS.select},isRead,flag,importance,categories,hasAttachments,internetMessageId`,
  expand: null,
};
/** One request, whose items are small. */
const HEADS_PER_PAGE = 250;
/** All that a search gives, and the most that Graph lists at once: it spares reading threads to see whether they match. */
const FOUND_AT_ONCE = 1_000;
/** A list of heads is one request, and a conversation another. */
const LIST_COST = 1;
const THREAD_COST = 1;
/** So many results of a search as one message: an answer of 250 is one request. */
const HITS_PER_COST = 25;

const ALL_MAIL: ListQuery = { mailboxId: null, where: null };

/** Made of lists of messages, since Graph has no threads. */
export async function listThreads(
  account: GraphAccount,
  asked: ListQuery,
  page: PageRequest,
  call: Call,
): Promise<Page<Thread>> {
  const query = inFolderOrAll(asked);
  const source = listPlanOf(query);
  const evaluation = asked.where === null ? undefined : evaluationOf(source);
  const told = evaluation === undefined ? {} : { evaluation };
  if (source.nothing) return { items: [], next: null, ...told };
  if (source.isNaming || isUnknownFolder(source, query.mailboxId)) await learnHidden(account, call);
  const threads = new GraphThreads(account, query, source, page.before ?? null, call);
  const { truncated, ...read } = await threadPage(threads, page);
  return { ...read, ...told, ...(truncated || threads.isCut ? { truncated: true } : {}) };
}

/** A category runs through all folders, and its threads are listed by what is not in the trash. */
function inFolderOrAll({ mailboxId, where }: ListQuery): ListQuery {
  if (mailboxId === null || categoryName(mailboxId) === null) return { mailboxId, where };
  return { mailboxId: null, where: { kind: 'and', of: [{ kind: 'mailbox', id: mailboxId }, where ?? EVERYTHING] } };
}

/** Of a folder with a name that Graph takes for its id it is known whether it is hidden. */
const isUnknownFolder = ({ whole }: ListPlan, id: string | null): boolean =>
  !whole && (id === null || !isWellKnown(id));
const isWellKnown = (id: string): boolean => /^[a-z]+$/.test(id);

class GraphThreads implements ThreadSource {
  readonly print: string;
  readonly matches: ReadHeads;
  readonly order: ReadHeads | null;
  readonly isFoundFirst: boolean;
  readonly isFoundExact = true;
  readonly threadCost = THREAD_COST;
  /** Graph's search had more than it gives. */
  isCut = false;
  private cost = 0;
  private readonly isSearch: boolean;
  private readonly shared: SharedReads;
  /** The folder of a list inside one, by the id that messages carry; null until it is known. */
  private folderId: string | null;

  constructor(
    private readonly account: GraphAccount,
    private readonly query: ListQuery,
    private readonly source: ListPlan,
    before: Date | null,
    private readonly call: Call,
  ) {
    const { mailboxId, where } = query;
    this.shared = call.shared ?? new SharedReads();
    this.print = markOf(JSON.stringify(['threads', mailboxId, where, before]));
    this.folderId = this.namedFolder();
    const check = checkOf(source, account.hidden.ids ?? []);
    this.isSearch = searchesFor(source, toFilter(check)) !== null;
    const isHidden = this.isHidden();
    // Where Graph can be told nothing of the condition, threads are read as they come, but for what trash and junk have.
    const isAll =
      !isHidden && source.whole && !this.isSearch && source.words === null && toFilter(source.checked).text === '';
    // What lies in trash or junk may be newer than its thread is in the list.
    const bound = isHidden ? null : before;
    this.isFoundFirst = !isAll && (where !== null || isHidden);
    const size = this.isFoundFirst ? FOUND_AT_ONCE : HEADS_PER_PAGE;
    this.matches = this.heads(isAll ? ALL_MAIL : query, bound, size, true);
    this.order = isAll ? null : isHidden ? this.everything(before, size) : this.heads(ALL_MAIL, before, size, false);
  }

  /** `meets` cannot tell of a message in which folder it should be before that is known. */
  get isDecidable(): boolean {
    return this.source.words === null && (this.source.whole || this.folderId !== null);
  }

  isHidden(): boolean {
    const { mailboxId, where } = this.query;
    if (HIDDEN_NAMES.some((name) => name === mailboxId)) return true;
    const hidden = new Set(this.account.hidden.ids);
    return (mailboxId !== null && hidden.has(mailboxId)) || (where !== null && names(normalForm(where), hidden));
  }

  spent = (): number => this.cost;

  meets(message: Message, isFound: boolean): boolean {
    if (!this.isDecidable) return isFound;
    if (this.folderId !== null && !message.mailboxIds.includes(this.folderId)) return false;
    return matches(message, checkOf(this.source, this.account.hidden.ids ?? []));
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
        if (!this.source.whole) this.folderId ??= page.messages[0]?.parentFolderId ?? null;
      }
      return { heads: headsOf(page.messages), next: page.next };
    };
  }

  /** What a search finds comes by the hundred in one request; what is read by date to be checked is as many messages. */
  private costOf({ isChecked, spent }: GraphPage, isAnswer: boolean): number {
    if (!isChecked) return LIST_COST;
    return isAnswer && this.isSearch ? Math.ceil(spent / HITS_PER_COST) : spent;
  }

  /** All mail by date, what lies in trash and junk included. */
  private everything(before: Date | null, size: number): ReadHeads {
    const source = { ...listPlanOf(ALL_MAIL), whole: false };
    const wanted = { operation: 'messages.list', ...HEADS };
    return async (after): Promise<HeadPage> => {
      const asked = { size, after, budget: size, ...(before === null ? {} : { before }) };
      const { messages, next } = await this.shared.once(JSON.stringify(['everything', asked]), () => {
        this.cost += LIST_COST;
        return listByDate(this.account, source, toFilter(EVERYTHING), wanted, asked, this.call);
      });
      return { heads: headsOf(messages), next: next && writePosition(next) };
    };
  }

  /** The id of the list's folder, where the query has it and not a name. */
  private namedFolder(): string | null {
    const { mailboxId, where } = this.query;
    if (this.source.whole) return null;
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

const headsOf = (messages: readonly GraphMessage[]): Head[] =>
  messages.flatMap(({ id, conversationId }) => (id && conversationId ? [{ id, threadId: conversationId }] : []));

/** Whether trash or junk is asked for, un-negated. */
function names(where: Condition, hidden: ReadonlySet<string>): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some((part) => names(part, hidden));
  return where.kind === 'mailbox' && where.named !== false && hidden.has(where.id);
}
