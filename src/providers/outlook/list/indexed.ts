import { MailError } from '../../../domain/error.ts';
import { isEverything, normalForm } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { isNegated } from '../../../domain/search/factored.ts';
import { toKql } from './kql.ts';

/** A condition on words, built from positive searches of the index. */
type Formula =
  | { readonly kind: 'found'; readonly by: string }
  | { readonly kind: 'not'; readonly of: Formula }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Formula[] };

/** The searches that decide the words of a list. */
export interface IndexedWords {
  /**
   * A search that finds every message that can match. Null means that the condition only excludes words, so no search
   * narrows the list.
   */
  readonly base: string | null;
  /** Searches that decide about the messages that `base` finds. There are none when `base` is the answer. */
  readonly searches: readonly string[];
  /** Returns whether a message matches, given which searches find it. */
  isMet(found: (search: string) => boolean): boolean;
}

/** Maximum number of searches, because each one is made for each page. */
const MAX_SEARCHES = 12;

const tooMixed = (searches: number): MailError =>
  new MailError(
    'BAD_USER_INPUT',
    `The search combines wanted and excluded words in so many alternatives that it needs ${searches} searches at Outlook; at most ${MAX_SEARCHES} are allowed. Remove alternatives.`,
  );

/**
 * Compiles a condition in normal form that consists of `text` alone.
 * @throws BAD_USER_INPUT when it needs too many searches
 */
export function indexedWords(where: Condition): IndexedWords {
  const base = baseOf(where);
  if (base !== null && !isNegated(where)) return { base, searches: [], isMet: () => true };
  const formula = formulaOf(where);
  const searches = [...new Set(searchesOf(formula))];
  if (searches.length > MAX_SEARCHES) throw tooMixed(searches.length);
  return { base, searches, isMet: (found) => holds(formula, found) };
}

/** Returns a search that finds every message that can match, or null when the condition only excludes words. */
export function baseOf(where: Condition): string | null {
  const outer = normalForm(withoutNegations(where));
  return isEverything(outer) ? null : toKql(outer);
}

/** Widens a condition by dropping its exclusions. */
function withoutNegations(where: Condition): Condition {
  if (where.kind === 'not') return { kind: 'and', of: [] };
  return where.kind === 'and' || where.kind === 'or' ? { kind: where.kind, of: where.of.map(withoutNegations) } : where;
}

/**
 * Builds a formula with as few searches as possible: plain parts are combined into one search, and so are excluding
 * ones.
 */
function formulaOf(where: Condition): Formula {
  if (!isNegated(where)) return { kind: 'found', by: toKql(where) ?? '' };
  const opposite = normalForm({ kind: 'not', of: where });
  // "A word or not that word" matches everything, so no search is needed.
  if (opposite.kind === 'nothing') return { kind: 'and', of: [] };
  if (!isNegated(opposite)) return { kind: 'not', of: { kind: 'found', by: toKql(opposite) ?? '' } };
  if (where.kind !== 'and' && where.kind !== 'or') throw new TypeError('a negation of more than words');
  const { kind, of } = where;
  const plain = of.filter((part) => !isNegated(part));
  const excluding = of.filter((part) => isNegated(part) && !isNegated(normalForm({ kind: 'not', of: part })));
  const mixed = of.filter((part) => !plain.includes(part) && !excluding.includes(part));
  const together = [plain, excluding].filter((parts) => parts.length > 0);
  if (together.length + mixed.length < 2) return { kind, of: of.map(formulaOf) };
  return {
    kind,
    of: [...together.map((parts) => formulaOf(normalForm({ kind, of: parts }))), ...mixed.map(formulaOf)],
  };
}

function searchesOf(formula: Formula): string[] {
  if (formula.kind === 'found') return [formula.by];
  return formula.kind === 'not' ? searchesOf(formula.of) : formula.of.flatMap(searchesOf);
}

function holds(formula: Formula, found: (search: string) => boolean): boolean {
  switch (formula.kind) {
    case 'found':
      return found(formula.by);
    case 'not':
      return !holds(formula.of, found);
    case 'and':
      return formula.of.every((part) => holds(part, found));
    case 'or':
      return formula.of.some((part) => holds(part, found));
  }
}
