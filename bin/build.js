import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A file says where it lies as if it had not moved. @type {import('esbuild').Plugin} */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/](src|sandbox|bench)[\\/].*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!text.includes('import.meta')) return undefined;
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * Puts src/main.ts and all of ours that it imports into dist/, as a few files. `npm run build` does it by itself.
 * Names of functions are not kept: that would cost a defineProperty for each closure that a request makes, a fifth of
 * its time. A class whose name another file has too may so be renamed; `npm run schema:check` looks at the built schema.
 */
export const bundle = (entryPoint = 'src/main.ts', outdir = 'dist') =>
  build({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    plugins: [keepPlaces],
    logLevel: 'error',
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(...process.argv.slice(2, 4));
