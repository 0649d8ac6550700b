/** Midnight in a query is midnight in California (UTC-8), as Google documents; seconds since 1970 are exact. */
const PACIFIC_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** Where `before:` begins not to hold, in ms; null when the value is no date. */
export const before = dateOf;
/** Where `after:` begins to hold, in ms; null when the value is no date. */
export const after = dateOf;

function dateOf(value: string): number | null {
  if (/^\d{5,}$/.test(value)) return Number(value) * 1000;
  const parts = value.split(/[/-]/);
  if (parts.length !== 3 || parts.some((part) => !/^\d+$/.test(part))) return null;
  const [a = 0, b = 0, c = 0] = parts.map(Number);
  const [year, month, day] = a > 31 ? [a, b, c] : [c, a, b];
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  return Date.UTC(year, month - 1, day) + PACIFIC_MS;
}

/** `2d`, `3m`, `1y` before now. */
export function age(value: string, now: Date): number | null {
  const [, count, unit = ''] = /^(\d+)([dmy])$/i.exec(value) ?? [];
  if (count === undefined) return null;
  const days = { d: 1, m: 30, y: 365 }[unit.toLowerCase()] ?? 1;
  return now.getTime() - Number(count) * days * DAY_MS;
}

/** Bytes: `1000000`, `500k`, `10M`. */
export function sizeOf(value: string): number | null {
  const [, count, unit = ''] = /^(\d+)([km])?b?$/i.exec(value) ?? [];
  if (count === undefined) return null;
  return Number(count) * ({ k: 1024, m: 1_048_576 }[unit.toLowerCase()] ?? 1);
}
