import { z } from 'zod';
import { type ListPlace, MARK_LENGTH } from './place.ts';

const marks = z.string().transform((text) => text.match(new RegExp(`.{${MARK_LENGTH}}`, 'g')) ?? []);
const time = z.number().nullable();
const evaluation = z.enum(['NATIVE', 'FILTERED', 'INDEXED']);

/** A place as a cursor carries it: its fields in one order, the marks run together. */
export const packedPlace = z
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

export function packPlace(p: ListPlace): z.input<typeof packedPlace> {
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
