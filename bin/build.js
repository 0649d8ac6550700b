import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MIN_STALE_MS = 3_600_000;

/** The folders that the program reads, by their names in dist/ (src/platform/asset-directories.ts). */
const ASSETS = { migrations: 'prisma/migrations', public: 'src/server/public' };

/**
 * Names of functions are not kept, because that would cost a defineProperty for each closure that a request creates, a
 * fifth of its time. Therefore a class may be renamed if another file has a class of the same name. `npm run
 * schema:check` checks the built schema.
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
  for (const [name, source] of Object.entries(ASSETS)) {
    const [from, to] = [join(root, source), join(root, outdir, name)];
    // `npm run build:page` creates the page, and the gateway runs without it.
    if (!existsSync(from)) continue;
    cpSync(from, to, { recursive: true });
    // Removes migrations of other branches from an earlier build, which would be applied.
    for (const old of readdirSync(to)) if (!existsSync(join(from, old))) rmSync(join(to, old), { recursive: true });
  }
}

/**
 * `npm run build` bundles the programs and every file of ours that they import into a few files in dist/. With
 * arguments it does the same for another folder and one entry point.
 */
async function main(outdir = OPTIONS.outdir, entryPoint) {
  const entryPoints = entryPoint ? [entryPoint] : OPTIONS.entryPoints;
  const { outputFiles } = await build({ ...OPTIONS, entryPoints, outdir, write: false });
  copyAssets(outdir);
  // Each file is replaced atomically, and the entry points are written after the files that they import, because
  // another process may be starting from them.
  const isEntry = ({ path }) => Number(!/-[A-Z\d]{8}\.js(\.map)?$/.test(path));
  for (const { path, contents } of outputFiles.sort((a, b) => isEntry(a) - isEntry(b))) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
  removeStale(join(root, outdir), new Set(outputFiles.map(({ path }) => path)));
}

/**
 * Removes the files of earlier builds, but only old ones: a process that was started from them may still be loading.
 */
function removeStale(directory, built) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isFile() && !built.has(path) && Date.now() - statSync(path).mtimeMs > MIN_STALE_MS)
      rmSync(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // esbuild has already printed the error.
  await main(...process.argv.slice(2, 4)).catch(() => process.exit(1));
}
