import type { Declaration } from './declarations.ts';

/** Maximum depth of variables in the values of others. No mail needs more. */
const MAX_ROUNDS = 4;
const MAX_VALUE_LENGTH = 400;
const USE = /\bvar\( ?(--[\w-]{1,80}) ?(?:, ?([^()]{0,200}))?\)/gi;

/**
 * The values by name in lower case. Null means that a variable has several values and it is not known which applies.
 */
type Variables = ReadonlyMap<string, string | null>;

/**
 * Returns the custom properties that are set anywhere (CSS Custom Properties 1). Nearly all are set once for the whole
 * mail.
 */
export function variablesIn(declarations: Iterable<Declaration>): Variables {
  const found = new Map<string, string | null>();
  for (const { name, value } of declarations)
    if (name.startsWith('--')) found.set(name, (found.get(name) ?? value) === value ? value : null);
  return found;
}

/**
 * Replaces the variables in a value by their values, or by its fallback for a variable that is not set. An unknown
 * variable leaves the value as it is.
 */
export function withVariables(value: string, variables: Variables): string {
  let read = value;
  for (let round = 0; round < MAX_ROUNDS && /\bvar\(/i.test(read); round++) {
    const next = read.replace(USE, (use: string, name: string, otherwise: string | undefined) => {
      const known = variables.get(name.toLowerCase());
      return (known === undefined ? otherwise : known) ?? use;
    });
    if (next.length > MAX_VALUE_LENGTH) return value;
    read = next.trim();
  }
  return read;
}
