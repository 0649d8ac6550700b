import * as module from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { loadEnvFile } from './env-file.ts';

/**
 * What must be so before the packages load: some of them read NODE_ENV as they do. A test has its environment alone.
 * @throws EnvFileError
 */
export function prepareRuntime(): void {
  // What V8 waits for since Node 22 before it optimises a function of PGlite or Prisma. Node 20 waits for a seventh of
  // that: a third of the processor time of a start went to code that hardly runs again.
  setFlagsFromString('--wasm-tiering-budget=13000000');
  if (process.env.NODE_ENV === 'test') return;
  loadEnvFile();
  // Node 22 and later: what was compiled at one start is not compiled again at the next.
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
}
