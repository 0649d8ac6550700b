import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';

/** The assumed size in bytes of a field without a declaration, with its name: an id, a date, a subject. */
export const TYPICAL_BYTES = 64;

const KEY = 'valueBytes';

/** Bytes that one value of the field may have, for fields that are far larger than others. They are reserved, not refused. */
export const ValueBytesHint = (bytes: number) => Extensions({ [KEY]: bytes });

/** Whether the field declares its size. */
export const weighs = (field: GraphQLField<unknown, unknown>): boolean => field.extensions[KEY] !== undefined;

export const valueBytesOf = (field: GraphQLField<unknown, unknown>): number =>
  (field.extensions[KEY] as number | undefined) ?? TYPICAL_BYTES;
