import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SealError, Sealer } from '../../src/platform/secrets/seal.ts';
import { openSiv, sealSiv } from '../../src/platform/secrets/siv.ts';

const key = (version: number) => ({ version, bytes: randomBytes(32) });

describe('a sealed text', () => {
  const one = key(1);
  const sealer = new Sealer([one]);

  it('is opened for the same purpose and row, and is never the same twice', () => {
    const sealed = sealer.sealText('cursor', 'viewer-1', 'a text');
    expect(sealer.openText('cursor', 'viewer-1', sealed)).toBe('a text');
    expect(sealer.sealText('cursor', 'viewer-1', 'a text')).not.toBe(sealed);
    expect(sealed).toMatch(/^[\w-]+$/);
  });

  it('has a nonce of its own each time, however many there are', () => {
    const nonces = Array.from({ length: 1_000 }, () =>
      Buffer.from(sealer.seal('p', 'a', Buffer.from('a text')).subarray(5, 17)).toString('hex'),
    );
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  it('cannot be opened for another purpose or row', () => {
    const sealed = sealer.sealText('cursor', 'viewer-1', 'a text');
    expect(() => sealer.openText('cursor', 'viewer-2', sealed)).toThrow(SealError);
    expect(() => sealer.openText('link', 'viewer-1', sealed)).toThrow(SealError);
    expect(() => new Sealer([{ ...key(1) }]).openText('cursor', 'viewer-1', sealed)).toThrow(SealError);
  });

  it('is opened with an old key after a rotation, and is sealed again with the first', () => {
    const two = key(2);
    const rotated = new Sealer([two, one]);
    expect(rotated.openText('p', 'a', sealer.sealText('p', 'a', 'old'))).toBe('old');
    expect(() => sealer.openText('p', 'a', rotated.sealText('p', 'a', 'new'))).toThrow(/No key with version 2/);
    expect(rotated.version).toBe(2);
  });

  it('cannot be opened when any byte of it was changed', () => {
    const sealed = sealer.seal('p', 'a', Buffer.from('a text'));
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => sealer.open('p', 'a', changed)).toThrow(SealError);
    }
  });

  it.each(['', 'x', 'not base64url!', 'A'.repeat(100_000), 'AQ'])('refuses %j as a SealError', (garbage) => {
    expect(() => sealer.openText('p', 'a', garbage)).toThrow(SealError);
  });

  it('is opened in its own encoding only', () => {
    const sealed = sealer.sealText('p', 'a', 'a longer text, whose bytes need every letter ÿ?>~');
    expect(sealer.openText('p', 'a', sealed)).toMatch(/^a longer text/);
    const odd = [` ${sealed}`, `${sealed}\n`, `${sealed}=`, `${sealed.slice(0, 9)}!${sealed.slice(9)}`, `${sealed}A`];
    for (const other of odd) expect(() => sealer.openText('p', 'a', other)).toThrow(SealError);
  });

  it('needs a key', () => {
    expect(() => new Sealer([])).toThrow(SealError);
  });
});

describe('a text that is sealed deterministically', () => {
  const one = key(1);
  const sealer = new Sealer([one]);
  const sealed = sealer.sealTextDeterministically('cursor', 'viewer-1', 'a text');

  it('is the same each time and on every instance with the same key, and opens there', () => {
    const other = new Sealer([{ version: 1, bytes: Buffer.from(one.bytes) }]);
    expect(sealer.sealTextDeterministically('cursor', 'viewer-1', 'a text')).toBe(sealed);
    expect(other.sealTextDeterministically('cursor', 'viewer-1', 'a text')).toBe(sealed);
    expect(other.openText('cursor', 'viewer-1', sealed)).toBe('a text');
    expect(sealer.openText('cursor', '', sealer.sealTextDeterministically('cursor', '', 'ÿ?>~'))).toBe('ÿ?>~');
    expect(sealer.openText('cursor', '', sealer.sealTextDeterministically('cursor', '', ''))).toBe('');
  });

  it('is another for another text, purpose, row or key', () => {
    const others = [
      sealer.sealTextDeterministically('cursor', 'viewer-1', 'a tex'),
      sealer.sealTextDeterministically('cursor', 'viewer-2', 'a text'),
      sealer.sealTextDeterministically('cursor', 'viewer-1a', ' text'),
      sealer.sealTextDeterministically('cursorv', 'iewer-1', 'a text'),
      new Sealer([key(1)]).sealTextDeterministically('cursor', 'viewer-1', 'a text'),
    ];
    expect(new Set([...others, sealed]).size).toBe(6);
    // Not only the header and the tag: nothing of two ciphertexts is in the same place.
    const [a, b] = ['x'.repeat(64), 'x'.repeat(65)].map((text) =>
      Buffer.from(sealer.sealTextDeterministically('cursor', '', text), 'base64url').subarray(21),
    );
    expect(a?.subarray(0, 16)).not.toEqual(b?.subarray(0, 16));
  });

  it('cannot be opened for another purpose or row, or when any byte of it was changed', () => {
    expect(() => sealer.openText('cursor', 'viewer-2', sealed)).toThrow(SealError);
    expect(() => sealer.openText('link', 'viewer-1', sealed)).toThrow(SealError);
    const bytes = Buffer.from(sealed, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => sealer.openText('cursor', 'viewer-1', changed.toString('base64url'))).toThrow(SealError);
    }
    for (let length = 0; length < bytes.length; length++)
      expect(() => sealer.openText('cursor', 'viewer-1', bytes.toString('base64url', 0, length))).toThrow(SealError);
  });

  it('is not taken for stored bytes, which are never deterministic', () => {
    expect(() => sealer.open('cursor', 'viewer-1', Buffer.from(sealed, 'base64url'))).toThrow(SealError);
  });

  it('changes when a key is put first, and still opens with the old one', () => {
    const rotated = new Sealer([key(2), one]);
    expect(rotated.sealTextDeterministically('cursor', 'viewer-1', 'a text')).not.toBe(sealed);
    expect(rotated.openText('cursor', 'viewer-1', sealed)).toBe('a text');
  });

  it('opens as an earlier release sealed it, with GCM under a random nonce', () => {
    const header = Buffer.from([1, 0, 0, 0, 1]);
    const derived = Buffer.from(hkdfSync('sha256', one.bytes, Buffer.alloc(0), 'postern/cursor', 32));
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', derived, nonce).setAAD(
      Buffer.concat([header, Buffer.from('viewer-1')]),
    );
    const text = Buffer.concat([cipher.update('an old text'), cipher.final()]);
    const old = Buffer.concat([header, nonce, text, cipher.getAuthTag()]).toString('base64url');
    expect(sealer.openText('cursor', 'viewer-1', old)).toBe('an old text');
  });

  it('is what this release seals, so that the cursors that clients keep open after an update', () => {
    const fixed = new Sealer([{ version: 7, bytes: Buffer.alloc(32, 7) }]);
    expect(fixed.sealTextDeterministically('cursor', 'viewer-1', '["a position"]')).toBe(
      'AgAAAAdR5aFSAORcoFSOJ3YGusKeq4J7nNUf7_Hxio-cb4E',
    );
  });
});

describe('AES-SIV', () => {
  const bytes = (hex: string) => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');

  it('gives what RFC 5297 A.1 gives', () => {
    const sivKey = bytes('fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff');
    const associated = bytes('10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627');
    const plain = bytes('11223344 55667788 99aabbcc ddee');
    const sealed = bytes('85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04 daef7f6a fe5c');
    expect(Buffer.from(sealSiv(sivKey, associated, plain))).toEqual(sealed);
    expect(openSiv(sivKey, associated, sealed)).toEqual(new Uint8Array(plain));
    expect(openSiv(sivKey, associated.subarray(1), sealed)).toBeNull();
  });
});
