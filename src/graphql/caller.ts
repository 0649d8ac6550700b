import { type MailError, unauthenticated } from '../domain/error.ts';
import type { Principal } from '../domain/principal.ts';

/** The caller, as far as the token of the request identifies it. */
export interface Caller {
  /** Null if nobody is signed in. `requirePrincipal` turns null into UNAUTHENTICATED. */
  readonly principal: Principal | null;
  /**
   * Why the token of the request is not valid: UNAUTHENTICATED. It is thrown only if a principal is required, so that
   * signing in and refreshing work with an expired token.
   */
  readonly refusal?: MailError | null;
}

export function requirePrincipal({ principal, refusal }: Caller): Principal {
  if (principal) return principal;
  if (refusal) throw refusal;
  throw unauthenticated('Sign in first: send the header "Authorization: Bearer <access token>".');
}
