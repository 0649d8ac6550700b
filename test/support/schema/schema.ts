import type { GraphQLSchema } from 'graphql';
import { createSchema } from '../../../src/graphql/schema.ts';
import { RESOLVERS } from '../../../src/resolvers.ts';

/** The schema whose resolvers have nothing to ask: for what reads it and resolves no field. */
export const bareSchema = (): GraphQLSchema =>
  createSchema(
    RESOLVERS,
    RESOLVERS.map((resolver) => Object.create(resolver.prototype) as object),
  );

/** One text from `n` of them, with spaces between. */
export const repeat = (n: number, of: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => of(i)).join(' ');
