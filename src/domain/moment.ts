const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt](?!24)\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Parses an RFC 3339 date-time. Null: the text is not one. */
export function momentOf(value: string): Date | null {
  const at = RFC_3339.test(value) ? new Date(value) : null;
  // Date parses 30 February as 2 March, but a message must not be sent on another day than the given one.
  return at && !Number.isNaN(at.getTime()) && isDay(value) ? at : null;
}

function isDay(value: string): boolean {
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

const DAY_MS = 86_400_000;
const [MIN_DAY, MAX_DAY] = [0, Date.UTC(9999, 11, 31) / DAY_MS];
const MAX_DAYS = 1_000;
/** The days of the latest texts, as "2026-11-20T". */
const days = new Map<number, string>();
const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => `${n}`.padStart(2, '0'));

/**
 * Returns the same as `toISOString`. A page has a hundred dates of few days, and V8 formats each of them as C does, which takes
 * as long as all other fields of a message.
 */
export function momentText(date: Date): string {
  const at = date.getTime();
  const day = Math.floor(at / DAY_MS);
  if (!(day >= MIN_DAY && day <= MAX_DAY)) return date.toISOString();
  const ms = at - day * DAY_MS;
  const hour = TWO_DIGITS[Math.floor(ms / 3_600_000)];
  const minute = TWO_DIGITS[Math.floor(ms / 60_000) % 60];
  const second = TWO_DIGITS[Math.floor(ms / 1_000) % 60];
  return `${dayOf(day, date)}${hour}:${minute}:${second}.${`${1_000 + (ms % 1_000)}`.slice(1)}Z`;
}

function dayOf(day: number, date: Date): string {
  const known = days.get(day);
  if (known !== undefined) return known;
  if (days.size >= MAX_DAYS) days.clear();
  const text = date.toISOString().slice(0, 'yyyy-mm-ddT'.length);
  days.set(day, text);
  return text;
}
