import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

/** An operation whose answer codegen has typed: what graphql(`...`) of test/generated gives. */
export type Document<T> = TypedDocumentNode<T, never>;

export type { ResultOf } from '@graphql-typed-document-node/core';

/** The text that is sent for it. */
export const documentText = <T>(document: Document<T> | string): string =>
  typeof document === 'string' ? document : print(document);

type Scalar = string | number | boolean;

/**
 * An answer as a test reads it, which fails where something is not there: no part of it is null, and of an interface or a
 * union the fields of all its types can be read. A field that was not selected is none, and an enum has its values.
 */
export type Present<T> = [NonNullable<T>] extends [Scalar]
  ? NonNullable<T>
  : [NonNullable<T>] extends [readonly (infer Item)[]]
    ? Present<Item>[]
    : Merged<Selected<NonNullable<T>>>;

/** Without the types of which nothing was selected: codegen writes an object that has no fields for those. */
type Selected<T> = T extends Record<PropertyKey, never> ? never : T;

type Merged<T> = {
  [Field in T extends unknown ? keyof T : never]-?: Present<T extends { [K in Field]?: infer Value } ? Value : never>;
};
