/**
 * Returns one line for each unknown name that is close to a setting, as `CORS_ORIGIN` is to CORS_ORIGINS. Settings that
 * are set are not suggested.
 */
export function misspelt(names: readonly string[], known: readonly string[]): string[] {
  const free = known.filter((name) => name.length >= MIN_LENGTH && !names.includes(name));
  return names
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const meant = free.find((one) => distance(name.toUpperCase(), one) <= MAX_DISTANCE);
      return meant === undefined ? [] : [`${name}: is not a setting of Postern; is ${meant} meant?`];
    });
}

/** Short settings are not suggested, because other programs use similar names: HOST and HOSTS, PORT and PORTS. */
const MIN_LENGTH = 8;
const MAX_DISTANCE = 2;

/** Returns the Levenshtein distance: the number of letters to insert, delete or replace. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return Number.POSITIVE_INFINITY;
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (above[j] ?? 0) + (letter === b[j] ? 0 : 1);
      row.push(Math.min(replaced, (above[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    above = row;
  }
  return above.at(-1) ?? 0;
}
