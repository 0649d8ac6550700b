import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { rsaKey } from '../../rsa-key.ts';
import type { Keep } from '../../world.ts';

const KEY_NAME = 'microsoft.idTokenKey';

/** The RSA key that signs id_tokens. Made once, kept beside the world's other small state. */
export class IdTokenKey {
  readonly #keep: Keep;

  constructor(keep: Keep) {
    this.#keep = keep;
  }

  get privatePem(): string {
    return rsaKey(this.#keep, KEY_NAME);
  }

  get keyId(): string {
    return createHash('sha1').update(this.privatePem).digest('base64url');
  }

  jwks(): { keys: JsonWebKey[] } {
    const jwk = createPublicKey(this.privatePem).export({ format: 'jwk' });
    return { keys: [{ ...jwk, use: 'sig', alg: 'RS256', kid: this.keyId }] };
  }
}
