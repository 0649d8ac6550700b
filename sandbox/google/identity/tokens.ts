import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

type TokenKind = 'code' | 'access' | 'refresh';

/** The content of an emulated token. The token carries it, signed, so that grants survive a restart. */
export interface TokenClaims {
  readonly kind: TokenKind;
  readonly account: string;
  readonly scopes: readonly string[];
  /** The generation of the grant when the token was issued. Revoking increments it. */
  readonly generation: number;
  /** The epoch of the account's access tokens when the token was issued. Expiring them increments it. */
  readonly epoch: number;
  /** When it expires, in milliseconds. Null for a refresh token. */
  readonly expiresAt: number | null;
  readonly id: string;
  readonly code?: {
    readonly redirectUri: string;
    readonly challenge: string | null;
    readonly challengeMethod: 'S256' | 'plain';
    readonly offline: boolean;
    readonly forceConsent: boolean;
    readonly nonce: string | null;
  };
}

const PREFIX: Readonly<Record<TokenKind, string>> = { code: '4/0A', access: 'ya29.', refresh: '1//0' };

/** Creates and reads tokens. They look like Google's, and only this emulator can create them. */
export class Tokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  issue(claims: Omit<TokenClaims, 'id'>): string {
    const id = randomBytes(9).toString('base64url');
    const payload = Buffer.from(JSON.stringify({ ...claims, id })).toString('base64url');
    return `${PREFIX[claims.kind]}${payload}.${this.#sign(payload)}`;
  }

  /** Returns null for anything that was not issued here as a token of that kind. It does not check expiry and revocation. */
  read(kind: TokenKind, token: string): TokenClaims | null {
    if (!token.startsWith(PREFIX[kind])) return null;
    const [payload = '', signature = '', rest] = token.slice(PREFIX[kind].length).split('.');
    const expected = Buffer.from(this.#sign(payload));
    const given = Buffer.from(signature);
    if (rest !== undefined || given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as TokenClaims;
    return claims.kind === kind ? claims : null;
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#key).update(`google ${payload}`).digest('base64url').slice(0, 32);
  }
}
