import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * `npm run build:page` bundles the page and the workers of Monaco into src/server/public. The output has the same bytes
 * each time.
 */

const here = dirname(fileURLToPath(import.meta.url));
const outdir = join(here, '..', 'public');
const require = createRequire(import.meta.url);
// The packages of Monaco belong to GraphiQL, and need not be hoisted to ours.
const react = createRequire(require.resolve('graphiql/package.json'));
const monaco = createRequire(react.resolve('@graphiql/react/package.json'));

await rm(outdir, { recursive: true, force: true });
const shared = {
  bundle: true,
  minify: true,
  target: 'es2022',
  platform: 'browser',
  legalComments: 'linked',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  outdir,
} as const;

await Promise.all([
  build({
    ...shared,
    entryPoints: { app: join(here, 'app.tsx') },
    format: 'esm',
    splitting: true,
    chunkNames: 'chunk-[hash]',
    assetNames: 'asset-[hash]',
    loader: { '.ttf': 'file', '.woff': 'file', '.woff2': 'file' },
    jsx: 'automatic',
    // GraphiQL takes the names of its icons, for screen readers and tool tips, from the functions that draw them.
    keepNames: true,
    // With a second copy of graphql, one copy would not accept the schema of the other.
    alias: { graphql: dirname(require.resolve('graphql/package.json')) },
  }),
  build({
    ...shared,
    entryPoints: {
      'editor.worker': monaco.resolve('monaco-editor/esm/vs/editor/editor.worker.js'),
      'json.worker': monaco.resolve('monaco-editor/esm/vs/language/json/json.worker.js'),
      'graphql.worker': join(here, 'editor', 'graphql.worker.ts'),
    },
    format: 'iife',
    alias: { graphql: dirname(require.resolve('graphql/package.json')) },
  }),
]);

await writeFile(
  join(outdir, 'index.html'),
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Postern</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page/app.css">
<script type="module" src="/page/app.js"></script>
</head>
<body>
<div id="root" data-sandbox="false">Loading GraphiQL</div>
<noscript>This page needs JavaScript. The API itself is at /graphql.</noscript>
</body>
</html>
`,
);
