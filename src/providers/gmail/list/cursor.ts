import { MailError } from '../../../domain/error.ts';
import type { Cursor, PageRequest } from '../../contract/list.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';

/**
 * A position in one of Gmail's lists. A page token is valid only for the list that returned it, with the same query, labels
 * and page size, so the position keeps the size and the cursor a fingerprint of the query. When a caller wants fewer items
 * than Gmail's page has, the position is inside that page, and `shown` marks the items that were already returned.
 */
export interface ListPosition {
  readonly token: string | null;
  readonly size: number;
  readonly shown: ReadonlySet<string>;
  /** The upper bound of the list that the token belongs to (`PageRequest.before`). Null: it begins with the newest message. */
  readonly before: Date | null;
  /** When the newest item of the first page was received, in Unix milliseconds. Later ones arrived since. Null: no page was read yet. */
  readonly start: number | null;
  /** The newest messages of the mailbox when the first page was read. Empty: the index had all of them. */
  readonly newest: readonly NewestEntry[];
}

/** A message as Gmail lists it: ids without an envelope. */
export interface ListedIds {
  readonly id: string;
  readonly threadId?: string;
}

/** One of the newest messages of the mailbox. */
export interface NewestEntry {
  readonly mark: string;
  /** The message, where the index does not have it and the list has not read it yet. */
  readonly waiting: ListedIds | null;
}

/** The maximum number of newest messages that are compared with the index. */
export const MAX_NEWEST = 50;
/** The maximum number of marks that a cursor holds. They are more than one page, because messages may have moved to another page. */
const MAX_SHOWN = 400;

export const fingerprintOf = (list: readonly unknown[]): string => markOf(JSON.stringify(list));

/** The items of Gmail's page that this list has not returned yet. */
export const notYetShown = (listed: readonly string[], { shown }: ListPosition, page: PageRequest): string[] =>
  listed.filter((id) => !(shown.size > 0 && shown.has(markOf(id))) && !page.skip?.(id));

/** The position inside Gmail's page at which the items in `open` are still to be read. */
export function insidePage(position: ListPosition, listed: readonly string[], open: readonly string[]): ListPosition {
  const left = new Set(open);
  const done = listed.filter((id) => !left.has(id)).map(markOf);
  return { ...position, shown: new Set([...new Set([...position.shown, ...done])].slice(-MAX_SHOWN)) };
}

/**
 * Marks of items that were read and are not in Gmail's page now. Mail that arrived or was indexed meanwhile may have moved
 * them to the next page, which must not return them again.
 */
export function marksOutsidePage(
  { shown }: ListPosition,
  done: readonly string[],
  listed: readonly ListedIds[],
): ReadonlySet<string> {
  const marks = new Set([...shown, ...done.map(markOf)]);
  for (const { id } of listed) marks.delete(markOf(id));
  return new Set([...marks].slice(-MAX_SHOWN));
}

export function openPosition(page: PageRequest, fingerprint: string): ListPosition {
  const size = Math.min(100, Math.max(1, Math.trunc(page.size)));
  const before = page.before ?? null;
  const start = page.start?.getTime() ?? null;
  if (page.after === null) return { token: null, size, shown: new Set(), before, start, newest: [] };
  const sealed = parse(page.after);
  if (!sealed || sealed.f !== fingerprint) {
    throw new MailError('BAD_USER_INPUT', 'The cursor belongs to another list. Pass one that this list returned.');
  }
  return {
    token: sealed.t,
    size: sealed.n,
    shown: new Set(sealed.s),
    before: sealed.b === null ? null : new Date(sealed.b),
    start: sealed.a,
    newest: sealed.u.map(newestEntry),
  };
}

export function sealPosition({ token, size, shown, before, start, newest }: ListPosition, fingerprint: string): Cursor {
  const u = newest.map(({ mark, waiting }) => (waiting ? WAITING + waiting.id : mark));
  const sealed: SealedPosition = {
    t: token,
    n: size,
    f: fingerprint,
    s: [...shown],
    b: before?.getTime() ?? null,
    a: start,
    u,
  };
  return Buffer.from(JSON.stringify(sealed)).toString('base64url');
}

/** The JSON of a cursor, with short names. */
interface SealedPosition {
  readonly t: string | null;
  readonly n: number;
  /** The fingerprint of the list. */
  readonly f: string;
  readonly s: readonly string[];
  readonly b: number | null;
  readonly a: number | null;
  /** The newest messages, each as its mark or as `!` and its id. */
  readonly u: readonly string[];
}

/** The prefix of the id of a waiting message. No mark contains this character. */
const WAITING = '!';
function newestEntry(text: string): NewestEntry {
  if (!text.startsWith(WAITING)) return { mark: text, waiting: null };
  const id = text.slice(WAITING.length);
  return { mark: markOf(id), waiting: { id } };
}

/** The maximum time value of a Date, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

const timeOf = (value: unknown): number | null =>
  typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS ? value : null;

function parse(cursor: Cursor): SealedPosition | null {
  try {
    const {
      t,
      n,
      f,
      s,
      b,
      a,
      u = [],
    } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Partial<Record<keyof SealedPosition, unknown>>;
    const isValid =
      (t === null || typeof t === 'string') && Number.isInteger(n) && (n as number) > 0 && (n as number) <= 100;
    if (!isValid || !Array.isArray(s) || typeof f !== 'string' || !Array.isArray(u) || u.length > MAX_NEWEST)
      return null;
    return { t, n: n as number, f, s: s.map(String), b: timeOf(b), a: timeOf(a), u: u.map(String) };
  } catch {
    return null;
  }
}
