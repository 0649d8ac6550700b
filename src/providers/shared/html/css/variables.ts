import type { Declaration } from './declarations.ts';

/** Variables within the values of others; no mail needs more. */
const MAX_ROUNDS = 4;
const MAX_VALUE_LENGTH = 400;
const USE = /\bvar\( ?(--[\w-]{1,80}) ?(?:, ?([^()]{0,200}))?\)/gi;

/** By name in small letters; null: it has several values, and which of them counts where is not known. */
type Variables = ReadonlyMap<string, string | null>;

/** The custom properties that are set, wherever that is (CSS Custom Properties 1): nearly all are set once, for the whole mail. */
export function variablesIn(declarations: Iterable<Declaration>): Variables {
  const found = new Map<string, string | null>();
  for (const { name, value } of declarations)
    if (name.startsWith('--')) found.set(name, (found.get(name) ?? value) === value ? value : null);
  return found;
}

/** The value with what its variables stand for, or what it says itself for one that is not set. As it was where that is not known. */
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
