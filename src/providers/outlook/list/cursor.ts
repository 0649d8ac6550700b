import { MailError } from '../../../domain/error.ts';

/**
 * The position at which a list continues. It is written as plain fields with "~" between them to stay short. Every
 * field is checked when it is read, and none of them is an address. The list seals it before a client gets it
 * (mail/list/list-position.ts).
 */
type ListPosition = DatePosition | SearchPosition;

/**
 * A position in a list by date. What follows are the messages of this second and earlier, except those of this second
 * that were returned before.
 */
export interface DatePosition {
  readonly kind: 'date';
  /** Seconds since 1970 of the last message returned. Graph shows whole seconds. */
  readonly second: number;
  /** Number of messages of that second that were passed. */
  readonly passed: number;
  /** Hashes of the messages of that second that were returned. */
  readonly seen: readonly string[];
}
/**
 * A position in the results of a search, newest first. What follows are the messages of this moment and earlier, except
 * those of this moment that were passed.
 */
export interface SearchPosition {
  readonly kind: 'search';
  /** The receipt time of the last message passed, in milliseconds since 1970. */
  readonly at: number;
  /**
   * Graph returned all results received from this moment on, in milliseconds since 1970. Null means that it returned
   * all results.
   */
  readonly from: number | null;
  /** Hashes of the messages of that moment that were passed, up to as many as one search can find. */
  readonly seen: readonly string[];
}

/** Maximum number of hashes, which keeps a cursor under 2 KB. */
export const MAX_SEEN = 250;
const MAX_LENGTH = 8192;
const MAX_SECOND = 32_503_680_000;
const MAX_PASSED = 1_000_000;

export const remember = (seen: readonly string[], more: readonly string[]): readonly string[] =>
  [...seen, ...more].slice(-MAX_SEEN);

export function writePosition(position: ListPosition): string {
  const seen = position.seen.join('');
  if (position.kind === 'date') return ['d2', b36(position.second), b36(position.passed), seen].join('~');
  return ['s3', b36(position.at), position.from === null ? '' : b36(position.from), seen].join('~');
}

/**
 * Reads a position in a list by date. Throws BAD_USER_INPUT for any cursor that `writePosition` does not write for one.
 */
export function datePosition(cursor: string | null): DatePosition | null {
  const position = parse(cursor);
  if (position !== null && position.kind !== 'date') throw foreignCursor();
  return position;
}

/** Reads a position in a list by search, as `datePosition` does. */
export function searchPosition(cursor: string | null): SearchPosition | null {
  const position = parse(cursor);
  if (position !== null && position.kind !== 'search') throw foreignCursor();
  return position;
}

const foreignCursor = (): MailError =>
  new MailError('BAD_USER_INPUT', 'The cursor belongs to another list. Read this list from the start.');

const DATE = /^d2~(-?[0-9a-z]{1,8})~([0-9a-z]{1,4})~((?:[\w-]{6})*)$/;
const SEARCH = /^s3~(-?[0-9a-z]{1,9})~(-?[0-9a-z]{1,9})?~((?:[\w-]{6})*)$/;
/**
 * Cursors of earlier releases, which held Graph's own position in a search, or a position in a list of threads by date.
 */
const EARLIER_VERSIONS = /^(?:s[12]|d1)~/;

/** Throws CURSOR_EXPIRED for a cursor of an earlier release. */
function parse(cursor: string | null): ListPosition | null {
  if (cursor === null) return null;
  if (cursor.length > MAX_LENGTH) throw foreignCursor();
  if (EARLIER_VERSIONS.test(cursor))
    throw new MailError(
      'CURSOR_EXPIRED',
      'This cursor was made by an earlier release. Read the list again from the start.',
    );
  const date = DATE.exec(cursor);
  if (date) {
    const [second, passed] = [from36(date[1]), from36(date[2])];
    if (Math.abs(second) > MAX_SECOND || passed > MAX_PASSED) throw foreignCursor();
    return { kind: 'date', second, passed, seen: hashes(date[3]) };
  }
  const search = SEARCH.exec(cursor);
  const at = from36(search?.[1]);
  const from = search?.[2] ? from36(search[2]) : null;
  if (!search || Math.abs(at) > MAX_SECOND * 1000 || Math.abs(from ?? 0) > MAX_SECOND * 1000) throw foreignCursor();
  return { kind: 'search', at, from, seen: hashes(search[3]) };
}

const b36 = (n: number): string => n.toString(36);
const from36 = (text: string | undefined): number => Number.parseInt(text ?? '', 36);
const hashes = (text: string | undefined): string[] => text?.match(/.{6}/g) ?? [];
