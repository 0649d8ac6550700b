import { GraphQLError } from 'graphql';

/** The limits of a request. Each refusal names the limit and the requested size. */
export interface QueryLimits {
  /** Tokens in the document, without comments. */
  readonly tokens: number;
  /** The depth of nested fields; the introspection query needs 15. */
  readonly depth: number;
  /** The fields of one object, with fragments expanded. */
  readonly breadth: number;
  /** Fields with an alias in one operation, with fragments expanded. */
  readonly aliases: number;
  /** Fields of one operation, with fragments expanded. */
  readonly fields: number;
  /** The maximum of `first`. */
  readonly pageSize: number;
  /** The items of all lists of one operation, with the sizes of nested lists multiplied. */
  readonly items: number;
  /** Lists that one operation may read from providers and from the store, multiplied by the number of their parents. */
  readonly lists: number;
  /** Fields of the answer, multiplied in the same way. */
  readonly values: number;
  /** Introspection fields of the response. The introspection query with all of its options has about 7,000. */
  readonly introspection: number;
  /** Characters of all bodies and header fields in one response. */
  readonly characters: number;
  /**
   * Values in one list of the variables. It is larger than the limit of any argument, so that an argument is refused by
   * its own limit.
   */
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
