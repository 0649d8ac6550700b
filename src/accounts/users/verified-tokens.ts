import type { SessionPrincipal } from './session.token.ts';

const MAX_TOKENS = 10_000;

/**
 * Access tokens whose signature was found good, and whom they speak for: a client sends the same one for minutes.
 * Says nothing of sessions that have ended since.
 */
export class VerifiedTokens {
  private readonly principals = new Map<string, SessionPrincipal>();

  /** Null for a token that is not known, or that has expired by now. */
  get(token: string, now: Date): SessionPrincipal | null {
    const known = this.principals.get(token);
    if (!known) return null;
    if (known.expiresAt > now) return known;
    this.principals.delete(token);
    return null;
  }

  /** Call it for tokens alone that were verified; the oldest go first. */
  add(token: string, principal: SessionPrincipal): void {
    if (this.principals.size >= MAX_TOKENS) this.principals.delete(this.principals.keys().next().value ?? '');
    this.principals.set(token, principal);
  }
}
