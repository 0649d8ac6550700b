import { badUserInput } from './bad-user-input.ts';

/** The maximum number of items in a page, and of ids in an argument without a limit of its own. */
const MAX_ITEMS = 100;

/** Returns `first` of a connection if it is from 1 to 100. Throws BAD_USER_INPUT with both figures otherwise. */
export function requireFirst(first: number): number {
  if (Number.isInteger(first) && first >= 1 && first <= MAX_ITEMS) return first;
  throw badUserInput(`first must be from 1 to ${MAX_ITEMS}; ${first} was requested. Read further pages with after.`);
}

/** Throws BAD_USER_INPUT with both figures if a list argument has more than `max` items. */
export function requireListSize(argument: string, list: readonly unknown[], max = MAX_ITEMS): void {
  if (list.length <= max) return;
  throw badUserInput(`${argument} may hold at most ${max}; ${list.length} were given.`);
}
