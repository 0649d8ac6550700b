import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { badInput } from '../../domain/error.ts';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedCursor } from '../../platform/secrets/sealed-json.ts';
import { shortHash } from '../../platform/short-hash.ts';
import type { Evaluation } from '../../providers/contract/list.ts';

/** The position of a reader in the list of one account. A cursor contains it, sealed. Times are Unix milliseconds. */
export interface ListPosition {
  /** The provider's cursor of the page that is being shown. Null: the first page. */
  readonly after: string | null;
  /**
   * The size with which that page was first read. It is read again with the same one: otherwise it would end elsewhere on an
   * instance that has to ask the provider for it than on one that has it in memory, and their cursors would differ. Null: it
   * has not been read, or an earlier release has read it.
   */
  readonly size: number | null;
  /** Up to how many items that page was to have where they cost nothing, for the same reason. Null: as many as `size`. */
  readonly upTo: number | null;
  /**
   * Only items older than this are still to be shown. Set when the provider no longer knew our cursor, and the list was
   * restarted.
   */
  readonly before: number | null;
  /** Marks of the items on this page that have already been shown. */
  readonly seen: ReadonlySet<string>;
  /** The time of the oldest item shown so far, and the marks of the shown items in the second of that time. */
  readonly last: number | null;
  readonly lastSecond: readonly string[];
  /** The time of the newest item in the first read. Items created later are new mail, and not part of this list. */
  readonly newest: number | null;
  /** True when the pages read since a restart from the top contained only new mail: the list itself is still to come. */
  readonly isAboveStart: boolean;
  readonly finished: boolean;
  /**
   * How the condition was evaluated on the pages so far. Null without a condition. It is kept because a finished account is
   * not read again.
   */
  readonly evaluation: Evaluation | null;
}

export const START: ListPosition = {
  after: null,
  size: null,
  upTo: null,
  before: null,
  seen: new Set(),
  last: null,
  lastSecond: [],
  newest: null,
  isAboveStart: false,
  finished: false,
  evaluation: null,
};

/** The largest page that is requested from a provider. */
export const MAX_PAGE_SIZE = 100;
const MARK_LENGTH = 8;
/** Marks of items that were deleted while paging are never met again, so the oldest marks are dropped. */
export const MAX_MARKS = 400;

/** The marks of the latest ids. A page needs each of them several times, and the same page again needs the same ones. */
const knownMarks = new LRUCache<string, string>({ max: 10_000 });

/** A short hash of a provider's id. It has 48 bits, so that hundreds of marks fit into a cursor. */
export function itemMarkOf(id: string): string {
  const known = knownMarks.get(id);
  if (known !== undefined) return known;
  const mark = shortHash(id, MARK_LENGTH);
  knownMarks.set(id, mark);
  return mark;
}

export interface ShownItem {
  readonly mark: string;
  /** Null for an item that could not be read. */
  readonly at: number | null;
}

export const secondOf = (at: number): number => Math.floor(at / 1000);

/** The position after the items `shown`, which are on the page that starts at `position`. */
export function withShown(position: ListPosition, shown: readonly ShownItem[]): ListPosition {
  let { last, lastSecond } = position;
  for (const { at, mark } of shown) {
    if (at === null || (last !== null && secondOf(at) > secondOf(last))) continue;
    lastSecond = last !== null && secondOf(at) === secondOf(last) ? [...lastSecond, mark] : [mark];
    last = at;
  }
  const seen = new Set([...position.seen, ...shown.map((item) => item.mark)]);
  return { ...position, seen, last, lastSecond: lastSecond.slice(-MAX_MARKS) };
}

/**
 * The start of the next page, when a page has been shown completely. Marks that were not met on the page are kept: new mail
 * may have pushed their items to the next page.
 */
export function nextPage(
  position: ListPosition,
  opened: ListPosition,
  { met, next, isAboveStart }: { met: ReadonlySet<string>; next: string | null; isAboveStart: boolean },
): ListPosition {
  const unmet = [...opened.seen].filter((mark) => !met.has(mark)).slice(-MAX_MARKS);
  return {
    ...position,
    after: next,
    size: null,
    upTo: null,
    seen: new Set(unmet),
    isAboveStart,
    finished: next === null,
  };
}

/** The position to restart from when the provider no longer knows `position.after`: the second of the oldest shown item. */
export function restartAt(position: ListPosition): ListPosition {
  const before = position.last === null ? position.before : (secondOf(position.last) + 1) * 1000;
  return {
    ...position,
    after: null,
    size: null,
    upTo: null,
    before,
    isAboveStart: false,
    seen: new Set([...position.seen, ...position.lastSecond]),
  };
}

const marks = z.string().transform((text) => text.match(new RegExp(`.{${MARK_LENGTH}}`, 'g')) ?? []);
const time = z.number().nullable();
const pageSize = z.number().int().min(1).max(MAX_PAGE_SIZE);
const evaluation = z.enum(['NATIVE', 'FILTERED', 'INDEXED']);

/** A position as a cursor contains it: a tuple of its fields, with the marks concatenated. */
const packedPosition = z
  .tuple([
    z.string().nullable(),
    time,
    marks,
    time,
    marks,
    time,
    z.boolean(),
    z.boolean().optional(),
    evaluation.nullable().optional(),
    pageSize.optional(),
    pageSize.optional(),
  ])
  .transform(
    ([
      after,
      before,
      seen,
      last,
      lastSecond,
      newest,
      finished,
      isAboveStart = false,
      evaluation = null,
      size = null,
      upTo = null,
    ]): ListPosition => ({
      after,
      size,
      upTo,
      before,
      seen: new Set<string>(seen),
      last,
      lastSecond,
      newest,
      isAboveStart,
      finished,
      evaluation,
    }),
  );

function packPosition(p: ListPosition): z.input<typeof packedPosition> {
  const [seen, lastSecond] = [[...p.seen].join(''), p.lastSecond.join('')];
  const packed = [p.after, p.before, seen, p.last, lastSecond, p.newest, p.finished, p.isAboveStart] as const;
  if (p.size !== null && p.upTo !== null) return [...packed, p.evaluation, p.size, p.upTo];
  if (p.size !== null) return [...packed, p.evaluation, p.size];
  return p.evaluation === null ? [...packed] : [...packed, p.evaluation];
}

const union = z.tuple([z.string(), z.array(packedPosition)]);

/** No provider's own cursor begins with this. */
const UNION = 'union ';

/** The positions in several lists that are read as one. `fingerprint` identifies the set of lists. */
export const packUnion = (fingerprint: string, positions: readonly ListPosition[]): string =>
  UNION + JSON.stringify([fingerprint, positions.map(packPosition)]);

export const isUnion = (cursor: string): boolean => cursor.startsWith(UNION);

/**
 * Null when the cursor is not a position in these lists, because they have changed, or because it is the cursor of a single
 * list.
 */
export function unpackUnion(fingerprint: string, count: number, cursor: string): readonly ListPosition[] | null {
  if (!isUnion(cursor)) return null;
  const read = union.safeParse(JSON.parse(cursor.slice(UNION.length)));
  // Another release may have packed the positions differently.
  if (!read.success) return null;
  const [known, positions] = read.data;
  return known === fingerprint && positions.length === count ? positions : null;
}

/** A list and its reader. A cursor opens only for the same list and reader. */
export interface ListIdentity {
  readonly userId: string;
  /** Everything that determines the content of the list, in a fixed order, without the page size. */
  readonly query: readonly unknown[];
}

const positions = z.record(z.string(), packedPosition);

/** Seals and opens the cursors of lists. They are sealed because they contain the cursors of the providers. */
export class ListCursors {
  private readonly sealed: SealedCursor<typeof positions>;

  constructor(sealer: Sealer) {
    this.sealed = new SealedCursor(sealer, 'cursor', positions);
  }

  /** The cursor for these positions, which are keyed by integration id. Equal positions have equal cursors. */
  seal(list: ListIdentity, byIntegration: ReadonlyMap<string, ListPosition>): string {
    const ids = [...byIntegration.keys()].sort();
    const packed = ids.map((id) => [id, packPosition(byIntegration.get(id) ?? START)]);
    return this.sealed.seal(associated(list), Object.fromEntries(packed));
  }

  /** Throws BAD_USER_INPUT for a cursor that was not sealed for this list and user. */
  open(list: ListIdentity, cursor: string): ReadonlyMap<string, ListPosition> {
    const opened = this.sealed.open(associated(list), cursor);
    if (opened) return new Map(Object.entries(opened));
    throw badInput(
      'after is not a cursor of this list. Pass a cursor back unchanged, to the same field with the same filter, search and integrations.',
    );
  }
}

const associated = ({ userId, query }: ListIdentity): string =>
  `${userId} ${hash('sha256', JSON.stringify(query), 'base64url')}`;
