const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Minutes east of UTC: the zones of RFC 822, the only names with one meaning, and UTC's own. */
const ZONES: Record<string, number> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
};
const RFC5322 =
  /(?:^|[\s,])(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s,-]+(\d{2,4})[\s,]+(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2})(?:\.\d+)?)?\s*([+-]\s*\d{4}|[a-z]+)?/i;
const ASCTIME =
  /([a-z]{3})[a-z]*\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(?:([+-]\d{4}|[a-z]{1,4})\s+)?(\d{4})\b/i;
const ISO = /^\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?\s*$/;

/** Reads a mail's date (RFC 5322 with its obsolete forms, asctime, ISO 8601), or null. Without a zone it is UTC. */
export function parseDate(value: string): Date | null {
  const text = stripComments(value.slice(0, 500));
  const rfc = RFC5322.exec(text);
  if (rfc) {
    const [, day, month, year, hour, minute, second, zone] = rfc;
    return build(year, month, day, hour, minute, second, zone);
  }
  const asc = ASCTIME.exec(text);
  if (asc) {
    const [, month, day, hour, minute, second, zone, year] = asc;
    return build(year, month, day, hour, minute, second, zone);
  }
  if (!ISO.test(text)) return null;
  const iso = text.trim().replace(' ', 'T').replace(/\s+/g, '');
  const at = new Date(/T.*(?:Z|[+-]\d{2}:?\d{2})$/.test(iso) || !iso.includes('T') ? iso : `${iso}Z`);
  return Number.isNaN(at.getTime()) ? null : at;
}

type Field = string | undefined;
function build(year: Field, month: Field, day: Field, hour: Field, minute: Field, second: Field, zone: Field) {
  const index = MONTHS.indexOf((month ?? '').toLowerCase());
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second ?? 0)];
  if (index < 0 || d < 1 || d > 31 || h > 24 || m > 59 || s > 60) return null;
  const at = Date.UTC(fullYear(Number(year), (year ?? '').length), index, d, h, m, Math.min(s, 59));
  const offset = zoneOffset(zone);
  // 31 June is no day of June: Date.UTC would quietly make it July.
  if (new Date(Date.UTC(2000, index, d)).getUTCMonth() !== index) return null;
  return new Date(at - offset * 60_000);
}

/** RFC 5322 §4.3: two digits below 50 are this century, three digits count from 1900. */
function fullYear(year: number, digits: number): number {
  if (digits === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits === 3 ? 1900 + year : year;
}

function zoneOffset(zone: Field): number {
  const text = (zone ?? '').replace(/\s+/g, '').toLowerCase();
  const numeric = /^([+-])(\d{2})(\d{2})$/.exec(text);
  if (!numeric) return ZONES[text] ?? 0;
  const minutes = Number(numeric[2]) * 60 + Number(numeric[3]);
  return numeric[1] === '-' ? -minutes : minutes;
}

function stripComments(text: string): string {
  let out = '';
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth++;
    else if (char === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) out += char;
  }
  return out;
}
