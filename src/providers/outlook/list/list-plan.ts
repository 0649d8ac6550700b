import { EVERYTHING, normalForm, replaced, worded } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import type { Narrowing } from '../../../domain/search/separate-lists.ts';
import { visibleOnly } from '../../../domain/search/visibility.ts';
import type { Evaluation, ListQuery } from '../../contract/list.ts';
import { categoryName, segment } from '../wire/ids.ts';
import { type Filter, toFilter } from './filter.ts';
import { baseOf } from './indexed.ts';
import { candidateSearches } from './kql.ts';
import { type Compiled, compile, isOfIndex } from './search.ts';

/** The collection that a list reads, and the condition on its messages. */
export interface ListPlan extends Compiled {
  /** Path of the collection. */
  readonly base: string;
  /** True when trash and junk are left out, unless `checked` names them. */
  readonly isWholeAccount: boolean;
  /** True when `checked` names a mailbox. The hidden folders must then be known before the list is read. */
  readonly namesMailbox: boolean;
  readonly hasCondition: boolean;
}

export function listPlanOf({ mailboxId, where }: ListQuery): ListPlan {
  const normal = normalForm(where ?? EVERYTHING);
  const terms = normal.kind === 'and' ? normal.of : [normal];
  // A category contains messages of all folders except trash and junk.
  const category: readonly Condition[] =
    mailboxId !== null && !isFolder(mailboxId) ? [{ kind: 'mailbox', id: mailboxId }] : [];
  // A folder that is meant without being named contains nothing that trash and junk hide.
  const named = terms.filter((term) => term.kind === 'mailbox' && term.named !== false && isFolder(term.id));
  const folder = mailboxId !== null && isFolder(mailboxId) ? { id: mailboxId, term: null } : folderTerm(named);
  const compiled = compile({ kind: 'and', of: [...category, ...terms.filter((term) => term !== folder?.term)] });
  return {
    ...compiled,
    base: folder ? `/me/mailFolders/${segment(folder.id)}/messages` : '/me/messages',
    isWholeAccount: folder === null,
    namesMailbox: namesMailbox(compiled.checked),
    hasCondition: where !== null,
  };
}

/** Returns the condition that each message is checked against. `hidden` are the ids of trash and junk. */
export const checkOf = ({ checked, isWholeAccount }: ListPlan, hidden: readonly string[]): Condition =>
  isWholeAccount ? visibleOnly(checked, new Set(hidden)) : checked;

/**
 * Returns the searches that find candidates, each as terms that must all hold, or null when the list is read by date. A
 * filter by author or Message-ID leaves few messages, so the index has no advantage there.
 */
export function searchesFor({ words, checked }: ListPlan, filter: Filter): readonly (readonly string[])[] | null {
  const base = words?.base ?? null;
  const narrowed = candidateSearches(checked, MAX_NARROWING_LENGTH);
  // A search for words of bodies already narrows the list and can be combined with one other search.
  if (base !== null) return [[base, ...(narrowed?.length === 1 ? narrowed : [])]];
  return narrowed === null || filter.isSelective ? null : narrowed.map((one) => [one]);
}

/**
 * Returns how far Graph can narrow a condition, so that not all mail has to be read for it. It agrees with
 * `searchesFor`.
 */
export function narrows(condition: Condition): Narrowing {
  const where = normalForm(replaced(condition, worded));
  if (where.kind === 'nothing') return 'few';
  const parts = where.kind === 'and' ? where.of : [where];
  const words = parts.filter(isOfIndex);
  if (words.some((part) => baseOf(part) !== null)) return 'search';
  const checked = normalForm({ kind: 'and', of: parts.filter((part) => !words.includes(part)) });
  const filter = toFilter(checked);
  if (filter.isSelective) return 'few';
  if (candidateSearches(checked, MAX_NARROWING_LENGTH) !== null) return 'search';
  return filter.text === '' ? 'none' : 'filter';
}

/** Maximum length of a search that narrows a list. Graph does not document its limit. */
const MAX_NARROWING_LENGTH = 3_000;

/**
 * Returns how the query is evaluated. It depends on the query alone, so it is the same on every page, whether or not
 * the hidden folders are known by then: leaving those out is exact. Returns undefined when the query has no condition.
 */
export function evaluationOf(plan: ListPlan): Evaluation | undefined {
  if (!plan.hasCondition) return undefined;
  if (plan.matchesNothing) return 'NATIVE';
  if (plan.words !== null) return 'INDEXED';
  const filter = toFilter(plan.checked);
  return searchesFor(plan, filter) === null && filter.isExact ? 'NATIVE' : 'FILTERED';
}

const isFolder = (mailboxId: string): boolean => categoryName(mailboxId) === null;

/** A condition on one folder becomes that folder's own list, which a search can be limited to as well. */
function folderTerm(named: readonly Condition[]): { id: string; term: Condition } | null {
  const [term] = named;
  return named.length === 1 && term?.kind === 'mailbox' ? { id: term.id, term } : null;
}

function namesMailbox(where: Condition): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some(namesMailbox);
  return where.kind === 'not' ? namesMailbox(where.of) : where.kind === 'mailbox' && isFolder(where.id);
}
