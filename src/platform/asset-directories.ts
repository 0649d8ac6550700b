import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folders that the program reads at run time. bin/build.js copies them into dist/, so that production needs nothing
 * but dist/ and the packages. A program that runs from its sources reads them where they are created.
 */

const isBuilt = import.meta.filename.endsWith('.js');
const of = (built: string, inTree: string) => join(import.meta.dirname, isBuilt ? built : inTree);

export const MIGRATIONS_DIRECTORY = of('migrations', '../../prisma/migrations');
/** GraphiQL, which `npm run build:page` creates. */
export const PAGE_DIRECTORY = of('public', '../server/public');

/** Returns the names of the migrations in a directory, in the order in which they apply. */
export function migrationNames(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
