import type { Decision } from '../../domain/search/branches.ts';
import type { Condition } from '../../domain/search/condition.ts';
import { toFilter } from './filter.ts';
import { toKql } from './kql.ts';
import { normalForm } from './normal-form.ts';

/**
 * What of a condition Graph evaluates, and how. `$search` excludes `$filter`, so it is one or the other: `$search`
 * where words are asked for, which only its index can answer, else `$filter`, which keeps the list in order and whole.
 */
export interface Compiled {
  /** Clauses to be joined to the date clause that must come first; '' for none. */
  readonly filter: string;
  /** The quoted value of $search; null to list by date. */
  readonly search: string | null;
  /** What the filter stands for, to be evaluated on a message that was not listed; null when nothing. */
  readonly filtered: Condition | null;
  /** What is left to the caller. */
  readonly rest: Condition | null;
  /** Nothing can match: no request is needed. */
  readonly nothing: boolean;
}

const NOTHING: Compiled = { filter: '', search: null, filtered: null, rest: null, nothing: true };

export function compile(where: Condition | null): Compiled {
  const normal = where === null ? null : normalForm(where);
  if (normal?.kind === 'nothing') return NOTHING;
  const terms = normal === null ? [] : normal.kind === 'and' ? normal.of : [normal];
  const searched = terms.map((term) => ({ term, kql: toKql(term) }));
  if (searched.some(({ term, kql }) => kql !== null && !onlySubject(term))) {
    const words = searched.flatMap(({ kql }) => (kql === null ? [] : [kql.text]));
    const rest = searched.filter(({ kql }) => kql === null || !kql.exact).map(({ term }) => term);
    return { filter: '', search: `"${words.join(' AND ')}"`, filtered: null, rest: all(rest), nothing: false };
  }
  const filters = terms.map((term) => ({ term, text: toFilter(term) }));
  return {
    filter: filters.flatMap(({ text }) => text ?? []).join(' and '),
    search: null,
    filtered: all(filters.filter(({ text }) => text !== null).map(({ term }) => term)),
    rest: all(filters.filter(({ text }) => text === null).map(({ term }) => term)),
    nothing: false,
  };
}

/** Only Graph's index knows the words of a body; an envelope decides all else. */
export const decides = ({ kind }: Condition): Decision => (kind === 'text' ? 'indexed' : 'checked');

/** `$filter` can look into subjects itself, without the index. */
const onlySubject = (term: Condition): boolean =>
  term.kind === 'subject' || ((term.kind === 'and' || term.kind === 'or') && term.of.every(onlySubject));

const all = (of: readonly Condition[]): Condition | null => (of.length <= 1 ? (of[0] ?? null) : { kind: 'and', of });
