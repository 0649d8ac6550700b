import { MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { EVERYTHING, isEverything, ordered, simplify } from '../../domain/search/algebra.ts';
import { branchesOf, MAX_BRANCHES, type SearchMeans } from '../../domain/search/branches.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import type { Detail, ListQuery } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import {
  idsByName,
  isMailboxRole,
  mailboxNames,
  needsMailboxes,
  resolveMailboxes,
} from '../search/resolve-mailboxes.ts';

/** The query of a list, which is the same for all of its accounts. */
export interface AccountQuery {
  /** The mailbox, by the provider's id, when the list is restricted to one. */
  readonly within: Pick<Mailbox, 'id' | 'role'> | null;
  /** Null: the list has no condition. */
  readonly condition: UserCondition | null;
  readonly detail: Detail;
  /** The maximum number of messages that are read for one page, or the equivalent in the provider's quota. */
  readonly scanBudget: number;
}

/** A query with the account's own ids. */
export interface AccountQueries {
  /** The native lists whose union contains every match. Empty when nothing can match. */
  readonly queries: readonly ListQuery[];
  /** The mailbox names in the query that this account has. */
  readonly knownNames: ReadonlySet<string>;
}

/** Throws BAD_USER_INPUT when the condition combines index terms with other conditions in too many alternatives. */
export async function accountQueries(
  account: MailAccount,
  session: MailSession,
  asked: AccountQuery,
): Promise<AccountQueries> {
  const within = withinId(session, asked);
  if (asked.condition === null) return { queries: [{ mailboxId: within, where: null }], knownNames: new Set() };
  const { condition } = asked;
  const top = roleAtTop(session, { ...asked, condition });
  const rest = top?.rest ?? condition;
  const names = mailboxNames(asked.condition);
  const mailboxes = names.length > 0 || needsMailboxes(simplify(rest)) ? await account.mailboxes.all() : [];
  const ownId = (globalId: string) => ownMailboxId(account, globalId);
  const knownNames = names.filter((name) => ownId(name) !== null || idsByName(mailboxes, name).length > 0);
  const resolved = resolveMailboxes(rest, { mailboxes, ownId });
  return { queries: listQueries(top?.within ?? within, resolved, session), knownNames: new Set(knownNames) };
}

/** Equal conditions give equal queries, which can share a read. */
export function listQueries(
  mailboxId: string | null,
  condition: Condition,
  session: SearchMeans,
): readonly ListQuery[] {
  const branches = branchesOf(ordered(simplify(condition)), session.decides, session.narrows);
  if (branches === null) throw new TooManyAlternatives();
  const queries = branches
    .map((branch) => ordered(branch))
    .filter(({ kind }) => kind !== 'nothing')
    .map((where): ListQuery => ({ mailboxId, where: isEverything(where) ? null : where }));
  return [...new Map(queries.map((query) => [JSON.stringify(query), query])).values()];
}

/** The condition would need too many searches in any account, so this is an error of the request and not of an account. */
export class TooManyAlternatives extends MailError {
  constructor() {
    super(
      'BAD_USER_INPUT',
      `search and filter together combine words of the text (or has:attachment) with other conditions in more than ${MAX_BRANCHES} alternatives, each of which is a separate search. Remove alternatives, or use several lists.`,
    );
  }
}

/** The id by which the provider names the role, so that two ways to name the inbox share one list. */
function withinId(session: MailSession, { within }: AccountQuery): string | null {
  return within && ((within.role && session.roleMailboxId?.(within.role)) || within.id);
}

/**
 * The mailbox of a role at the top level of the condition, when the provider knows its id without listing the mailboxes.
 * This saves a round trip, and the provider lists a single mailbox fastest.
 */
function roleAtTop(
  session: MailSession,
  { within, condition }: AccountQuery & { readonly condition: UserCondition },
): { within: string; rest: UserCondition } | null {
  if (within !== null) return null;
  // A condition with mailbox names is not simplified, because unknown names are reported even where they do not affect the
  // result.
  const asked = mailboxNames(condition).length > 0 ? condition : ordered(simplify(condition));
  const parts = asked.kind === 'and' ? asked.of : [asked];
  const top = parts.filter((part) => part.kind === 'role').find(({ role }) => isMailboxRole(role));
  const id = top && session.roleMailboxId?.(top.role);
  if (!id) return null;
  const others = parts.filter((part) => part.kind !== 'role' || part.role !== top.role);
  const rest: UserCondition = others.length === 0 ? EVERYTHING : { kind: 'and', of: others };
  return { within: id, rest };
}

/** The account's own id of a mailbox. Null for a mailbox of another account, and for an invalid id. */
function ownMailboxId(account: MailAccount, globalId: string): string | null {
  try {
    const { integrationId, providerId } = accountId(globalId, 'Mailbox');
    return integrationId === account.id ? providerId : null;
  } catch {
    return null;
  }
}
