import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file of any size that grows piece by piece. It is on disk rather than in memory, and is removed when the emulator closes. */
export interface SpoolFile {
  readonly size: number;
  append(piece: Uint8Array): void;
  read(): Buffer;
  remove(): void;
}

/** The directory of uploaded files, which is created for the first of them. */
export class Spool {
  #directory: string | null = null;
  #files = 0;

  file(): SpoolFile {
    this.#directory ??= mkdtempSync(join(tmpdir(), 'sandbox-uploads-'));
    const path = join(this.#directory, String(++this.#files));
    let size = 0;
    return {
      get size() {
        return size;
      },
      append(piece) {
        const handle = openSync(path, 'a');
        try {
          size += writeSync(handle, piece);
        } finally {
          closeSync(handle);
        }
      },
      read: () => (size === 0 ? Buffer.alloc(0) : readFileSync(path)),
      remove: () => rmSync(path, { force: true }),
    };
  }

  close(): void {
    if (this.#directory !== null) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = null;
  }
}
