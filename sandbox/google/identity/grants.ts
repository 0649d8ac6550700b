import type { Keep } from '../../world.ts';
import type { TokenClaims } from './tokens.ts';

interface Grant {
  /** Raised by revoking: tokens of an earlier generation are dead. */
  readonly generation: number;
  /** Raised by expiring: access tokens of an earlier epoch are dead, the grant lives. */
  readonly epoch: number;
  readonly scopes: readonly string[];
  /** Whether a refresh token was already given: Google gives one at the first consent, and again only when asked to prompt. */
  readonly refreshGiven: boolean;
}

/** What each user has granted to the one client; kept, so that it outlives a restart. */
export class Grants {
  readonly #keep: Keep;
  /** Accounts whose access tokens the API refuses, all of them. */
  readonly #refused = new Set<string>();

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  of(account: string): Grant {
    return (
      this.#keep.get<Grant>(`google.grant.${account}`) ?? { generation: 0, epoch: 0, scopes: [], refreshGiven: false }
    );
  }

  allow(account: string, scopes: readonly string[], refreshGiven: boolean): void {
    const grant = this.of(account);
    this.#set(account, {
      ...grant,
      scopes: [...new Set([...grant.scopes, ...scopes])],
      refreshGiven: grant.refreshGiven || refreshGiven,
    });
  }

  revoke(account: string): void {
    const { generation, epoch } = this.of(account);
    this.#set(account, { generation: generation + 1, epoch, scopes: [], refreshGiven: false });
  }

  expireAccess(account: string): void {
    const grant = this.of(account);
    this.#set(account, { ...grant, epoch: grant.epoch + 1 });
  }

  refuseAccess(account: string, areRefused: boolean): void {
    if (areRefused) this.#refused.add(account);
    else this.#refused.delete(account);
  }

  /** Whether the token's grant still stands, and for an access token or a code, whether its time has not run out. */
  stands(claims: TokenClaims, now: Date): boolean {
    const grant = this.of(claims.account);
    if (claims.generation !== grant.generation) return false;
    if (claims.kind === 'access' && (claims.epoch !== grant.epoch || this.#refused.has(claims.account))) return false;
    return claims.expiresAt === null || now.getTime() < claims.expiresAt;
  }

  #set(account: string, grant: Grant): void {
    this.#keep.set(`google.grant.${account}`, grant);
  }
}
