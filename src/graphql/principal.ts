import { GraphQLError } from 'graphql';

/** Who asks: read from an access token, without a query to the database. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAt: Date;
}

/** Who calls, as far as the request's token tells. */
export interface Caller {
  /** Null: not signed in. `requirePrincipal` turns null into UNAUTHENTICATED. */
  readonly principal: Principal | null;
  /** Why the request's token is not valid: UNAUTHENTICATED, thrown only where a principal is needed, so that signing in and refreshing work with an expired token. */
  readonly refusal?: GraphQLError | null;
}

export function requirePrincipal({ principal, refusal }: Caller): Principal {
  if (principal) return principal;
  if (refusal) throw refusal;
  throw new GraphQLError('Sign in first: send the header "Authorization: Bearer <access token>".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}
