import { EVERYTHING, normalForm, replaced, worded } from '../../../domain/search/algebra.ts';
import type { Narrowing } from '../../../domain/search/apart.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { visibleOnly } from '../../../domain/search/visibility.ts';
import type { Evaluation, ListQuery } from '../../contract/provider.ts';
import { categoryName, segment } from '../wire/ids.ts';
import { type Filter, toFilter } from './filter.ts';
import { baseOf } from './indexed.ts';
import { candidateSearches } from './kql.ts';
import { type Compiled, compile, isOfIndex } from './search.ts';

/** Where a list is read, and what is asked of its messages. */
export interface ListPlan extends Compiled {
  /** The collection's path. */
  readonly base: string;
  /** True: trash and junk are left out, but for what `checked` names. */
  readonly whole: boolean;
  /** Whether `checked` names a mailbox: then which are hidden must be known before the list is asked for. */
  readonly isNaming: boolean;
  readonly isNarrowed: boolean;
}

export function listPlanOf({ mailboxId, where }: ListQuery): ListPlan {
  const normal = normalForm(where ?? EVERYTHING);
  const terms = normal.kind === 'and' ? normal.of : [normal];
  // A category runs through all folders, trash and junk left out.
  const category: readonly Condition[] =
    mailboxId !== null && !isFolder(mailboxId) ? [{ kind: 'mailbox', id: mailboxId }] : [];
  // A folder that is meant without being named has none of what trash and junk hide.
  const named = terms.filter((term) => term.kind === 'mailbox' && term.named !== false && isFolder(term.id));
  const folder = mailboxId !== null && isFolder(mailboxId) ? { id: mailboxId, said: null } : inFolder(named);
  const compiled = compile({ kind: 'and', of: [...category, ...terms.filter((term) => term !== folder?.said)] });
  return {
    ...compiled,
    base: folder ? `/me/mailFolders/${segment(folder.id)}/messages` : '/me/messages',
    whole: folder === null,
    isNaming: isNaming(compiled.checked),
    isNarrowed: where !== null,
  };
}

/** What each message of the list is held against; `hidden`: the ids of trash and junk. */
export const checkOf = ({ checked, whole }: ListPlan, hidden: readonly string[]): Condition =>
  whole ? visibleOnly(checked, new Set(hidden)) : checked;

/**
 * The searches that bring candidates, each as what must all hold; null where the list is read by date. Few messages of one
 * author or Message-ID are: the index knows nothing that a filter does not.
 */
export function searchesFor({ words, checked }: ListPlan, filter: Filter): readonly (readonly string[])[] | null {
  const base = words?.base ?? null;
  const narrowed = candidateSearches(checked, MAX_NARROWING_LENGTH);
  // Words of bodies narrow it down as well, in one search.
  if (base !== null) return [[base, ...(narrowed?.length === 1 ? narrowed : [])]];
  return narrowed === null || filter.isSelective ? null : narrowed.map((one) => [one]);
}

/** What Graph can be told of a condition, so that not all mail has to be read for it: as `searchesFor` has it. */
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

/** How long Graph takes a search is not said. */
const MAX_NARROWING_LENGTH = 3_000;

/**
 * A property of the query, and so the same on each of its pages, whether or not trash and junk are known by then: what leaves
 * these out is exact. Undefined where nothing is asked.
 */
export function evaluationOf(source: ListPlan): Evaluation | undefined {
  if (!source.isNarrowed) return undefined;
  if (source.nothing) return 'NATIVE';
  if (source.words !== null) return 'INDEXED';
  const filter = toFilter(source.checked);
  return searchesFor(source, filter) === null && filter.isExact ? 'NATIVE' : 'FILTERED';
}

const isFolder = (mailboxId: string): boolean => categoryName(mailboxId) === null;

/** A condition on one folder is the folder's own list, which a search can be narrowed to as well. */
function inFolder(named: readonly Condition[]): { id: string; said: Condition } | null {
  const [said] = named;
  return named.length === 1 && said?.kind === 'mailbox' ? { id: said.id, said } : null;
}

function isNaming(where: Condition): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some(isNaming);
  return where.kind === 'not' ? isNaming(where.of) : where.kind === 'mailbox' && isFolder(where.id);
}
