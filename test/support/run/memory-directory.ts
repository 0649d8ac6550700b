import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const SHARED_MEMORY = '/dev/shm';
/** More bytes than all databases and uploads of a run need. */
const MIN_FREE_BYTES = 4 * 1024 ** 3;

/**
 * Moves the workers' temporary directories into memory before they start, where the system has room, and removes them
 * afterwards. Each app has a database of hundreds of files, and deleting them from a disk takes as long as starting the app.
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
