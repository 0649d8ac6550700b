import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folders that are read at run time. bin/build.js copies them beside the program that it builds, so that dist/ and
 * the packages are all that production needs; what runs from its sources reads them where they are made.
 */

const isBuilt = import.meta.filename.endsWith('.js');
const of = (built: string, inTree: string) => join(import.meta.dirname, isBuilt ? built : inTree);

export const MIGRATIONS_DIRECTORY = of('migrations', '../../prisma/migrations');
/** GraphiQL; `npm run build:page` makes it. */
export const PAGE_DIRECTORY = of('public', '../server/public');

/** The names of the migrations in a directory, in the order in which they apply. */
export function migrationNames(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
