import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SealError, Sealer } from '../../src/platform/secrets/seal.ts';

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
