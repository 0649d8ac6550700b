/** A Date header is read up to this length, which includes its comments. */
const MAX_LENGTH = 500;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** The zone names with a single meaning, in hours east of UTC. RFC 5322 4.3 says to read any other name as UTC. */
const ZONES: Readonly<Record<string, number>> = {
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

const TIME =
  /(?<hour>\d{1,2})[:.](?<minute>\d{1,2})(?:[:.](?<second>\d{1,2})(?:[.,]\d{1,9})?)?(?: ?(?<half>[ap])\.?m\b\.?)?/;
const ZONE =
  /(?: ?(?:[a-z]{1,5} ?)?(?<sign>[+-]) ?(?:(?<hours>\d{1,2}):?(?<minutes>\d{2})|(?<alone>\d{1,2}))(?!\d)| ?(?<zone>[a-z]{1,5})(?![a-z]))?/;
const DAY = /(?:^|[ ,])(?<day>\d{1,2})(?:[ ,.-]|(?=[a-z]))[ ,.-]*/;
const MONTH = /(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?/;
const YEAR = /(?<year>\d{2,4})/;

/**
 * The forms of a date, in the order in which they are tried: RFC 5322 3.3 with its obsolete forms, the month first, C's
 * asctime, ISO 8601, a date alone, and slashes.
 */
const FORMS: readonly RegExp[] = [
  of(DAY, MONTH, / ?[ ,.-] ?/, YEAR, /[ ,]+(?:at )?/, TIME, ZONE),
  of(/(?:^|[ ,])/, MONTH, / (?<day>\d{1,2})(?: ?, ?| )/, YEAR, /[ ,]+(?:at )?/, TIME, ZONE),
  of(/(?:^|[ ,])/, MONTH, / (?<day>\d{1,2}) /, TIME, ZONE, / (?<year>\d{4})(?!\d)/),
  of(/^(?<year>\d{4})(?<between>[-/])(?<number>\d{2})\k<between>(?<day>\d{2})[ t]/, TIME, ZONE),
  of(/^(?<year>\d{4})(?<number>\d{2})(?<day>\d{2})t(?<hour>\d{2})(?<minute>\d{2})(?<second>\d{2})/, ZONE),
  /^(?<year>\d{4})-(?<number>\d{2})-(?<day>\d{2})$/,
  of(DAY, MONTH, / ?[ ,.-] ?/, YEAR, /$/),
  of(/^(?:[a-z]{3,9},? )?(?<number>\d{1,2})\/(?<day>\d{1,2})\/(?<year>\d{4}),? /, TIME, ZONE),
];

function of(...pieces: readonly RegExp[]): RegExp {
  return new RegExp(pieces.map(({ source }) => source).join(''));
}

/**
 * Returns the time that a Date header names. Null: it cannot be read, or names a day or a time that does not exist, such as
 * 30 February. A Date cannot hold a leap second, which is read as the second before it.
 */
export function parseDate(value: string): Date | null {
  const text = withoutComments(value.slice(0, MAX_LENGTH))
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/ ?: ?/g, ':')
    .trim();
  for (const form of FORMS) {
    const groups = form.exec(text)?.groups;
    if (groups) return momentOf(groups);
  }
  return null;
}

function momentOf(groups: Readonly<Record<string, string | undefined>>): Date | null {
  const number = (name: string) => Number(groups[name] ?? 0);
  const year = yearOf(groups.year ?? '');
  const month = groups.month ? MONTHS.indexOf(groups.month) : number('number') - 1;
  const [day, minute, second] = [number('day'), number('minute'), number('second')];
  let hour = number('hour');
  if (groups.half) {
    if (hour < 1 || hour > 12) return null;
    hour = (hour % 12) + (groups.half === 'p' ? 12 : 0);
  }
  // The midnight at the end of a day may be written as 24:00.
  const isHour = hour < 24 || (hour === 24 && minute === 0 && second === 0);
  if (year < 1900 || !isHour || minute > 59 || second > 60) return null;
  const date = new Date(Date.UTC(year, month, day));
  if (date.getUTCMonth() !== month) return null;
  const offset = offsetOf(groups);
  return new Date(Date.UTC(year, month, day, hour, minute - offset, Math.min(second, 59)));
}

/** Two digits below 50 are counted from 2000. Other two digits, and three, are counted from 1900 (RFC 5322 4.3). */
function yearOf(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : year;
}

/** Returns the minutes east of UTC of an offset such as +0200, +02:00 or +2. An impossible offset, such as +9999, is read as UTC. */
function offsetOf({ sign, hours, minutes, alone, zone = '' }: Readonly<Record<string, string | undefined>>): number {
  if (sign === undefined) return (ZONES[zone] ?? 0) * 60;
  const [h, m] = [Number(hours ?? alone), Number(minutes ?? 0)];
  if (h > 23 || m > 59) return 0;
  return (sign === '-' ? -1 : 1) * (h * 60 + m);
}

/**
 * Removes comments, which can be nested and contain quoted pairs (RFC 5322 3.2.2). A comment that never ends is removed up to
 * the end of the text.
 */
function withoutComments(text: string): string {
  let out = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\' && depth > 0) at++;
    else if (character === '(') depth++;
    else if (character === ')' && depth > 0) {
      if (--depth === 0) out += ' ';
    } else if (depth === 0) out += character;
  }
  return out;
}
