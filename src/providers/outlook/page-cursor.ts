import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { MailError } from '../../domain/error.ts';
import { isMessagesPath } from './url.ts';

/**
 * Where a list goes on. Plain fields with "~" between, so that it stays short; every field is checked when it comes back,
 * and what it names is a path of the account's own. The list seals it before it leaves (mail/list/list-cursor.ts).
 */
export type Place = DatePlace | SearchPlace;

/** By date: everything at or before a second, but for what was given at that second. */
export interface DatePlace {
  readonly kind: 'date';
  /** Seconds since 1970 of the last message given. Graph shows whole seconds. */
  readonly second: number;
  /** How many messages of that second were passed. */
  readonly passed: number;
  /** Hashes of what was given: of that second's messages, or (threads) of the threads given last. */
  readonly seen: readonly string[];
  /** Threads: the newest second when the first page was read; later mail does not move a thread. Else null. */
  readonly start: number | null;
}
/** By $search: the page that Graph's link leads to, and how many results came before it. */
export interface SearchPlace {
  readonly kind: 'search';
  /** The link's path and query whole: its token belongs to no other request (Graph's concepts/paging). No origin is in it. */
  readonly path: string;
  readonly passed: number;
  readonly seen: readonly string[];
}

const HASH_LENGTH = 6;
/** Keeps a cursor under 2 KB, and one by search under 4. */
export const MAX_SEEN = 250;
const MAX_LENGTH = 8192;
const MAX_SECOND = 32_503_680_000;
const MAX_PASSED = 1_000_000;

export const shortHash = (id: string): string =>
  createHash('sha256').update(id).digest('base64url').slice(0, HASH_LENGTH);

export const remember = (seen: readonly string[], more: readonly string[]): readonly string[] =>
  [...seen, ...more].slice(-MAX_SEEN);

export function writePlace(place: Place): string {
  const seen = place.seen.join('');
  if (place.kind === 'date')
    return ['d1', b36(place.second), b36(place.passed), place.start === null ? '' : b36(place.start), seen].join('~');
  return ['s2', deflateRawSync(place.path).toString('base64url'), b36(place.passed), seen].join('~');
}

/** The place in a list by date. BAD_USER_INPUT for anything that `writePlace` does not write for one. */
export function datePlace(cursor: string | null): DatePlace | null {
  if (cursor === null) return null;
  const place = parse(cursor);
  if (place?.kind !== 'date') throw foreign();
  return place;
}

/** The place in a list by search, as `datePlace`; CURSOR_EXPIRED for one of a release that kept the token alone. */
export function searchPlace(cursor: string | null): SearchPlace | null {
  if (cursor === null) return null;
  if (/^s1~/.test(cursor))
    throw new MailError('CURSOR_EXPIRED', 'This place in the list is of an earlier release. Read it from the top.');
  const place = parse(cursor);
  if (place?.kind !== 'search') throw foreign();
  return place;
}

const foreign = (): MailError =>
  new MailError('BAD_USER_INPUT', 'This cursor does not belong to the list. Read it from the top.');

const DATE = /^d1~(-?[0-9a-z]{1,8})~([0-9a-z]{1,4})~(-?[0-9a-z]{1,8})?~((?:[\w-]{6})*)$/;
const SEARCH = /^s2~([\w-]{1,6000})~([0-9a-z]{1,4})~((?:[\w-]{6})*)$/;

function parse(cursor: string): Place | null {
  if (cursor.length > MAX_LENGTH) return null;
  const date = DATE.exec(cursor);
  if (date) {
    const [second, passed] = [from36(date[1]), from36(date[2])];
    const start = date[3] ? from36(date[3]) : null;
    if (Math.abs(second) > MAX_SECOND || passed > MAX_PASSED || Math.abs(start ?? 0) > MAX_SECOND) return null;
    return { kind: 'date', second, passed, start, seen: hashes(date[4]) };
  }
  const search = SEARCH.exec(cursor);
  if (!search) return null;
  const path = inflated(search[1] ?? '');
  return isMessagesPath(path) ? { kind: 'search', path, passed: from36(search[2]), seen: hashes(search[3]) } : null;
}

function inflated(text: string): string {
  try {
    return inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: MAX_LENGTH }).toString();
  } catch {
    return '';
  }
}

const b36 = (n: number): string => n.toString(36);
const from36 = (text: string | undefined): number => Number.parseInt(text ?? '', 36);
const hashes = (text: string | undefined): string[] => text?.match(/.{6}/g) ?? [];
