import type { GraphQLField } from 'graphql';
import { Extensions } from 'type-graphql';

/** How long a list of objects gets, so that what is asked of each of its items can be counted before it is asked. */
export type ListSize = (
  | {
      /** The argument that decides, as a path from the field's own arguments: `ids`. A list counts with its length. */
      readonly argument: string;
    }
  | {
      /** The same, of the field that the object with this list comes from: `first` of a connection, `input.ids`. */
      readonly parentArgument: string;
    }
  | {
      /** No argument decides: what a generous mailbox has. Of a field that is a page, where it is asked for without `first`. */
      readonly assumed: number;
    }
) & {
  /** Getting it is a request of its own to a provider, as getting a page is. */
  readonly isRead?: boolean;
};

/** Accounts of one user, where nothing tells how many they are. */
export const ASSUMED_ACCOUNTS = 5;

const KEY = 'listSize';

/** Every field that is a list of objects says this of itself; a test walks the schema for one that does not. */
export const Sized = (size: ListSize) => Extensions({ [KEY]: size });

export const listSizeOf = (field: GraphQLField<unknown, unknown>): ListSize | null =>
  (field.extensions[KEY] as ListSize | undefined) ?? null;
