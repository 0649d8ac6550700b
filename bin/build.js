import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MIN_STALE_MS = 3_600_000;

/** The folders that the program reads, by what they are called beside it (src/platform/asset-directories.ts). */
const ASSETS = { migrations: 'prisma/migrations', public: 'src/server/public' };

/**
 * Names of functions are not kept: that would cost a defineProperty for each closure that a request makes, a fifth of
 * its time. A class whose name another file has too may so be renamed; `npm run schema:check` looks at the built schema.
 * @type {import('esbuild').BuildOptions}
 */
export const OPTIONS = {
  absWorkingDir: root,
  entryPoints: ['src/main.ts', 'src/invite.command.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'error',
};

/** @param {string} outdir below the root */
export function copyAssets(outdir) {
  for (const [name, place] of Object.entries(ASSETS)) {
    const [from, to] = [join(root, place), join(root, outdir, name)];
    // The page is made by `npm run build:page`, and the gateway runs without it.
    if (!existsSync(from)) continue;
    cpSync(from, to, { recursive: true });
    // A migration of another branch, which an earlier build left there, would be applied.
    for (const old of readdirSync(to)) if (!existsSync(join(from, old))) rmSync(join(to, old), { recursive: true });
  }
}

/**
 * `npm run build` puts the programs and all of ours that they import into dist/, as a few files. With arguments it does
 * the same for another folder and one entry point.
 */
async function main(outdir = OPTIONS.outdir, entryPoint) {
  const entryPoints = entryPoint ? [entryPoint] : OPTIONS.entryPoints;
  const { outputFiles } = await build({ ...OPTIONS, entryPoints, outdir, write: false });
  copyAssets(outdir);
  // Each file is there whole or not at all, and the entry points after what they name: another start may be reading.
  const isEntry = ({ path }) => Number(!/-[A-Z\d]{8}\.js(\.map)?$/.test(path));
  for (const { path, contents } of outputFiles.sort((a, b) => isEntry(a) - isEntry(b))) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
  removeStale(join(root, outdir), new Set(outputFiles.map(({ path }) => path)));
}

/** What earlier builds left. Not at once: a process that was started from it may still be loading. */
function removeStale(directory, built) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isFile() && !built.has(path) && Date.now() - statSync(path).mtimeMs > MIN_STALE_MS)
      rmSync(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // esbuild has said where.
  await main(...process.argv.slice(2, 4)).catch(() => process.exit(1));
}
