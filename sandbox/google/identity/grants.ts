import type { Keep } from '../../world.ts';
import type { TokenClaims } from './tokens.ts';

interface Grant {
  /** Incremented when the grant is revoked. Tokens of an earlier generation are invalid. */
  readonly generation: number;
  /** Incremented when access tokens are expired. Those of an earlier epoch are invalid, while the grant stays valid. */
  readonly epoch: number;
  readonly scopes: readonly string[];
  /** Whether a refresh token was issued. Google issues one at the first consent, and again only with prompt=consent. */
  readonly refreshGiven: boolean;
}

/** The grants of all users to the one client. They survive a restart. */
export class Grants {
  readonly #keep: Keep;
  /** The accounts whose access tokens the API refuses without exception. */
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

  /** Returns whether the token's grant is valid, and an access token or a code has not expired. */
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
