import { isMailError, type MailError, type MailErrorCode } from '../../domain/error.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { EVERYTHING, ordered, simplify } from '../../domain/search/algebra.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import { accountId } from '../../graphql/global-id.ts';
import { abortable } from '../../platform/deadline.ts';
import type { Call } from '../../providers/call.ts';
import {
  type Detail,
  isUnreadable,
  type ListQuery,
  type MailSession,
  type Page,
  type Unreadable,
} from '../../providers/provider.ts';
import type { Account } from '../account.ts';
import {
  idsByName,
  isPlace,
  listQuery,
  mailboxNames,
  needsMailboxes,
  resolveMailboxes,
} from '../search/resolve-mailboxes.ts';
import type { ListKind } from './list-kind.ts';
import type { Reading, ReadPage, ReadRequest } from './list-source.ts';

/** Who did the searching in one account. */
export type SearchEvaluation = 'NATIVE' | 'FILTERED' | 'TRUNCATED';

export interface AccountQuery {
  /** When the list is one mailbox's: by the provider's id. */
  readonly within: Pick<Mailbox, 'id' | 'role'> | null;
  /** Null: not narrowed. */
  readonly condition: UserCondition | null;
  readonly detail: Detail;
  /** Items that may be evaluated here for one page. */
  readonly scanBudget: number;
}

/** The query in the account's own ids. */
interface Resolved {
  readonly within: string | null;
  readonly condition: Condition;
}

const LARGEST_PAGE = 100;
/** Why one item may be undecided while the account itself can be read. */
const PASSING: ReadonlySet<MailErrorCode> = new Set(['TIMEOUT', 'RATE_LIMITED', 'PROVIDER_UNAVAILABLE']);

/** Reads the pages of one account for a merged list: compiles the query, and filters by what the provider left over. */
export class AccountList<T> {
  evaluation: SearchEvaluation | null = null;
  /** Names of mailboxes that the query mentions and this account has; null until its mailboxes were read. */
  knownNames: ReadonlySet<string> | null = null;
  private scanned = 0;
  private resolving: Promise<Resolved> | null = null;

  constructor(
    readonly account: Account,
    private readonly kind: ListKind<T>,
    private readonly query: AccountQuery,
  ) {}

  readonly read: ReadPage<T> = async (request, signal) => {
    const { condition, scanBudget } = this.query;
    const left = condition === null ? LARGEST_PAGE : scanBudget - this.scanned;
    if (left <= 0) {
      this.evaluation = 'TRUNCATED';
      return null;
    }
    const session = await abortable(this.account.session(), signal);
    this.resolving ??= this.resolve(session);
    const resolved = await abortable(this.resolving, signal);
    if (condition !== null) this.evaluation ??= 'NATIVE';
    if (resolved.condition.kind === 'nothing') return { items: [], passedOver: [], next: null };
    // What is filtered here is thinned out: larger pages then fill ours in fewer requests.
    const size = Math.min(this.evaluation === 'FILTERED' ? LARGEST_PAGE : request.size, left);
    return this.readPage(session, resolved, { ...request, size }, { signal, priority: 'interactive' });
  };

  private async readPage(
    session: MailSession,
    { within, condition }: Resolved,
    request: ReadRequest,
    call: Call,
  ): Promise<Reading<T>> {
    const { before } = request;
    const bounded: Condition = before
      ? simplify({ kind: 'and', of: [condition, { kind: 'receivedBefore', at: before }] })
      : condition;
    const query = listQuery(within, bounded);
    const page = await this.page(session, query, request, call);
    for (const item of page.items) if (!isUnreadable(item as object)) this.kind.prime(this.account, item as T);
    const { rest } = page;
    if (rest) {
      this.scanned += page.items.length;
      this.evaluation = 'FILTERED';
    }
    if (page.truncated) this.evaluation = 'TRUNCATED';
    return rest
      ? { ...(await this.filter(page.items, rest, call.signal)), next: page.next }
      : { items: page.items, passedOver: [], next: page.next };
  }

  private async page(session: MailSession, query: ListQuery, request: ReadRequest, call: Call): Promise<Page<T>> {
    const { kind, account } = this;
    const { after, size, skip, done, again } = request;
    const id = (item: T | Unreadable) => idOf(kind, item);
    const remembered = JSON.stringify([account.id, kind.name, query, after]);
    // Bodies are not kept, not for a minute either.
    const known = again && this.query.detail === 'envelope' ? account.memory.recall(remembered) : null;
    if (known) return { ...(known as Page<T>), items: (known as Page<T>).items.filter((item) => !skip(id(item))) };
    const key = JSON.stringify([kind.name, query, after, [...done].sort()]);
    const wanted = { size, skip, detail: this.query.detail, signal: call.signal };
    const { page, detail } = await account.pages.read<T>(key, wanted, kind.shape.id, (asked, signal) =>
      kind.list(session, query, { ...asked, after }, { ...call, signal }),
    );
    if (!again && detail === 'envelope' && !page.items.some((item) => isUnreadable(item as object)))
      account.memory.remember(account.id, remembered, page);
    return page;
  }

  /** What could not be decided in time is an item that could not be read: what was found before it still counts. */
  private async filter(
    items: readonly (T | Unreadable)[],
    rest: Condition,
    signal: AbortSignal,
  ): Promise<Omit<Reading<T>, 'next'>> {
    const met = await Promise.all(
      items.map(async (item): Promise<boolean | MailError> => {
        if (isUnreadable(item as object)) return true;
        try {
          return await abortable(this.kind.meets(this.account, item as T, rest), signal);
        } catch (error) {
          if (isMailError(error) && PASSING.has(error.code)) return error;
          throw error;
        }
      }),
    );
    return {
      items: items.flatMap((item, index): (T | Unreadable)[] => {
        const outcome = met[index] as boolean | MailError;
        if (typeof outcome !== 'boolean') return [{ id: idOf(this.kind, item), error: outcome }];
        return outcome ? [item] : [];
      }),
      passedOver: items.filter((_, index) => met[index] === false) as T[],
    };
  }

  private async resolve(session: MailSession): Promise<Resolved> {
    const { condition } = this.query;
    const within = this.withinId(session);
    if (condition === null) return { within, condition: EVERYTHING };
    const top = this.knownRole(session, condition);
    const rest = top?.rest ?? condition;
    const mailboxes = needsMailboxes(rest) ? await this.account.mailboxes.all() : [];
    this.knownNames = new Set(
      mailboxNames(rest).filter((name) => this.ownMailboxId(name) !== null || idsByName(mailboxes, name).length > 0),
    );
    return { within: top?.id ?? within, condition: resolveMailboxes(rest, { mailboxes, ownId: this.ownMailboxId }) };
  }

  /** In the words in which its role names it, so that the inbox is one list however it was come by. */
  private withinId(session: MailSession): string | null {
    const { within } = this.query;
    return within && ((within.role && session.roleMailboxId?.(within.role)) || within.id);
  }

  /** A role at the top, where the provider takes it without its mailboxes being listed first, saves a round trip. */
  private knownRole(session: MailSession, condition: UserCondition): { id: string; rest: UserCondition } | null {
    if (this.query.within !== null) return null;
    // Which names there are is told of all that are mentioned, those included that change nothing.
    const asked = mailboxNames(condition).length > 0 ? condition : ordered(simplify(condition));
    const parts = asked.kind === 'and' ? asked.of : [asked];
    const top = parts.filter((part) => part.kind === 'role').find(({ role }) => isPlace(role));
    const id = top && session.roleMailboxId?.(top.role);
    const others = parts.filter((part) => part.kind !== 'role' || part.role !== top?.role);
    return id ? { id, rest: { kind: 'and', of: others } } : null;
  }

  /** The account's own id of a mailbox; null for another account's, and for what is no id at all. */
  private readonly ownMailboxId = (globalId: string): string | null => {
    try {
      const { integrationId, providerId } = accountId(globalId, 'Mailbox');
      return integrationId === this.account.id ? providerId : null;
    } catch {
      return null;
    }
  };
}

const idOf = <T>(kind: ListKind<T>, item: T | Unreadable): string =>
  isUnreadable(item as object) ? (item as Unreadable).id : kind.shape.id(item as T);
