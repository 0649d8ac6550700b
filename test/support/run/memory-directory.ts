import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const SHARED_MEMORY = '/dev/shm';
/** More than all databases and uploads of a run take together. */
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/**
 * Before the workers start: their temporary directories are in memory where the system has room there, and gone when they have
 * ended. Each app has a database of hundreds of files, which a disk takes as long to delete as the app to start.
 */
export default function memoryDirectory(): (() => void) | undefined {
  if (process.env.TMPDIR !== undefined || !hasRoom()) return undefined;
  const directory = mkdtempSync(join(SHARED_MEMORY, 'postern-tests-'));
  process.env.TMPDIR = directory;
  return () => {
    delete process.env.TMPDIR;
    rmSync(directory, { recursive: true, force: true });
  };
}

function hasRoom(): boolean {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    return bavail * bsize >= MIN_FREE_BYTES;
  } catch {
    return false; // Not every system has it.
  }
}
