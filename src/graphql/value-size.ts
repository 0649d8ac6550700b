import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';

/** What a field is taken for that says nothing of itself, with its name: an id, a date, a subject. */
export const TYPICAL_BYTES = 64;

const KEY = 'valueBytes';

/** Bytes that one value of the field may have, for fields that are far larger than others. They are reserved, not refused. */
export const Weighs = (bytes: number) => Extensions({ [KEY]: bytes });

/** Whether it says so of itself. */
export const weighs = (field: GraphQLField<unknown, unknown>): boolean => field.extensions[KEY] !== undefined;

export const valueBytesOf = (field: GraphQLField<unknown, unknown>): number =>
  (field.extensions[KEY] as number | undefined) ?? TYPICAL_BYTES;
