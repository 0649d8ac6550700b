import { isEverything, normalForm, ordered } from './algebra.ts';
import type { Condition } from './condition.ts';

/** An alternative: the parts of an `and`. */
type Parts = readonly Condition[];
interface Alternative {
  /** The parts that the index decides. */
  readonly words: Condition;
  readonly rest: Condition;
}

/** The maximum length of words that are searched for together, as JSON. It is far below the limits of the providers' queries. */
const MAX_JOINED_LENGTH = 2_000;

/**
 * Joins alternatives, so that they need fewer searches: those with the same words, and those that differ in their words alone. An
 * alternative without words or without other parts is not joined, because the others would have no effect beside it (trash and
 * junk).
 */
export function factored(alternatives: readonly Parts[], isIndexed: (part: Condition) => boolean): readonly Parts[] {
  const all = alternatives.map((parts) => ({
    words: and(parts.filter(isIndexed)),
    rest: and(parts.filter((part) => !isIndexed(part))),
  }));
  const byWords = alike(all, ({ words }) => words).flatMap((same) => {
    const [{ words }] = same;
    return same.some(isOfOneKind) ? same : [{ words, rest: or(same.map(({ rest }) => rest)) }];
  });
  const byRest = alike(byWords, ({ rest }) => rest).flatMap((same) => {
    const [{ rest }] = same;
    const words = or(same.map((one) => one.words));
    return same.some(isOfOneKind) || !isOneSearch(words) ? same : [{ words, rest }];
  });
  return byRest.map(({ words, rest }) => [...partsOf(words), ...partsOf(rest)]);
}

const and = (of: Parts): Condition => normalForm({ kind: 'and', of });
const or = (of: Parts): Condition => normalForm({ kind: 'or', of });
const partsOf = (where: Condition): Parts => (where.kind === 'and' ? where.of : [where]);

const isOfOneKind = ({ words, rest }: Alternative): boolean => isEverything(words) || isEverything(rest);

/** Excluded words need separate searches, whose number a provider may limit. */
const isOneSearch = (words: Condition): boolean =>
  !isNegated(words) && JSON.stringify(words).length <= MAX_JOINED_LENGTH;

/** Whether the condition excludes anything. */
export function isNegated(where: Condition): boolean {
  if (where.kind === 'and' || where.kind === 'or') return where.of.some(isNegated);
  return where.kind === 'not';
}

function alike(all: readonly Alternative[], key: (one: Alternative) => Condition): [Alternative, ...Alternative[]][] {
  const groups = new Map<string, [Alternative, ...Alternative[]]>();
  for (const one of all) {
    const name = JSON.stringify(ordered(key(one)));
    const group = groups.get(name);
    if (group) group.push(one);
    else groups.set(name, [one]);
  }
  return [...groups.values()];
}
