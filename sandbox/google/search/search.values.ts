/** Midnight in a query is midnight in California (UTC-8), as Google documents; seconds since 1970 are exact. */
const PACIFIC_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** The first moment that does not match `before:`, in milliseconds. Null when the value is not a date. */
export const before = dateOf;
/** The first moment that matches `after:`, in milliseconds. Null when the value is not a date. */
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

/** A time before now, for example `2d`, `3m` or `1y`. */
export function age(value: string, now: Date): number | null {
  const [, count, unit = ''] = /^(\d+)([dmy])$/i.exec(value) ?? [];
  if (count === undefined) return null;
  const days = { d: 1, m: 30, y: 365 }[unit.toLowerCase()] ?? 1;
  return now.getTime() - Number(count) * days * DAY_MS;
}

/** A number of bytes, for example `1000000`, `500k` or `10M`. */
export function sizeOf(value: string): number | null {
  const [, count, unit = ''] = /^(\d+)([km])?b?$/i.exec(value) ?? [];
  if (count === undefined) return null;
  return Number(count) * ({ k: 1024, m: 1_048_576 }[unit.toLowerCase()] ?? 1);
}
