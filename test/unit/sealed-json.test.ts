import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import { SealedJson } from '../../src/platform/secrets/sealed-json.ts';

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
