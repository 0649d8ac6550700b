import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Keep } from '../world.ts';

export interface KeptFile extends Keep {
  /** Writes what is not yet written. */
  close(): void;
}

const DEBOUNCE_MS = 200;
const RETRY_DELAY_MS = 2_000;

/**
 * Keeps small state in one JSON file, which is written completely a moment after a change. A path of null keeps it in memory.
 * A file that is not JSON (a damaged disk, an editor) is replaced by an empty one: what it held can be granted again.
 */
export function openKeep(path: string | null, log: (line: string) => void = () => undefined): KeptFile {
  const values = new Map<string, unknown>(Object.entries(path === null ? {} : read(path)));
  let timer: NodeJS.Timeout | null = null;

  let problem: string | null = null;
  /** A full disk must not end the process, which has the state in memory: the write is tried again. */
  const tryWrite = () => {
    timer = null;
    try {
      write();
      problem = null;
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem) log(`The sandbox's grants cannot be kept for the next start: ${message}`);
      problem = message;
      timer = setTimeout(tryWrite, RETRY_DELAY_MS).unref();
    }
  };
  const write = () => {
    if (path === null) return;
    mkdirSync(dirname(path), { recursive: true });
    const beside = `${path}.${process.pid}.tmp`;
    // The file holds refresh tokens. They are emulated, but other users of the machine should not read them either.
    writeFileSync(beside, JSON.stringify(Object.fromEntries(values)), { mode: 0o600 });
    renameSync(beside, path);
  };
  return {
    get: <T>(key: string) => structuredClone(values.get(key)) as T | undefined,
    set(key, value) {
      values.set(key, structuredClone(value));
      timer ??= setTimeout(tryWrite, DEBOUNCE_MS).unref();
    },
    close() {
      if (!timer) return;
      clearTimeout(timer);
      tryWrite();
      if (timer) clearTimeout(timer);
    },
  };
}

function read(path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
