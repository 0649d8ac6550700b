import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import type { Keep } from '../world.ts';

const KEPT = 'microsoft.idTokenKey';

/** The RSA key that signs id_tokens. Made once, kept beside the world's other small state. */
export class IdTokenKey {
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  get privatePem(): string {
    const kept = this.#keep.get<string>(KEPT);
    if (kept) return kept;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.#keep.set(KEPT, pem);
    return pem;
  }

  get keyId(): string {
    return createHash('sha1').update(this.privatePem).digest('base64url');
  }

  jwks(): { keys: JsonWebKey[] } {
    const jwk = createPublicKey(this.privatePem).export({ format: 'jwk' });
    return { keys: [{ ...jwk, use: 'sig', alg: 'RS256', kid: this.keyId }] };
  }
}
