import { createHmac, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { World } from '../../world.ts';
import type { Account } from '../mailbox/accounts.ts';
import { unauthorized } from '../wire/errors.ts';

export interface AccessToken {
  /** The account's address. */
  readonly address: string;
  readonly scopes: readonly string[];
  /** Seconds since 1970. */
  readonly expiresAt: number;
}
export interface RefreshToken {
  readonly address: string;
  readonly clientId: string;
  /** All consented scopes without offline_access. */
  readonly granted: readonly string[];
}
interface AuthorizationCode {
  readonly id: string;
  readonly address: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly challenge: string | null;
  readonly nonce: string | null;
}

export const ACCESS_SECONDS = 3599;
const REFRESH_SECONDS = 90 * 86_400;
const CODE_SECONDS = 600;
const REVOKED = 'microsoft.revokedAt';
const EXPIRED = 'microsoft.expiredAt';

type Moments = Record<string, number>;

/** Issues and reads tokens. They carry their own claims and so survive a restart; only revocations are stored. */
export class Tokens {
  readonly #world: World;
  readonly #key: Buffer;
  readonly #usedCodes = new Set<string>();
  /** The accounts whose access tokens Graph refuses without exception. */
  readonly #refused = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    this.#key = createHmac('sha256', world.signingKey).update('microsoft tokens').digest();
  }

  access(account: Account, clientId: string, scopes: readonly string[]): string {
    return this.#sign(ACCESS_SECONDS, {
      use: 'access',
      aud: '00000003-0000-0000-c000-000000000000',
      iss: `https://sts.windows.net/${account.tenantId}/`,
      appid: clientId,
      name: account.name,
      oid: account.objectId,
      preferred_username: account.address,
      scp: scopes.join(' '),
      tid: account.tenantId,
      ver: '1.0',
    });
  }

  /** Throws InvalidAuthenticationToken. */
  readAccess(token: string): AccessToken {
    const claims = this.#verify(token, 'access');
    if (claims === 'expired') throw unauthorized('Lifetime validation failed, the token is expired.');
    if (claims === null) throw unauthorized('CompactToken parsing failed with error code: 80049217');
    const address = String(claims.preferred_username);
    const issued = Number(claims.iat_ms);
    if (this.#refused.has(address.toLowerCase())) throw unauthorized('Access token validation failure.');
    if (issued <= this.#moment(EXPIRED, address))
      throw unauthorized('Lifetime validation failed, the token is expired.');
    if (issued <= this.#moment(REVOKED, address))
      throw unauthorized(
        'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp',
      );
    return { address, scopes: String(claims.scp).split(' ').filter(Boolean), expiresAt: Number(claims.exp) };
  }

  refresh(token: RefreshToken): string {
    return this.#sign(REFRESH_SECONDS, { use: 'refresh', jti: randomUUID(), ...token });
  }

  readRefresh(token: string): RefreshToken | 'expired' | 'revoked' | null {
    const claims = this.#verify(token, 'refresh');
    if (claims === 'expired' || claims === null) return claims;
    const { address, clientId, granted } = claims as unknown as RefreshToken;
    if (Number(claims.iat_ms) <= this.#moment(REVOKED, address)) return 'revoked';
    return { address, clientId, granted };
  }

  code(code: Omit<AuthorizationCode, 'id'>): string {
    return this.#sign(CODE_SECONDS, { use: 'code', id: randomUUID(), ...code });
  }

  /** Uses the code up. A second call returns 'used'. */
  redeemCode(code: string): AuthorizationCode | 'expired' | 'used' | null {
    const claims = this.#verify(code, 'code');
    if (claims === 'expired' || claims === null) return claims;
    const read = claims as unknown as AuthorizationCode;
    if (this.#usedCodes.has(read.id)) return 'used';
    this.#usedCodes.add(read.id);
    return read;
  }

  /** Invalidates the access tokens that were issued so far. */
  expireAccess(address: string): void {
    this.#stamp(EXPIRED, address);
  }

  /** Refuses every access token, however new. */
  refuseAccess(address: string, areRefused: boolean): void {
    if (areRefused) this.#refused.add(address.toLowerCase());
    else this.#refused.delete(address.toLowerCase());
  }

  /** Invalidates refresh tokens too. */
  revoke(address: string): void {
    this.#stamp(REVOKED, address);
  }

  #sign(seconds: number, claims: Record<string, unknown>): string {
    const now = this.#world.now().getTime();
    const issued = Math.floor(now / 1000);
    return jwt.sign({ ...claims, iat: issued, nbf: issued, exp: issued + seconds, iat_ms: now }, this.#key, {
      algorithm: 'HS256',
    });
  }

  #verify(token: string, use: string): Record<string, unknown> | 'expired' | null {
    try {
      const clockTimestamp = Math.floor(this.#world.now().getTime() / 1000);
      const claims = jwt.verify(token, this.#key, { algorithms: ['HS256'], clockTimestamp });
      return typeof claims === 'object' && claims.use === use ? (claims as Record<string, unknown>) : null;
    } catch (error) {
      return error instanceof jwt.TokenExpiredError ? 'expired' : null;
    }
  }

  #moment(key: string, address: string): number {
    return this.#world.keep.get<Moments>(key)?.[address.toLowerCase()] ?? -1;
  }

  #stamp(key: string, address: string): void {
    const now = this.#world.now().getTime();
    this.#world.keep.set(key, { ...this.#world.keep.get<Moments>(key), [address.toLowerCase()]: now });
  }
}
