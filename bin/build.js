import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isCurrent, keep, Sources } from './built.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * A file says where it lies as if it had not moved; and what is read is noted.
 * @param {Sources} sources @returns {import('esbuild').Plugin}
 */
const keepPlaces = (sources) => ({
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      sources.note(path, text);
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)));
      return { contents, loader: 'ts' };
    });
  },
});

/**
 * Puts src/main.ts and all of ours that it imports into dist/, as a few files; does nothing while dist/ holds just
 * that. `npm run build` does it by itself. Rejects when a source is wrong, and has then said where.
 * Names of functions are not kept: that would cost a defineProperty for each closure that a request makes, a fifth of
 * its time. A class whose name another file has too may so be renamed; `npm run schema:check` looks at the built schema.
 */
export async function bundle(entryPoint = 'src/main.ts', outdir = 'dist') {
  const out = join(root, outdir);
  // Whatever else makes the result what it is.
  const tools = ['bin/build.js', 'bin/built.js', 'tsconfig.json', 'node_modules/esbuild/package.json'];
  const sources = new Sources(tools.map((path) => join(root, path)));
  if (isCurrent(out, entryPoint)) return;
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
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
    plugins: [keepPlaces(sources)],
    logLevel: 'error',
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const outside = imports.filter(({ external, kind }) => external && kind === 'import-statement');
  const packages = [...new Set(outside.map(({ path }) => path))];
  const unseen = Object.keys(metafile.inputs).filter((path) => !sources.has(join(root, path)));
  if (unseen.length > 0) throw new Error(`the build does not see when ${unseen.join(', ')} changes`);
  keep(out, entryPoint, outputFiles, sources, packages);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundle(...process.argv.slice(2, 4)).catch(() => process.exit(1));
}
