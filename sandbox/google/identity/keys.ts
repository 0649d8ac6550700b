import { createHash, createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { rsaKey } from '../../rsa-key.ts';
import type { Keep } from '../../world.ts';

export const ISSUER = 'https://accounts.google.com';
const KEY_NAME = 'google.rsa';

/** The RSA key that signs id_tokens and Pub/Sub's deliveries. It is stored, so that cached certificates stay valid after a restart. */
export class SigningKeys {
  readonly #pem: string;
  readonly #kid: string;

  constructor(keep: Keep) {
    const pem = rsaKey(keep, KEY_NAME);
    this.#pem = pem;
    this.#kid = createHash('sha1').update(pem).digest('hex');
  }

  /** Signs an OIDC token as Google does, with RS256 and a lifetime of one hour. */
  sign(claims: Record<string, unknown>, now: Date): string {
    const iat = Math.floor(now.getTime() / 1000);
    const payload = { iss: ISSUER, iat, exp: iat + 3600, ...claims };
    return jwt.sign(payload, this.#pem, { algorithm: 'RS256', keyid: this.#kid });
  }

  jwks(): { keys: JsonWebKey[] } {
    const key = createPublicKey(createPrivateKey(this.#pem)).export({ format: 'jwk' });
    return { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: this.#kid }] };
  }
}

/** Returns Google's "sub", a number of 21 digits that never changes for a user. */
export function subjectOf(address: string): string {
  const digits = BigInt(`0x${createHash('sha256').update(address.toLowerCase()).digest('hex')}`).toString();
  return `1${digits.slice(0, 20)}`;
}
