/** What ISO 8601 writes in four digits of year. */
const LAST_DATE = Date.UTC(9999, 11, 31, 23, 59, 59);

/** RFC 5322 dates as they are met: comments, zones missing or not known (read as UTC, section 4.3), junk (null). */
export function parseDate(value: string): Date | null {
  const text = value
    .replace(/\([^()]*\)/g, ' ')
    .replace(/\s*:\s*/g, ':')
    // The C library's form: "Fri Nov 21 09:55:06 PST 1997".
    .replace(/^(.*\d:\d\d)\s+([A-Z]{2,5})\s+(\d{4})$/i, '$1 $3 $2')
    // Three digits are of a clock that counts years from 1900.
    .replace(/\b([A-Z]{3})[\s-]+(1\d\d)(?=\s+\d+:)/i, (_, month, year) => `${month} ${1900 + Number(year)}`)
    .trim();
  if (!/\d/.test(text)) return null;
  const zoned = /(?:[+-]\d{2}:?\d{2}|\d\s*(?:Z|UTC?|GMT|[ECMP][SD]T))$/i.test(text);
  const read = Date.parse(zoned ? text : `${text.replace(/(\d:\d\d)\s+(?![AP]M$)[A-Z]{1,5}$/i, '$1')} +0000`);
  return Number.isNaN(read) || read > LAST_DATE ? null : new Date(read);
}
