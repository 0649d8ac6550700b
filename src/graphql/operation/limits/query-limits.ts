import { GraphQLError } from 'graphql';

/** How large a request may be. Each refusal says the limit and what was asked. */
export interface QueryLimits {
  /** Tokens in the document, comments aside. */
  readonly tokens: number;
  /** Fields below each other; the introspection query needs 15. */
  readonly depth: number;
  /** Fields beside each other in one object, fragments spread out. */
  readonly breadth: number;
  /** Fields with an alias in one operation, fragments spread out. */
  readonly aliases: number;
  /** Fields of one operation, fragments spread out. */
  readonly fields: number;
  /** The most that `first` may ask for. */
  readonly pageSize: number;
  /** Items that all lists of one operation may hold together, lists inside lists multiplied. */
  readonly items: number;
  /** Lists that one operation may read from providers and from the store, multiplied by the items that they are asked of. */
  readonly lists: number;
  /** Fields of the answer, multiplied in the same way. */
  readonly values: number;
  /** Fields of the answer that tell of the schema itself; the introspection query with all of its options has some 7,000. */
  readonly introspection: number;
  /** Characters that the bodies and header fields of one answer have together. */
  readonly characters: number;
  /** Values in one list of the variables. Wider than any argument takes: those say so themselves, and in their own figures. */
  readonly inputList: number;
}

export const QUERY_LIMITS: QueryLimits = {
  tokens: 5_000,
  depth: 20,
  breadth: 150,
  aliases: 100,
  fields: 2_000,
  pageSize: 100,
  items: 20_000,
  lists: 300,
  values: 2_000_000,
  introspection: 20_000,
  characters: 16_000_000,
  inputList: 5_000,
};

export const tooComplex = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } } });
