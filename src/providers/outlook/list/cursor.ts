import { MailError } from '../../../domain/error.ts';

/**
 * Where a list goes on. Plain fields with "~" between, so that it stays short; every field is checked when it comes back,
 * and none of them is an address. The list seals it before it leaves (mail/list/list-place.ts).
 */
type ListPosition = DatePosition | SearchPosition;

/** By date: everything at or before a second, but for what was given at that second. */
export interface DatePosition {
  readonly kind: 'date';
  /** Seconds since 1970 of the last message given. Graph shows whole seconds. */
  readonly second: number;
  /** How many messages of that second were passed. */
  readonly passed: number;
  /** Hashes of what was given of that second. */
  readonly seen: readonly string[];
}
/** In what a search found, newest first: everything of a moment and before it, but for what was passed of that moment. */
export interface SearchPosition {
  readonly kind: 'search';
  /** When the last message passed was received, in ms since 1970. */
  readonly at: number;
  /** All that was received from this moment on was among what Graph gave, in ms since 1970; null: all that was found. */
  readonly from: number | null;
  /** Hashes of what was passed of that moment, as many as a search can find in one. */
  readonly seen: readonly string[];
}

/** Keeps a cursor under 2 KB. */
export const MAX_SEEN = 250;
const MAX_LENGTH = 8192;
const MAX_SECOND = 32_503_680_000;
const MAX_PASSED = 1_000_000;

export const remember = (seen: readonly string[], more: readonly string[]): readonly string[] =>
  [...seen, ...more].slice(-MAX_SEEN);

export function writePosition(place: ListPosition): string {
  const seen = place.seen.join('');
  if (place.kind === 'date') return ['d2', b36(place.second), b36(place.passed), seen].join('~');
  return ['s3', b36(place.at), place.from === null ? '' : b36(place.from), seen].join('~');
}

/** The place in a list by date. BAD_USER_INPUT for anything that `writePosition` does not write for one. */
export function datePosition(cursor: string | null): DatePosition | null {
  const place = parse(cursor);
  if (place !== null && place.kind !== 'date') throw foreign();
  return place;
}

/** The place in a list by search, as `datePosition`. */
export function searchPosition(cursor: string | null): SearchPosition | null {
  const place = parse(cursor);
  if (place !== null && place.kind !== 'search') throw foreign();
  return place;
}

const foreign = (): MailError =>
  new MailError('BAD_USER_INPUT', 'The cursor belongs to another list. Read this list from the start.');

const DATE = /^d2~(-?[0-9a-z]{1,8})~([0-9a-z]{1,4})~((?:[\w-]{6})*)$/;
const SEARCH = /^s3~(-?[0-9a-z]{1,9})~(-?[0-9a-z]{1,9})?~((?:[\w-]{6})*)$/;
/** Releases that kept Graph's own place in a search, or a list of threads by date. */
const EARLIER = /^(?:s[12]|d1)~/;

/** Throws CURSOR_EXPIRED for a place of an earlier release. */
function parse(cursor: string | null): ListPosition | null {
  if (cursor === null) return null;
  if (cursor.length > MAX_LENGTH) throw foreign();
  if (EARLIER.test(cursor))
    throw new MailError(
      'CURSOR_EXPIRED',
      'This cursor was made by an earlier release. Read the list again from the start.',
    );
  const date = DATE.exec(cursor);
  if (date) {
    const [second, passed] = [from36(date[1]), from36(date[2])];
    if (Math.abs(second) > MAX_SECOND || passed > MAX_PASSED) throw foreign();
    return { kind: 'date', second, passed, seen: hashes(date[3]) };
  }
  const search = SEARCH.exec(cursor);
  const at = from36(search?.[1]);
  const from = search?.[2] ? from36(search[2]) : null;
  if (!search || Math.abs(at) > MAX_SECOND * 1000 || Math.abs(from ?? 0) > MAX_SECOND * 1000) throw foreign();
  return { kind: 'search', at, from, seen: hashes(search[3]) };
}

const b36 = (n: number): string => n.toString(36);
const from36 = (text: string | undefined): number => Number.parseInt(text ?? '', 36);
const hashes = (text: string | undefined): string[] => text?.match(/.{6}/g) ?? [];
