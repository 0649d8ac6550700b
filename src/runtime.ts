import * as module from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { loadEnvFile } from './env-file.ts';

/**
 * Prepares the process before the packages load, because some of them read NODE_ENV while they load. A test uses only
 * its own environment.
 * @throws EnvFileError
 */
export function prepareRuntime(): void {
  // The budget after which V8 optimises a WebAssembly function of PGlite or Prisma, as Node 22 sets it. Node 20 uses a
  // seventh of it, so that a third of the processor time of a start went into code that hardly runs again.
  setFlagsFromString('--wasm-tiering-budget=13000000');
  if (process.env.NODE_ENV === 'test') return;
  loadEnvFile();
  // Node 22 and later reuse compiled code at the next start.
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
}
