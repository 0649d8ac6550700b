import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

/** An operation whose answer codegen has typed. graphql(`...`) of test/generated returns it. */
export type Document<T> = TypedDocumentNode<T, never>;

export type { ResultOf } from '@graphql-typed-document-node/core';

/** Returns the text of the document. */
export const documentText = <T>(document: Document<T> | string): string =>
  typeof document === 'string' ? document : print(document);

type Scalar = string | number | boolean;

/**
 * An answer as a test reads it. No part of it is null, and the fields of all types of an interface or a union can be read,
 * because the test fails anyway when something is missing. Only selected fields exist, and enums keep their values.
 */
export type Present<T> = [NonNullable<T>] extends [Scalar]
  ? NonNullable<T>
  : [NonNullable<T>] extends [readonly (infer Item)[]]
    ? Present<Item>[]
    : Merged<Selected<NonNullable<T>>>;

/** Removes the types of which no field was selected, for which codegen writes an object without fields. */
type Selected<T> = T extends Record<PropertyKey, never> ? never : T;

type Merged<T> = {
  [Field in T extends unknown ? keyof T : never]-?: Present<T extends { [K in Field]?: infer Value } ? Value : never>;
};
