import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SandboxError } from '../error.ts';

/** Values by key that survive the process. Each change appends one line of JSON. */
export interface Journal {
  /** The time when the journal was begun. */
  readonly beganAt: Date;
  /** Returns the last values that earlier processes wrote under keys with this prefix, by the rest of the key. Null: the key was removed. */
  kept(prefix: string): Map<string, unknown>;
  /** Writes before it returns, and throws the errors of the file system. Null removes the key. */
  write(entries: readonly Entry[]): void;
}
export type Entry = readonly [key: string, value: unknown];

/** A file with another format was written by an older or a newer sandbox. */
const FORMAT = 1;
const NEWLINE = 10;

interface Read {
  readonly beganAt: Date;
  /** The current line of each key. */
  readonly lines: Map<string, Buffer>;
  /** The number of lines that a later one replaced or that cannot be read. */
  readonly stale: number;
  readonly unreadable: number;
}

/**
 * Opens the journal or begins one. Lines that are not JSON are skipped and counted in the log, as is the last line of a process
 * that was killed while it wrote. A file of another format is renamed and kept. A path of null keeps everything in memory.
 * Throws SandboxError when the file can be neither read nor created.
 */
export function openJournal(path: string | null, now: Date, log: (line: string) => void): Journal {
  if (path === null) return { beganAt: now, kept: () => new Map(), write: () => undefined };
  const read = atPath(() => {
    const found = readJournal(path, log);
    if (found === null) begin(path, now, new Map());
    else if (found.stale > found.lines.size || found.unreadable > 0) begin(path, found.beganAt, found.lines);
    return found;
  });
  if (read !== null && read.unreadable > 0) log(`${path}: ${read.unreadable} lines of kept mail could not be read`);
  const lines = [...(read?.lines ?? [])];
  let isTorn = false;
  return {
    beganAt: read?.beganAt ?? now,
    kept: (prefix) =>
      new Map(
        lines
          .filter(([key]) => key.startsWith(prefix))
          .map(([key, line]) => [key.slice(prefix.length), (JSON.parse(line.toString()) as Entry)[1]]),
      ),
    write(entries) {
      const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
      // A full disk may have cut the last line short: the next one begins on a new line.
      const written = isTorn ? `\n${text}` : text;
      isTorn = true;
      appendFileSync(path, written);
      isTorn = false;
    },
  };
}

/** @throws SandboxError */
function atPath<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message } = error as Error;
    throw new SandboxError(`DATA_DIR: the sandbox's mail cannot be kept there (${message}); make room, or set another`);
  }
}

/** Writes the whole file or nothing. */
function begin(path: string, beganAt: Date, lines: ReadonlyMap<string, Buffer>): void {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.tmp`;
  const head = Buffer.from(JSON.stringify({ format: FORMAT, beganAt: beganAt.toISOString() }));
  const newline = Buffer.from('\n');
  writeFileSync(beside, Buffer.concat([head, ...lines.values()].flatMap((line) => [line, newline])), { mode: 0o600 });
  renameSync(beside, path);
}

function readJournal(path: string, log: (line: string) => void): Read | null {
  const bytes = contentOf(path);
  if (bytes === null) return null;
  const [head, ...rest] = linesOf(bytes);
  const beganAt = beginningIn(head);
  if (beganAt === null) {
    renameSync(path, `${path}.old`);
    log(
      `${path} was not written by this version of the sandbox: it is now ${path}.old, and the sandbox starts with its built-in mail`,
    );
    return null;
  }
  const lines = new Map<string, Buffer>();
  let unreadable = 0;
  for (const line of rest) {
    const key = keyIn(line);
    if (key === null) unreadable++;
    else lines.set(key, line);
  }
  return { beganAt, lines, stale: rest.length - lines.size, unreadable };
}

function contentOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    if (end > start) lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

function beginningIn(line: Buffer | undefined): Date | null {
  const head = parsed(line ?? Buffer.alloc(0)) as { format?: unknown; beganAt?: unknown } | null;
  const beganAt = new Date(String(head?.beganAt));
  return head?.format === FORMAT && !Number.isNaN(beganAt.getTime()) ? beganAt : null;
}

function keyIn(line: Buffer): string | null {
  const entry = parsed(line);
  return Array.isArray(entry) && entry.length === 2 && typeof entry[0] === 'string' ? entry[0] : null;
}

function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    return null;
  }
}
