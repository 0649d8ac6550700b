import type { GraphQLSchema } from 'graphql';
import { createSchema } from '../../../src/graphql/schema.ts';
import { RESOLVERS } from '../../../src/resolvers.ts';

/** Builds the schema with resolvers that have no services, for tests that read the schema and resolve no field. */
export const bareSchema = (): GraphQLSchema =>
  createSchema(
    RESOLVERS,
    RESOLVERS.map((resolver) => Object.create(resolver.prototype) as object),
  );

/** Joins `n` texts with spaces. */
export const repeat = (n: number, of: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => of(i)).join(' ');
