import { readFileSync, writeFileSync } from 'node:fs';
import { describeSchema } from './graphql/schema.ts';
import { RESOLVERS } from './resolvers.ts';
import { breakingChanges, lastRelease, mayBreak } from './schema-release.ts';

/**
 * `npm run schema` writes schema.graphql from the code. With --check it fails if the file differs from the code, or if
 * the code breaks what the last release promised although the version in package.json does not allow it.
 */

const path = 'schema.graphql';
const sdl = `# Written by npm run schema from the decorators in src/. Do not edit.\n\n${describeSchema(RESOLVERS)}`;

if (process.argv.includes('--check')) {
  const isWritten = readFileSync(path, 'utf8') === sdl;
  if (!isWritten)
    console.error('schema.graphql does not say what the code says: npm run schema, and look at what changes');
  if (!keepsPromises() || !isWritten) process.exitCode = 1;
} else {
  writeFileSync(path, sdl);
}

function keepsPromises(): boolean {
  const release = lastRelease();
  if (!release) {
    console.log('No release to compare the schema with: git knows no tag like v0.1.0 here.');
    return true;
  }
  const changes = breakingChanges(release.sdl, sdl);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  console.log(
    `Breaking changes of the schema since ${release.version}: ${changes.map((c) => `\n  ${c}`).join('') || 'none'}`,
  );
  if (changes.length === 0 || mayBreak(release.version, version)) return true;
  console.error(`Version ${version} may not break what ${release.version} promised: deprecate, or raise the version.`);
  return false;
}
