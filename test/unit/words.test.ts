import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const DIRECTORIES = [
  'src',
  'sandbox',
  'bench',
  'bin',
  'examples',
  'prisma',
  'test',
  ':!test/unit/words.test.ts',
  ':!test/unit/descriptions.test.ts',
];

/** Words that CONTRIBUTING's table "Words" replaces, also as a part of a name: `startedAnew`, `forEver`. */
const ARCHAIC = /whoever|whomever|(?:\b|[a-z_])[aA]new\b|for[ _-]?ever(?!y)\b/i;

/** Names that the schema, and so every client, already has. */
const PUBLISHED = /deleteForever|DELETE_FOREVER/gi;

it('finds no archaic word in comments, strings and names', () => {
  const tracked = execFileSync('git', ['ls-files', '-z', ...DIRECTORIES], { encoding: 'utf8' }).split('\0');
  const files = tracked.filter((path) => /\.(c|m)?[jt]sx?$|\.(prisma|sql|json|html|css|md)$/.test(path));
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, at) => (ARCHAIC.test(line.replace(PUBLISHED, '')) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

it('finds no timeout, backoff or retry that is called patience', () => {
  const tracked = execFileSync('git', ['ls-files', '-z', 'src', 'sandbox', 'bench', 'bin'], { encoding: 'utf8' });
  const code = tracked.split('\0').filter((path) => /\.(c|m)?[jt]sx?$/.test(path));
  expect(code.filter((path) => /patien/i.test(readFileSync(path, 'utf8')))).toEqual([]);
});

/** Outlook's change cursors contain `told`, and a released key is not renamed. */
const STORED_TOLD = 'src/providers/outlook/changes/sync-state.ts';

it('calls what is reported not told, and what is missing not gone', () => {
  const tracked = execFileSync('git', ['ls-files', '-z', 'src'], { encoding: 'utf8' }).split('\0');
  const code = tracked.filter((path) => /\.(c|m)?[jt]sx?$/.test(path) && path !== STORED_TOLD);
  const found = code.filter((path) =>
    /\b(?:[Tt]old|[Gg]one)\b|[a-z](?:Told|Gone)(?![a-z])/.test(readFileSync(path, 'utf8')),
  );
  expect(found).toEqual([]);
});
