import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';

/** The size of a list of objects, so that the fields selected on its items can be counted before they are resolved. */
type ListSize = (
  | {
      /** The argument that decides, as a path from the field's own arguments: `ids`. A list counts with its length. */
      readonly argument: string;
    }
  | {
      /** The same, of the field that the object with this list comes from: `first` of a connection, `input.ids`. */
      readonly parentArgument: string;
    }
  | {
      /** The size when no argument decides: what a large mailbox has. For a field that is a page: its size without `first`. */
      readonly assumed: number;
    }
) & {
  /** Whether resolving it is a separate request to a provider, as for a page. */
  readonly isRead?: boolean;
};

/** The assumed number of accounts of one user. */
export const ASSUMED_ACCOUNTS = 5;

const KEY = 'listSize';

/** Declares the size of a list. Every field that is a list of objects needs it: a test checks the schema. */
export const ListSizeHint = (size: ListSize) => Extensions({ [KEY]: size });

export const listSizeOf = (field: GraphQLField<unknown, unknown>): ListSize | null =>
  (field.extensions[KEY] as ListSize | undefined) ?? null;
