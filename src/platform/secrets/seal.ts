import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

export interface Key {
  readonly version: number;
  readonly bytes: Buffer;
}

/** The text was not sealed with this key and context, or was changed. The error says no more, deliberately. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const FORMAT = 1;
const HEADER = 5; // The format in one byte, then the version of the key in four.
const NONCE = 12;
const TAG = 16;

/**
 * Encrypts with AES-256-GCM and a key that is derived for each purpose by HKDF-SHA-256. The ciphertext contains the version of
 * its key, so that keys can rotate: the first key seals, and every key opens. `associated` is the associated data: it names
 * what the text belongs to, for example a row, and the text opens only with the same value.
 */
export class Sealer {
  /** The key version of new ciphertexts. */
  readonly version: number;
  private readonly keys: ReadonlyMap<number, Buffer>;
  private readonly derived = new Map<string, Buffer>();
  private readonly header = Buffer.alloc(HEADER);
  private readonly nonces = new Nonces();

  constructor(keys: readonly Key[]) {
    const first = keys[0];
    if (!first) throw new SealError('There is no encryption key.');
    this.version = first.version;
    this.header.writeUInt8(FORMAT, 0);
    this.header.writeUInt32BE(first.version, 1);
    this.keys = new Map(keys.map((key) => [key.version, key.bytes]));
  }

  seal(purpose: string, associated: string, plain: Uint8Array): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.encrypt(purpose, associated, plain));
  }

  /** Throws SealError. */
  open(purpose: string, associated: string, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEADER + NONCE + TAG || bytes[0] !== FORMAT) throw new SealError('This is not a sealed text.');
    const header = bytes.subarray(0, HEADER);
    const version = header.readUInt32BE(1);
    if (!this.keys.has(version)) throw new SealError(`No key with version ${version} is configured.`);
    const nonce = bytes.subarray(HEADER, HEADER + NONCE);
    const decipher = createDecipheriv('aes-256-gcm', this.derive(version, purpose), nonce, { authTagLength: TAG });
    decipher.setAAD(Buffer.concat([header, Buffer.from(associated)]));
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      return new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(HEADER + NONCE, -TAG)), decipher.final()]));
    } catch {
      throw new SealError('The sealed text does not open here.');
    }
  }

  /** Seals a text and returns it in base64url, for a URL or a cursor. */
  sealText(purpose: string, associated: string, text: string): string {
    return this.encrypt(purpose, associated, text).toString('base64url');
  }

  /** Throws SealError, also for a text that is not base64url or not in its canonical spelling. */
  openText(purpose: string, associated: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    // Node's decoder ignores characters outside the alphabet, and accepts base64 and base64url.
    if (bytes.toString('base64url') !== sealed) throw new SealError('This is not a sealed text.');
    return Buffer.from(this.open(purpose, associated, bytes)).toString();
  }

  private encrypt(purpose: string, associated: string, plain: Uint8Array | string): Buffer {
    const nonce = this.nonces.next();
    const cipher = createCipheriv('aes-256-gcm', this.derive(this.version, purpose), nonce);
    cipher.setAAD(Buffer.concat([this.header, Buffer.from(associated)]));
    const text = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
    return Buffer.concat([this.header, nonce, text, cipher.final(), cipher.getAuthTag()]);
  }

  private derive(version: number, purpose: string): Buffer {
    const name = `${version}/${purpose}`;
    let key = this.derived.get(name);
    if (!key) {
      const master = this.keys.get(version);
      if (!master) throw new SealError(`No key with version ${version} is configured.`);
      key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `postern/${purpose}`, 32));
      this.derived.set(name, key);
    }
    return key;
  }
}

/**
 * Random nonces, each used once. They are generated in bulk, because a call of the generator costs as much as sealing a short
 * text.
 */
class Nonces {
  private drawn = Buffer.alloc(0);
  private used = 0;

  next(): Buffer {
    if (this.used === this.drawn.length) {
      this.drawn = randomBytes(64 * NONCE);
      this.used = 0;
    }
    this.used += NONCE;
    return this.drawn.subarray(this.used - NONCE, this.used);
  }
}
