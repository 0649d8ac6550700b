import {
  accessSync,
  constants,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseError } from './database.ts';

const held = new Set<string>();
process.on('exit', () => {
  for (const path of held) rmSync(path, { force: true });
});

/**
 * Creates the directory if it is missing, with access for its owner only. Throws DatabaseError if it cannot be written.
 */
export function openDataDirectory(path: string): void {
  try {
    makeDirectory(resolve(path));
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DatabaseError(`DATA_DIR: ${path} cannot be written (${code}); set DATA_DIR to a directory that can`);
  }
}

/**
 * Creates the directory and its parents. Node's own `recursive` never returns where a parent exists but refuses a new entry
 * with ENOENT, as /proc does.
 */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster, or the path is not a directory.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Locks the directory for this process, and returns the function that releases the lock. The lock of a dead process
 * (kill -9) is replaced. Throws DatabaseError with the id of the process if that is alive.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(resolve(directory), 'pg.lock');
  if (held.has(path)) throw inUse(directory, process.pid);
  const draft = `${path}.${process.pid}`;
  // The content is written to another file and linked, so that the lock file is never incomplete.
  writeFileSync(draft, `${process.pid} ${startedAt(process.pid) ?? ''}\n`);
  try {
    for (let tries = 0; !tryLink(draft, path); tries++) {
      const owner = readOwner(path);
      if (owner && (isAlive(owner) || tries >= 5)) throw inUse(directory, owner.pid);
      if (owner) moveAway(path, owner);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  held.add(path);
  return () => {
    if (held.delete(path)) rmSync(path, { force: true });
  };
}

interface Owner {
  readonly text: string;
  readonly pid: number;
  readonly startedAt: string | null;
}

const inUse = (directory: string, pid: number): DatabaseError =>
  new DatabaseError(
    `The data directory ${directory} is in use by process ${pid}. Stop it, or set DATA_DIR to another.`,
  );

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(path: string): Owner | null {
  try {
    const text = readFileSync(path, 'utf8');
    const [pid, startedAt] = text.trim().split(' ');
    return { text, pid: Number(pid), startedAt: startedAt || null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  // A lock with the id of this process that it does not hold is from an earlier run, for example process 1 of a
  // container.
  if (!Number.isInteger(owner.pid) || owner.pid <= 0 || owner.pid === process.pid) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const started = startedAt(owner.pid);
  return started === null || owner.startedAt === null || started === owner.startedAt;
}

/** Renames the stale lock. If another process was faster and the lock is now its own, the lock is restored. */
function moveAway(path: string, dead: Owner): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readFileSync(aside, 'utf8') !== dead.text) tryLink(aside, path);
  rmSync(aside, { force: true });
}

/**
 * Returns when a process began, in ticks of the kernel, so that a reused process id is recognised. Null if there is no
 * /proc.
 */
function startedAt(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
