import { MailError } from '../../../domain/error.ts';
import type { Cursor, PageRequest } from '../../contract/list.ts';
import { markOf } from '../../shared/threads/thread-cursor.ts';

/**
 * A place in one of Gmail's lists. A page token belongs to the very list it was given for (query, labels, page size), so
 * the size is kept and the query's fingerprint checked. When fewer items are wanted than Gmail's page holds, the place is
 * inside that page, and `shown` names what of it was given out.
 */
export interface ListPosition {
  readonly token: string | null;
  readonly size: number;
  readonly shown: ReadonlySet<string>;
  /** Where the list begins that the token belongs to (`PageRequest.before`); null: at the newest. */
  readonly before: Date | null;
  /** When the newest was received that the first page read, in Unix milliseconds: what is newer came later. Null: nothing was read yet. */
  readonly start: number | null;
  /** The newest of the mailbox when the first page was read, where the index did not have them all; none: it had. */
  readonly newest: readonly Newest[];
}

export interface Listed {
  readonly id: string;
  readonly threadId?: string;
}

/** One of the newest messages. */
export interface Newest {
  readonly mark: string;
  /** The message, where the index does not have it and it is still to be read. */
  readonly waiting: Listed | null;
}
/** As many as are looked for in the index. */
export const MAX_NEWEST = 50;

export const fingerprint = (list: readonly unknown[]): string => markOf(JSON.stringify(list));

export function openPosition(page: PageRequest, print: string): ListPosition {
  const size = Math.min(100, Math.max(1, Math.trunc(page.size)));
  const before = page.before ?? null;
  if (page.after === null) return { token: null, size, shown: new Set(), before, start: null, newest: [] };
  const kept = parse(page.after);
  if (!kept || kept.f !== print) {
    throw new MailError('BAD_USER_INPUT', 'The cursor belongs to another list. Pass one that this list returned.');
  }
  return {
    token: kept.t,
    size: kept.n,
    shown: new Set(kept.s),
    before: kept.b === null ? null : new Date(kept.b),
    start: kept.a,
    newest: kept.u.map(newestIn),
  };
}

export function sealPosition({ token, size, shown, before, start, newest }: ListPosition, print: string): Cursor {
  const u = newest.map(({ mark: known, waiting }) => (waiting ? WAITING + waiting.id : known));
  const kept: Kept = { t: token, n: size, f: print, s: [...shown], b: before?.getTime() ?? null, a: start, u };
  return Buffer.from(JSON.stringify(kept)).toString('base64url');
}

interface Kept {
  readonly t: string | null;
  readonly n: number;
  readonly f: string;
  readonly s: readonly string[];
  readonly b: number | null;
  readonly a: number | null;
  /** Of the newest. */
  readonly u: readonly string[];
}

/** In front of an id; no mark has it. */
const WAITING = '!';
function newestIn(kept: string): Newest {
  if (!kept.startsWith(WAITING)) return { mark: kept, waiting: null };
  const id = kept.slice(WAITING.length);
  return { mark: markOf(id), waiting: { id } };
}

/** Of a Date, in milliseconds. */
const MAX_TIME_MS = 8.64e15;

const timeOf = (value: unknown): number | null =>
  typeof value === 'number' && Math.abs(value) <= MAX_TIME_MS ? value : null;

function parse(cursor: Cursor): Kept | null {
  try {
    const {
      t,
      n,
      f,
      s,
      b,
      a,
      u = [],
    } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Partial<Record<keyof Kept, unknown>>;
    const isSound =
      (t === null || typeof t === 'string') && Number.isInteger(n) && (n as number) > 0 && (n as number) <= 100;
    if (!isSound || !Array.isArray(s) || typeof f !== 'string' || !Array.isArray(u) || u.length > MAX_NEWEST)
      return null;
    return { t, n: n as number, f, s: s.map(String), b: timeOf(b), a: timeOf(a), u: u.map(String) };
  } catch {
    return null;
  }
}
