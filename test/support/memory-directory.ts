import { accessSync, constants, statfsSync } from 'node:fs';

const SHARED_MEMORY = '/dev/shm';
/** More than all databases and uploads of a run take together. */
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/**
 * Before the workers start: their temporary directories are in memory where the system has room there. Each app has a database of
 * hundreds of files, which a disk takes as long to delete as the app to start.
 */
export default function memoryDirectory(): void {
  if (process.env.TMPDIR !== undefined) return;
  try {
    accessSync(SHARED_MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(SHARED_MEMORY);
    if (bavail * bsize >= MIN_FREE_BYTES) process.env.TMPDIR = SHARED_MEMORY;
  } catch {
    // Not every system has it.
  }
}
