import { accessSync, constants, mkdirSync } from 'node:fs';
import { DatabaseError } from './database.ts';

/** Creates the directory if it is missing, with access for its owner only. Throws DatabaseError when it cannot be written. */
export function openDataDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DatabaseError(`DATA_DIR: ${path} cannot be written (${code}); set DATA_DIR to a directory that can`);
  }
}
