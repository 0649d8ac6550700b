import { MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Mailbox } from '../../domain/mailbox.ts';
import { EVERYTHING, isEverything, ordered, simplify } from '../../domain/search/algebra.ts';
import { branchesOf, MAX_BRANCHES, type SearchMeans } from '../../domain/search/branches.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import type { ListQuery, MailSession } from '../../providers/contract/provider.ts';
import type { MailAccount } from '../account.ts';
import { idsByName, isPlace, mailboxNames, needsMailboxes, resolveMailboxes } from '../search/resolve-mailboxes.ts';

/** What a list asks of every account. */
export interface Asked {
  /** When the list is one mailbox's: by the provider's id. */
  readonly within: Pick<Mailbox, 'id' | 'role'> | null;
  /** Null: not narrowed. */
  readonly condition: UserCondition | null;
}

/** The same in the account's own ids. */
export interface AccountQueries {
  /** Native lists of which each may hold some of it and all together hold all of it. None where nothing can match. */
  readonly queries: readonly ListQuery[];
  /** Names of mailboxes that the query mentions and this account has. */
  readonly knownNames: ReadonlySet<string>;
}

/** Throws BAD_USER_INPUT where the condition mixes what the provider's index knows with other things in too many ways. */
export async function accountQueries(
  account: MailAccount,
  session: MailSession,
  asked: Asked,
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
export class TooMixed extends MailError {
  constructor() {
    super(
      'BAD_USER_INPUT',
      `search and filter together combine words of the text (or has:attachment) with other conditions in more than ${MAX_BRANCHES} alternatives, each of which is a separate search. Remove alternatives, or use several lists.`,
    );
  }
}

/** In the words in which its role names it, so that the inbox is one list however it was come by. */
function withinId(session: MailSession, { within }: Asked): string | null {
  return within && ((within.role && session.roleMailboxId?.(within.role)) || within.id);
}

/**
 * A role at the top, where the provider takes it without its mailboxes being listed first, saves a round trip: it is the list
 * itself, which every provider reads fastest.
 */
function knownRole(
  session: MailSession,
  { within, condition }: Asked & { readonly condition: UserCondition },
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
