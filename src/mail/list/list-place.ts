import { hash } from 'node:crypto';
import { z } from 'zod';
import { badInput } from '../../domain/error.ts';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedJson } from '../../platform/secrets/sealed-json.ts';
import { shortHash } from '../../platform/short-hash.ts';
import type { Evaluation } from '../../providers/contract/list.ts';

/** How far a reader of a list has come in one account. Travels inside a cursor, sealed. Times are Unix milliseconds. */
export interface ListPlace {
  /** The provider's cursor of the page that is being shown; null: the first. */
  readonly after: string | null;
  /** Only what is older than this is still to be shown: set when the provider forgot our cursor and the list was opened again. */
  readonly before: number | null;
  /** Marks of what this page need not show, for it was shown. */
  readonly seen: ReadonlySet<string>;
  /** The time of the oldest item shown so far, and the marks of those shown that lie in its second. */
  readonly last: number | null;
  readonly lastSecond: readonly string[];
  /** The newest item that the first read saw: what is created later is new mail, and not part of this list. */
  readonly newest: number | null;
  /** So much new mail came that the pages read again since the top held nothing else: the list itself is still to come. */
  readonly isAbove: boolean;
  readonly finished: boolean;
  /** Who decided, as the pages so far say; null without a condition. A finished account is not asked again. */
  readonly evaluation: Evaluation | null;
}

export const START: ListPlace = {
  after: null,
  before: null,
  seen: new Set(),
  last: null,
  lastSecond: [],
  newest: null,
  isAbove: false,
  finished: false,
  evaluation: null,
};

const MARK_LENGTH = 8;
/** What was deleted while paging leaves marks that nothing takes away; the oldest go first. */
export const MAX_MARKS = 400;

/** A short hash of a provider's id: 48 bits, so that hundreds of them fit into a cursor. */
export const markOf = (id: string): string => shortHash(id, MARK_LENGTH);

export interface ShownItem {
  readonly mark: string;
  /** Null for an item that could not be read. */
  readonly at: number | null;
}

export const secondOf = (at: number): number => Math.floor(at / 1000);

/** The place after `shown` of the page that `place` opened. */
export function withShown(place: ListPlace, shown: readonly ShownItem[]): ListPlace {
  let { last, lastSecond } = place;
  for (const { at, mark } of shown) {
    if (at === null || (last !== null && secondOf(at) > secondOf(last))) continue;
    lastSecond = last !== null && secondOf(at) === secondOf(last) ? [...lastSecond, mark] : [mark];
    last = at;
  }
  const seen = new Set([...place.seen, ...shown.map((item) => item.mark)]);
  return { ...place, seen, last, lastSecond: lastSecond.slice(-MAX_MARKS) };
}

/**
 * The place at the top of the next page, once a page is shown whole. Marks that the page did not meet are kept: newer
 * mail may have pushed their items onto the next one.
 */
export function nextPage(
  place: ListPlace,
  opened: ListPlace,
  { met, next, isAbove }: { met: ReadonlySet<string>; next: string | null; isAbove: boolean },
): ListPlace {
  const unmet = [...opened.seen].filter((mark) => !met.has(mark)).slice(-MAX_MARKS);
  return { ...place, after: next, seen: new Set(unmet), isAbove, finished: next === null };
}

/** Where to restart the list when the provider no longer knows `place.after`: at the second shown last. */
export function restartAt(place: ListPlace): ListPlace {
  const before = place.last === null ? place.before : (secondOf(place.last) + 1) * 1000;
  return { ...place, after: null, before, isAbove: false, seen: new Set([...place.seen, ...place.lastSecond]) };
}

const marks = z.string().transform((text) => text.match(new RegExp(`.{${MARK_LENGTH}}`, 'g')) ?? []);
const time = z.number().nullable();
const evaluation = z.enum(['NATIVE', 'FILTERED', 'INDEXED']);

/** A place as a cursor carries it: its fields in one order, the marks run together. */
const packedPlace = z
  .tuple([
    z.string().nullable(),
    time,
    marks,
    time,
    marks,
    time,
    z.boolean(),
    z.boolean().optional(),
    evaluation.optional(),
  ])
  .transform(
    ([after, before, seen, last, lastSecond, newest, finished, isAbove = false, evaluation = null]): ListPlace => ({
      after,
      before,
      seen: new Set<string>(seen),
      last,
      lastSecond,
      newest,
      isAbove,
      finished,
      evaluation,
    }),
  );

function packPlace(p: ListPlace): z.input<typeof packedPlace> {
  const [seen, lastSecond] = [[...p.seen].join(''), p.lastSecond.join('')];
  const packed = [p.after, p.before, seen, p.last, lastSecond, p.newest, p.finished, p.isAbove] as const;
  return p.evaluation === null ? [...packed] : [...packed, p.evaluation];
}

const union = z.tuple([z.string(), z.array(packedPlace)]);

/** No provider's own cursor begins so. */
const UNION = 'union ';

/** The place in several lists that are read as one. `print` tells these lists from others. */
export const packUnion = (print: string, places: readonly ListPlace[]): string =>
  UNION + JSON.stringify([print, places.map(packPlace)]);

export const isUnion = (cursor: string): boolean => cursor.startsWith(UNION);

/** Null for what is no place in these lists: they have changed since, or it is one list's own cursor. */
export function unpackUnion(print: string, count: number, cursor: string): readonly ListPlace[] | null {
  if (!isUnion(cursor)) return null;
  const read = union.safeParse(JSON.parse(cursor.slice(UNION.length)));
  // Another release may have packed them in another way.
  if (!read.success) return null;
  const [known, places] = read.data;
  return known === print && places.length === count ? places : null;
}

/** A list and who reads it: a cursor opens for these alone. */
export interface ListIdentity {
  readonly userId: string;
  /** Everything that decides what is in the list, in a fixed order; not its page size. */
  readonly query: readonly unknown[];
}

const places = z.record(z.string(), packedPlace);

/** Makes and opens the cursors of lists: sealed, because a provider's own cursor is inside. */
export class ListCursors {
  private readonly sealed: SealedJson<typeof places>;

  constructor(sealer: Sealer) {
    this.sealed = new SealedJson(sealer, 'cursor', places);
  }

  /** The cursor that stands for these places, by integration id. */
  seal(list: ListIdentity, byIntegration: ReadonlyMap<string, ListPlace>): string {
    const packed = [...byIntegration].map(([id, place]) => [id, packPlace(place)]);
    return this.sealed.seal(associated(list), Object.fromEntries(packed));
  }

  /** Throws BAD_USER_INPUT for a cursor of another list, of another user, or made up. */
  open(list: ListIdentity, cursor: string): ReadonlyMap<string, ListPlace> {
    const opened = this.sealed.open(associated(list), cursor);
    if (opened) return new Map(Object.entries(opened));
    throw badInput(
      'after is not a cursor of this list. Pass a cursor back unchanged, to the same field with the same filter, search and integrations.',
    );
  }
}

const associated = ({ userId, query }: ListIdentity): string =>
  `${userId} ${hash('sha256', JSON.stringify(query), 'base64url')}`;
