import { LRUCache } from 'lru-cache';
import type { SessionPrincipal } from './session.token.ts';

const MAX_TOKENS = 10_000;

/**
 * Access tokens whose signature was found good, and whom they speak for: a client sends the same one for minutes.
 * Says nothing of sessions that have ended since.
 */
export class VerifiedTokens {
  private readonly principals = new LRUCache<string, SessionPrincipal>({ max: MAX_TOKENS });

  /** Null for a token that is not known, or that has expired by now. */
  get(token: string, now: Date): SessionPrincipal | null {
    const known = this.principals.get(token);
    if (!known) return null;
    if (known.expiresAt > now) return known;
    this.principals.delete(token);
    return null;
  }

  /** Call it for tokens alone that were verified; those that were not used for longest go first. */
  add(token: string, principal: SessionPrincipal): void {
    this.principals.set(token, principal);
  }
}
