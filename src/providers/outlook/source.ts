import { EVERYTHING, normalForm } from '../../domain/search/algebra.ts';
import type { Narrowing } from '../../domain/search/apart.ts';
import type { Condition } from '../../domain/search/condition.ts';
import { visibleOnly } from '../../domain/search/visibility.ts';
import type { Evaluation, ListQuery } from '../provider.ts';
import { type Filter, toFilter } from './filter.ts';
import { categoryName, segment } from './ids.ts';
import { baseOf } from './indexed.ts';
import { candidates } from './kql.ts';
import { type Compiled, compile, isOfIndex, withoutEmpty } from './search.ts';

/** Where a list is read, and what is asked of its messages. */
export interface Source extends Compiled {
  /** The collection's path. */
  readonly base: string;
  /** True: trash and junk are left out, but for what `checked` names. */
  readonly whole: boolean;
  /** Whether `checked` names a mailbox: then which are hidden must be known before the list is asked for. */
  readonly isNaming: boolean;
  readonly isNarrowed: boolean;
}

export function sourceOf({ mailboxId, where }: ListQuery): Source {
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
export const checkOf = ({ checked, whole }: Source, hidden: readonly string[]): Condition =>
  whole ? visibleOnly(checked, new Set(hidden)) : checked;

/**
 * The search that brings candidates; null where the list is read by date. Few messages of one author or Message-ID are: the
 * index knows nothing that a filter does not.
 */
export function searchFor({ words, checked }: Source, filter: Filter): string[] | null {
  const narrowed = short(candidates(checked));
  if (words !== null && words.base !== null) return [words.base, ...(narrowed === null ? [] : [narrowed])];
  return narrowed === null || filter.isSelective ? null : [narrowed];
}

/** What Graph can be told of a condition, so that not all mail has to be read for it: as `searchFor` has it. */
export function narrows(condition: Condition): Narrowing {
  const where = normalForm(withoutEmpty(condition));
  if (where.kind === 'nothing') return 'few';
  const parts = where.kind === 'and' ? where.of : [where];
  const words = parts.filter(isOfIndex);
  if (words.some((part) => baseOf(part) !== null)) return 'search';
  const checked = normalForm({ kind: 'and', of: parts.filter((part) => !words.includes(part)) });
  const filter = toFilter(checked);
  if (filter.isSelective) return 'few';
  if (short(candidates(checked)) !== null) return 'search';
  return filter.text === '' ? 'none' : 'filter';
}

/** Longer ones are not worth their request: envelopes decide it. */
const MAX_NARROWING = 3_000;
const short = (kql: string | null): string | null => (kql !== null && kql.length <= MAX_NARROWING ? kql : null);

/** Undefined where nothing is asked. */
export function evaluationOf(source: Source, filter: Filter, search: readonly string[] | null): Evaluation | undefined {
  if (!source.isNarrowed) return undefined;
  if (source.words !== null) return 'INDEXED';
  return search === null && filter.isExact ? 'NATIVE' : 'FILTERED';
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
