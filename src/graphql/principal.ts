import { GraphQLError } from 'graphql';

/** Who asks, as one of the authenticators has found. */
export interface Principal {
  readonly userId: string;
  /** How they have shown who they are: "session", or what the authenticator calls its own credentials. */
  readonly kind: string;
  /** What they may do: `EVERYTHING` for the user's own session. Nothing narrower is held to yet, so no authenticator may give it out. */
  readonly scopes: readonly string[];
  /** Present where a session was begun: its end ends what the principal has open. */
  readonly sessionId?: string;
  /**
   * Identifies a credential that is no session and that can end before `expiresAt`: the id that its authenticator reports
   * by `onEnded`. It is unique over all authenticators.
   */
  readonly credentialId?: string;
  /** Until when a connection that stays open may go on without showing a credential again. */
  readonly expiresAt: Date;
}

/** The scope of a user who has signed in. */
export const EVERYTHING = '*';

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
  throw unauthenticated('Sign in first: send the header "Authorization: Bearer <access token>".');
}

/** Says what to do. */
export const unauthenticated = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED' } });
