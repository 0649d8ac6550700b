import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUT = 'dist/bench';

const known = new Map<string, Promise<string>>();
let last: Promise<unknown> = Promise.resolve();

/** Builds a module as `npm start` builds the gateway. Returns its path below the root. */
export function built(module: string): Promise<string> {
  const found = known.get(module);
  if (found) return found;
  // Builds run one after the other, because they share files, and a starting process must not read half of one.
  const building = last.then(async () => {
    await promisify(execFile)(process.execPath, ['bin/build.js', OUT, module], { cwd: ROOT });
    return `${OUT}/${basename(module, '.ts')}.js`;
  });
  last = building;
  known.set(module, building);
  return building;
}
