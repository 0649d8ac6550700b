import { GraphQLError } from 'graphql';
import type { Context } from './context.ts';

/** Who asks: read from an access token, without a query to the database. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAt: Date;
}

export function requirePrincipal(context: Context): Principal {
  if (context.principal) return context.principal;
  if (context.refusal) throw context.refusal;
  throw new GraphQLError('Sign in first: send the header "Authorization: Bearer <access token>".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}
