import { MailError } from '../../../domain/error.ts';
import { shortHash } from '../../../platform/short-hash.ts';
import type { Cursor, PageRequest } from '../../contract/list.ts';

/** A position in a list of threads. */
export interface ThreadPosition {
  /**
   * The pages of heads at which the lists continue: that of `source.order` and that of `source.matches`. Null means
   * from the top.
   */
  readonly order: string | null;
  readonly found: string | null;
  /** Hashes of the last messages of the order that were passed. The walk continues after one that still exists. */
  readonly last: readonly string[];
  /** Hashes of matching messages, up to the last one above the position. Those after it are not above the position. */
  readonly met: readonly string[];
  /** Hashes of threads that were returned, or read and found not to belong in the list. */
  readonly settled: readonly string[];
  /**
   * True when more threads were settled than are kept, so a thread that is missing from `settled` may have been
   * returned all the same.
   */
  readonly isPartial: boolean;
  /** The oldest `lastMessageAt` returned, or null before the first. Times are Unix milliseconds. */
  readonly at: number | null;
  /** The newest time on the first page. Mail that arrives later does not move a thread. */
  readonly start: number | null;
}

/** The position at which a list continues. */
export type Resumption = Pick<ThreadPosition, 'order' | 'found' | 'last' | 'met'>;

/**
 * Maximum number of settled threads in a cursor. It exceeds the threads on a page of heads, so those of the current
 * page are always kept.
 */
export const MAX_SETTLED = 600;
export const MAX_LAST = 3;
const HASH_LENGTH = 6;
const MAX_LENGTH = 16_384;
const MAX_TIME_MS = 8.64e15;

/**
 * Returns a short hash of an id, because a cursor holds hundreds of them. A collision repeats a thread or reads one
 * again.
 */
export const markOf = (id: string): string => shortHash(id, HASH_LENGTH);

const TOP: ThreadPosition = {
  order: null,
  found: null,
  last: [],
  met: [],
  settled: [],
  isPartial: false,
  at: null,
  start: null,
};

export function openThreadPosition({ after, start }: PageRequest, fingerprint: string): ThreadPosition {
  if (after === null) return { ...TOP, start: start?.getTime() ?? null };
  const position = parse(after, fingerprint);
  if (position === null)
    throw new MailError('BAD_USER_INPUT', 'The cursor belongs to another list. Pass one that this list returned.');
  return position;
}

export function sealThreadPosition(position: ThreadPosition, fingerprint: string): Cursor {
  const { order, found, last, met, settled, isPartial, at, start } = position;
  const kept = settled.slice(-MAX_SETTLED);
  const fields: Fields = [
    fingerprint,
    order,
    found,
    last.join(''),
    met.join(''),
    kept.join(''),
    isPartial || kept.length < settled.length,
    at,
    start,
  ];
  return `t1.${Buffer.from(JSON.stringify(fields)).toString('base64url')}`;
}

type Fields = [string, string | null, string | null, string, string, string, boolean, number | null, number | null];

function parse(cursor: Cursor, fingerprint: string): ThreadPosition | null {
  const [version, text, ...more] = cursor.length > MAX_LENGTH ? [] : cursor.split('.');
  if (version !== 't1' || text === undefined || more.length > 0) return null;
  const fields = read(text);
  if (!isFields(fields) || fields[0] !== fingerprint) return null;
  const [, order, found, last, met, settled, isPartial, at, start] = fields;
  return { order, found, last: marksIn(last), met: marksIn(met), settled: marksIn(settled), isPartial, at, start };
}

function read(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return null;
  }
}

function isFields(fields: unknown): fields is Fields {
  if (!Array.isArray(fields) || fields.length !== 9) return false;
  const [fingerprint, order, found, last, met, settled, isPartial, at, start] = fields;
  return (
    typeof fingerprint === 'string' &&
    [order, found].every((token) => token === null || typeof token === 'string') &&
    [last, met, settled].every((marks) => typeof marks === 'string' && marks.length % HASH_LENGTH === 0) &&
    typeof isPartial === 'boolean' &&
    [at, start].every((time) => time === null || (Number.isInteger(time) && Math.abs(time) <= MAX_TIME_MS))
  );
}

const marksIn = (text: string): string[] => text.match(new RegExp(`.{${HASH_LENGTH}}`, 'g')) ?? [];
