import { z } from 'zod';
import { MARK_LENGTH, type Place } from './place.ts';

const marks = z.string().transform((text) => text.match(new RegExp(`.{${MARK_LENGTH}}`, 'g')) ?? []);
const time = z.number().nullable();

/** A place as a cursor carries it: its fields in one order, the marks run together. */
export const packedPlace = z
  .tuple([z.string().nullable(), time, marks, time, marks, time, z.boolean(), z.boolean().optional()])
  .transform(
    ([after, before, done, last, lastSecond, newest, finished, isAbove = false]): Place => ({
      after,
      before,
      done: new Set<string>(done),
      last,
      lastSecond,
      newest,
      isAbove,
      finished,
    }),
  );

export const packPlace = (p: Place): z.input<typeof packedPlace> => [
  p.after,
  p.before,
  [...p.done].join(''),
  p.last,
  p.lastSecond.join(''),
  p.newest,
  p.finished,
  p.isAbove,
];

const union = z.tuple([z.string(), z.array(packedPlace)]);

/** No provider's own cursor begins so. */
const UNION = 'union ';

/** The place in several lists that are read as one. `print` tells these lists from others. */
export const packUnion = (print: string, places: readonly Place[]): string =>
  UNION + JSON.stringify([print, places.map(packPlace)]);

export const isUnion = (cursor: string): boolean => cursor.startsWith(UNION);

/** Null for what is no place in these lists: they have changed since, or it is one list's own cursor. */
export function unpackUnion(print: string, count: number, cursor: string): readonly Place[] | null {
  if (!isUnion(cursor)) return null;
  const [known, places] = union.parse(JSON.parse(cursor.slice(UNION.length)));
  return known === print && places.length === count ? places : null;
}
