import { LRUCache } from 'lru-cache';
import type { SessionPrincipal } from './session.token.ts';

const MAX_TOKENS = 10_000;

/**
 * Caches the principals of access tokens with a valid signature, because a client sends the same token for minutes. It does
 * not know which sessions have ended since.
 */
export class VerifiedTokens {
  private readonly principals = new LRUCache<string, SessionPrincipal>({ max: MAX_TOKENS });

  /** Returns null for a token that is not cached or that has expired. */
  get(token: string, now: Date): SessionPrincipal | null {
    const known = this.principals.get(token);
    if (!known) return null;
    if (known.expiresAt > now) return known;
    this.principals.delete(token);
    return null;
  }

  /** Call it only for verified tokens. The least recently used token is dropped first. */
  add(token: string, principal: SessionPrincipal): void {
    this.principals.set(token, principal);
  }
}
