import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';

/**
 * The assumed size in bytes of a field without a declaration, including its name. An id, a date or a subject has about
 * this size.
 */
export const TYPICAL_BYTES = 64;

const KEY = 'valueBytes';

/**
 * Declares how many bytes one value of the field may have, for fields that are far larger than others. The bytes are
 * reserved; larger values are not refused.
 */
export const ValueBytesHint = (bytes: number) => Extensions({ [KEY]: bytes });

/** Returns whether the field declares its size. */
export const weighs = (field: GraphQLField<unknown, unknown>): boolean => field.extensions[KEY] !== undefined;

export const valueBytesOf = (field: GraphQLField<unknown, unknown>): number =>
  (field.extensions[KEY] as number | undefined) ?? TYPICAL_BYTES;
