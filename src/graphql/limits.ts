import { badUserInput } from './bad-user-input.ts';

/** Items in a page, and ids in one argument that does not say otherwise. */
const MAX_ITEMS = 100;

/** `first` of a connection when it is from 1 to 100. Throws BAD_USER_INPUT with both figures. */
export function requireFirst(first: number): number {
  if (Number.isInteger(first) && first >= 1 && first <= MAX_ITEMS) return first;
  throw badUserInput(`first must be from 1 to ${MAX_ITEMS}; ${first} was asked for. Read further pages with after.`);
}

/** Throws BAD_USER_INPUT with both figures when a list argument is longer than `most`. */
export function requireListSize(argument: string, list: readonly unknown[], most = MAX_ITEMS): void {
  if (list.length <= most) return;
  throw badUserInput(`${argument} may hold at most ${most}; ${list.length} were given.`);
}
