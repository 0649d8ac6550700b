import { aessiv } from '@noble/ciphers/aes.js';

/** The length of the synthetic initialization vector, which is also the authentication tag. */
export const SIV = 16;
/** The length of a key of AES-256-SIV: one half authenticates, the other encrypts. */
export const SIV_KEY = 64;

/**
 * Deterministic authenticated encryption by AES-SIV (RFC 5297), without a nonce. Node has no SIV mode. GCM with a nonce that is
 * derived from the text would not do instead: with two texts under one nonce, which 96 bits allow to happen, GCM loses its key.
 */
export const sealSiv = (key: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array =>
  aessiv(key, associated).encrypt(plain);

/** Null for what was not sealed with this key and associated data, or was changed. */
export function openSiv(key: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  try {
    return aessiv(key, associated).decrypt(sealed);
  } catch {
    return null;
  }
}
