import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';

/**
 * Declares the size of a list of objects, so that the fields that are selected on its items can be counted before they
 * are resolved.
 */
type ListSize = (
  | {
      /**
       * The path of the argument that decides the size, from the arguments of this field: `ids`. An argument that is a
       * list counts with its length.
       */
      readonly argument: string;
    }
  | {
      /**
       * The path of the deciding argument of the parent field, from which the object with this list comes: `first` of a
       * connection, `input.ids`.
       */
      readonly parentArgument: string;
    }
  | {
      /**
       * The size if no argument decides it, as a large mailbox has it. For a field that is a page it is the size
       * without `first`.
       */
      readonly assumed: number;
    }
) & {
  /** True if the field is resolved by a separate request to a provider, as a page is. */
  readonly isRead?: boolean;
};

/** The assumed number of accounts of one user. */
export const ASSUMED_ACCOUNTS = 5;

const KEY = 'listSize';

/** Declares the size of a list. Every field that is a list of objects needs it; a test checks the schema. */
export const ListSizeHint = (size: ListSize) => Extensions({ [KEY]: size });

export const listSizeOf = (field: GraphQLField<unknown, unknown>): ListSize | null =>
  (field.extensions[KEY] as ListSize | undefined) ?? null;
