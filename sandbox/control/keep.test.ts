import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openKeep } from './keep.ts';

it('keeps its state over a restart, and starts empty with a broken file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-keep-'));
  const path = join(directory, 'deep', 'sandbox.json');
  const keep = openKeep(path);
  keep.set('grant', { scopes: ['a'] });
  keep.close();
  expect(openKeep(path).get('grant')).toEqual({ scopes: ['a'] });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ grant: { scopes: ['a'] } });
  writeFileSync(path, '{"grant":');
  expect(openKeep(path).get('grant')).toBeUndefined();
  rmSync(directory, { recursive: true });
});
