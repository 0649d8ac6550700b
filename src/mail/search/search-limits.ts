import { extent } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { badUserInput } from '../../graphql/bad-user-input.ts';

const MOST_TERMS = 50;
const DEEPEST = 10;
export const LONGEST_VALUE = 500;

/** Throws BAD_USER_INPUT with the figures when a search or filter asks for more than any provider will evaluate. */
export function requireReasonable(argument: string, condition: UserCondition): UserCondition {
  const { terms, depth } = extent(condition);
  if (terms > MOST_TERMS)
    throw badUserInput(`${argument} may hold at most ${MOST_TERMS} conditions; this one holds ${terms}.`);
  if (depth > DEEPEST)
    throw badUserInput(`${argument} may be nested at most ${DEEPEST} deep; this one is ${depth} deep.`);
  return condition;
}
