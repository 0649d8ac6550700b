/**
 * The names of values that differ between equal answers: a link expires some time after it is shown, and a cursor of a provider's
 * own list may be another one each time.
 */
const UNSTEADY = /^(expiresAt|cursor|\w*Cursor)$/;
/** The token of a link to a file, in a value of its own or in HTML. It is another one each time it is shown. */
const TOKEN = /(?<=\/download\/)[\w.~-]+/g;

/** Returns where two JSON values differ first, as names and indexes, or null where they are equal. */
export function firstDifference(a: unknown, b: unknown, path = ''): string | null {
  if (Object.is(a, b)) return null;
  if (typeof a === 'string' && typeof b === 'string')
    return a.replace(TOKEN, '') === b.replace(TOKEN, '') ? null : path;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path;
  if (Array.isArray(a) !== Array.isArray(b)) return path;
  const [one, other] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (UNSTEADY.test(name) && typeof one[name] === typeof other[name]) continue;
    const found = firstDifference(one[name], other[name], path === '' ? name : `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
