import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What opens a database for a test. */
const OPENERS = ['test/support/app/database.ts', 'test/support/app/database-url.ts', 'test/support/app/program.ts'].map(
  normalize,
);

/**
 * Tests that run the gateway on a database, and are about its lists and the mail in them: what they show is the same on each
 * database, which other tests are about.
 */
const OF_ANY_DATABASE = [
  'account-problems',
  'bad-day',
  'downloads',
  'hanging-account',
  'history-labels',
  'hostile-arguments',
  'hostile-mail',
  'organising',
  'organising.thousand',
  'paging',
  'rate-limits',
  'readme',
  'sandbox-restart',
  'search-oracle.cost',
  'search-oracle.everyday',
  'search-oracle.found',
  'search-oracle.lag',
  'search-oracle.paging',
  'search-oracle.random',
  'search-syntax',
  'uploads',
  'vendor-away',
].map((name) => join('test', 'flow', `${name}.test.ts`));

/** The files that show the same on each database, so that they run once. All others run on each. */
export function filesOfAnyDatabase(): string[] {
  const missing = OF_ANY_DATABASE.filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new Error(`test/support/run/database-needs.ts names what is not there: ${missing.join(', ')}`);
  const files = ['test/unit', 'test/contract', 'test/flow', 'sandbox'].flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name)),
  );
  const known = new Map<string, readonly string[]>();
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  return tests.filter((file) => OF_ANY_DATABASE.includes(file) || !opensDatabase(file, known, new Set()));
}

function opensDatabase(file: string, known: Map<string, readonly string[]>, seen: Set<string>): boolean {
  if (OPENERS.includes(file)) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return importsOf(file, known).some((imported) => opensDatabase(imported, known, seen));
}

/** The files of the project that a file loads. Types load nothing. */
function importsOf(file: string, known: Map<string, readonly string[]>): readonly string[] {
  const found =
    known.get(file) ??
    [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"]*?\sfrom\s)?'(\.[^']+\.ts)'/gms)]
      .map(([, path]) => join(dirname(file), path ?? ''))
      .filter((path) => existsSync(path));
  known.set(file, found);
  return found;
}
