import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { openSiv, SIV, SIV_KEY, sealSiv } from './siv.ts';

export interface Key {
  readonly version: number;
  readonly bytes: Buffer;
}

/** The text was not sealed with this key and context, or was changed. The error says no more, deliberately. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** The first byte of a ciphertext. */
const FORMAT = { random: 1, deterministic: 2 } as const;
type Format = keyof typeof FORMAT;
const HEADER = 5; // The format in one byte, then the version of the key in four.
const NONCE = 12;
const TAG = 16;
const GCM_KEY = 32;
/** The memory for deterministic ciphertexts, in characters of the texts and of what they were sealed as. */
const MAX_KEPT_CHARACTERS = 4 * 1024 * 1024;

/**
 * Encrypts with a key that is derived for each purpose by HKDF-SHA-256. The ciphertext contains the version of its key, so that
 * keys can rotate: the first key seals, and every key opens. `associated` is the associated data: it names what the text belongs
 * to, for example a row, and the text opens only with the same value.
 *
 * Everything is encrypted with AES-256-GCM under a random nonce, except what has to be equal for equal texts (a cursor): that is
 * encrypted deterministically, with AES-256-SIV (RFC 5297), which needs no nonce. Anyone who sees two such ciphertexts learns
 * whether their texts are equal, and nothing else.
 */
export class Sealer {
  /** The key version of new ciphertexts. */
  readonly version: number;
  private readonly keys: ReadonlyMap<number, Buffer>;
  private readonly derived = new Map<string, Buffer>();
  private readonly headers: Readonly<Record<Format, Buffer>>;
  private readonly nonces = new Nonces();
  /**
   * What was sealed deterministically. AES-SIV runs in JavaScript and costs about eight times as much as GCM does in OpenSSL, and
   * a page that is shown again has the same cursors.
   */
  private readonly kept = new LRUCache<string, string>({
    maxSize: MAX_KEPT_CHARACTERS,
    sizeCalculation: (sealed, name) => sealed.length + name.length,
  });

  constructor(keys: readonly Key[]) {
    const first = keys[0];
    if (!first) throw new SealError('There is no encryption key.');
    this.version = first.version;
    this.headers = { random: headerOf('random', first), deterministic: headerOf('deterministic', first) };
    this.keys = new Map(keys.map((key) => [key.version, key.bytes]));
  }

  seal(purpose: string, associated: string, plain: Uint8Array): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.encrypt(purpose, associated, plain));
  }

  /** Throws SealError. */
  open(purpose: string, associated: string, sealed: Uint8Array): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEADER + NONCE + TAG || bytes[0] !== FORMAT.random) throw notSealed();
    const header = bytes.subarray(0, HEADER);
    const key = this.derive('random', header.readUInt32BE(1), purpose);
    const nonce = bytes.subarray(HEADER, HEADER + NONCE);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
    decipher.setAAD(Buffer.concat([header, Buffer.from(associated)]));
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      return new Uint8Array(Buffer.concat([decipher.update(bytes.subarray(HEADER + NONCE, -TAG)), decipher.final()]));
    } catch {
      throw doesNotOpen();
    }
  }

  /** Seals a text and returns it in base64url, for a URL. */
  sealText(purpose: string, associated: string, text: string): string {
    return this.encrypt(purpose, associated, text).toString('base64url');
  }

  /**
   * Like `sealText`, but the same text gives the same ciphertext, on every instance with the same first key. It is for what a
   * client compares or uses as a key, such as a cursor, and not for secrets.
   */
  sealTextDeterministically(purpose: string, associated: string, text: string): string {
    // With the lengths, no other three texts have this name.
    const name = `${purpose.length} ${associated.length} ${purpose}${associated}${text}`;
    let sealed = this.kept.get(name);
    if (sealed === undefined) {
      const header = this.headers.deterministic;
      const key = this.derive('deterministic', this.version, purpose);
      const bytes = sealSiv(key, Buffer.concat([header, Buffer.from(associated)]), Buffer.from(text));
      sealed = Buffer.concat([header, bytes]).toString('base64url');
      this.kept.set(name, sealed);
    }
    return sealed;
  }

  /** Opens what either of both has sealed. Throws SealError, also for a text that is not base64url or not in its canonical spelling. */
  openText(purpose: string, associated: string, sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    // Node's decoder ignores characters outside the alphabet, and accepts base64 and base64url.
    if (bytes.toString('base64url') !== sealed) throw notSealed();
    if (bytes[0] === FORMAT.deterministic) return this.openDeterministic(purpose, associated, bytes).toString();
    return Buffer.from(this.open(purpose, associated, bytes)).toString();
  }

  private openDeterministic(purpose: string, associated: string, bytes: Buffer): Buffer {
    if (bytes.length < HEADER + SIV) throw notSealed();
    const header = bytes.subarray(0, HEADER);
    const key = this.derive('deterministic', header.readUInt32BE(1), purpose);
    const plain = openSiv(key, Buffer.concat([header, Buffer.from(associated)]), bytes.subarray(HEADER));
    if (!plain) throw doesNotOpen();
    return Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  }

  private encrypt(purpose: string, associated: string, plain: Uint8Array | string): Buffer {
    const nonce = this.nonces.next();
    const header = this.headers.random;
    const cipher = createCipheriv('aes-256-gcm', this.derive('random', this.version, purpose), nonce);
    cipher.setAAD(Buffer.concat([header, Buffer.from(associated)]));
    const text = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain);
    return Buffer.concat([header, nonce, text, cipher.final(), cipher.getAuthTag()]);
  }

  /** The two formats never share a key. */
  private derive(format: Format, version: number, purpose: string): Buffer {
    const name = `${format}/${version}/${purpose}`;
    let key = this.derived.get(name);
    if (!key) {
      const master = this.keys.get(version);
      if (!master) throw new SealError(`No key with version ${version} is configured.`);
      const [info, length] =
        format === 'random' ? [`postern/${purpose}`, GCM_KEY] : [`postern/siv/${purpose}`, SIV_KEY];
      key = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), info, length));
      this.derived.set(name, key);
    }
    return key;
  }
}

function headerOf(format: Format, { version }: Key): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(FORMAT[format], 0);
  header.writeUInt32BE(version, 1);
  return header;
}

const notSealed = (): SealError => new SealError('This is not a sealed text.');
const doesNotOpen = (): SealError => new SealError('The sealed text does not open here.');

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
