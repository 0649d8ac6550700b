import { once } from 'node:events';
import * as module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { bundle } from './build.js';
import { packagesOf } from './built.js';
import { loadEnvFile } from './env-file.js';
import { nameSources } from './stack.js';

// `npm start`: our own files are put into dist/ first, unless it holds just them. tsx, which the tests go through,
// resolves and transforms each of some four hundred files by itself at every start.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
// What V8 waits for since Node 22 before it optimises a function of PGlite or Prisma. Node 20 waits for a seventh of
// that: a third of the processor time of a start went to code that hardly runs again.
setFlagsFromString('--wasm-tiering-budget=13000000');
// Node 22 and later.
module.enableCompileCache?.(join(root, 'node_modules/.cache/postern'));

// What the real environment has wins, as Node has it; a test has its own alone.
if (process.env.NODE_ENV !== 'test') loadEnvFile();
if (process.send) await turn();
await bundle().catch(() => process.exit(1));
nameSources(dist);
await import('../dist/main.js');
process.send?.('ready');

/** Under `npm run dev` the next process loads the packages while the one before it still runs. */
async function turn() {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  const called = once(process, 'message');
  await Promise.allSettled(packagesOf(dist).map((name) => import(name)));
  await called;
}
