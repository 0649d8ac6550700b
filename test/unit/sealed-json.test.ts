import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { SealError, Sealer } from '../../src/platform/secrets/seal.ts';
import { SealedJson, SealedJsonBytes } from '../../src/platform/secrets/sealed-json.ts';

const Shape = z.object({ at: z.number(), id: z.string() });
const sealer = new Sealer([{ version: 1, bytes: randomBytes(32) }]);
const cursors = new SealedJson(sealer, 'cursor', Shape);
const value = { at: 1, id: 'a"\u0000é' };

it('opens what it sealed, for the same user', () => {
  expect(cursors.open('ann', cursors.seal('ann', value))).toEqual(value);
});

it.each<[string, string]>([
  ['another user', cursors.seal('bob', value)],
  ['another purpose', new SealedJson(sealer, 'link', Shape).seal('ann', value)],
  [
    'another key',
    new SealedJson(new Sealer([{ version: 1, bytes: randomBytes(32) }]), 'cursor', Shape).seal('ann', value),
  ],
  ['another shape, as an older release sealed it', sealer.sealText('cursor', 'ann', '[1]')],
  ['what is no JSON', sealer.sealText('cursor', 'ann', '{')],
  ['what was changed on the way', `A${cursors.seal('ann', value).slice(1)}A`],
  ['nothing', ''],
])('gives null for %s', (_, sealed) => {
  expect(cursors.open('ann', sealed)).toBeNull();
});

/**
 * `{"at":1,"id":"kept"}` for the row "row", sealed by the release before SealedJsonBytes: AES-256-GCM over the bytes of
 * the JSON.
 */
const STORED = {
  key: Buffer.alloc(32, 7),
  sealed: Buffer.from('AQAAAAEfNpPuhVz1iTFpijvZc4L3EW7QEizKV4IK/pjxj9jJfpVv61NU8a0SouiDFt/hLLU=', 'base64'),
};

it('reads bytes that an earlier release stored, and writes the same format', () => {
  const sealed = new Sealer([{ version: 1, bytes: STORED.key }]);
  const rows = new SealedJsonBytes(sealed, 'row', Shape);
  expect(rows.open('row', STORED.sealed)).toEqual({ at: 1, id: 'kept' });
  const plain = sealed.open('row', 'row', rows.seal('row', { at: 1, id: 'kept' }));
  expect(Buffer.from(plain).toString()).toBe('{"at":1,"id":"kept"}');
});

it('refuses bytes of another row, key or shape', () => {
  const rows = new SealedJsonBytes(sealer, 'row', Shape);
  const sealed = rows.seal('one', value);
  expect(() => rows.open('two', sealed)).toThrow(SealError);
  expect([rows.openOrNull('two', sealed), rows.openOrNull('one', sealed)]).toEqual([null, value]);
  expect(() => rows.openOrNull('one', sealer.seal('row', 'one', Buffer.from('[1]')))).toThrow(z.ZodError);
});
