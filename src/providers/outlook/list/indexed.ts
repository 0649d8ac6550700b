import { MailError } from '../../../domain/error.ts';
import { isEverything, normalForm } from '../../../domain/search/algebra.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { toKql } from './kql.ts';

/** A condition on words that the index decides, made of questions without a negation, each of which is one search. */
type Formula =
  | { readonly kind: 'found'; readonly by: string }
  | { readonly kind: 'not'; readonly of: Formula }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Formula[] };

/** What the index is asked for the words of a list. */
export interface IndexedWords {
  /** A search that finds everything that can match. Null: words are excluded alone, and nothing narrows the list down. */
  readonly base: string | null;
  /** Searches that decide what `base` leaves open; none where it is the answer. */
  readonly questions: readonly string[];
  /** Whether a message matches, by the questions that find it. */
  isMet(found: (question: string) => boolean): boolean;
}

/** Each is a search of its own for each page. */
const MAX_QUESTIONS = 12;

const tooMixed = (questions: number): MailError =>
  new MailError(
    'BAD_USER_INPUT',
    `The search combines wanted and excluded words in so many alternatives that it needs ${questions} searches at Outlook; at most ${MAX_QUESTIONS} are allowed. Remove alternatives.`,
  );

/**
 * `where` is in normal form, and of `text` alone.
 * @throws BAD_USER_INPUT where it would take too many searches
 */
export function indexedWords(where: Condition): IndexedWords {
  const base = baseOf(where);
  if (base !== null && !isNegated(where)) return { base, questions: [], isMet: () => true };
  const formula = formulaOf(where);
  const questions = [...new Set(questionsOf(formula))];
  if (questions.length > MAX_QUESTIONS) throw tooMixed(questions.length);
  return { base, questions, isMet: (found) => holds(formula, found) };
}

/** A search that finds everything that can match; null: words are excluded alone. */
export function baseOf(where: Condition): string | null {
  const outer = normalForm(withoutNegations(where));
  return isEverything(outer) ? null : toKql(outer);
}

/** A wider condition: what is excluded is let through. */
function withoutNegations(where: Condition): Condition {
  if (where.kind === 'not') return { kind: 'and', of: [] };
  return where.kind === 'and' || where.kind === 'or' ? { kind: where.kind, of: where.of.map(withoutNegations) } : where;
}

function isNegated(where: Condition): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some(isNegated);
  return where.kind === 'not';
}

/** As few questions as there can be: what stands side by side is asked together, and so is what is excluded. */
function formulaOf(where: Condition): Formula {
  if (!isNegated(where)) return { kind: 'found', by: toKql(where) ?? '' };
  const opposite = normalForm({ kind: 'not', of: where });
  // A word or not that word: everything, and there is nothing to ask.
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

function questionsOf(formula: Formula): string[] {
  if (formula.kind === 'found') return [formula.by];
  return formula.kind === 'not' ? questionsOf(formula.of) : formula.of.flatMap(questionsOf);
}

function holds(formula: Formula, found: (question: string) => boolean): boolean {
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
