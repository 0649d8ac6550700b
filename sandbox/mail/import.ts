import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { SandboxError } from '../error.ts';
import { parseDate } from './date.ts';
import { findHeader, type Header, parseHeaders } from './header.ts';
import type { Mail } from './mail.ts';
import { readMboxEntry, scanMbox } from './mbox.ts';
import { mailFromRaw } from './received.ts';

interface Imported {
  readonly mails: readonly Mail[];
  /** The number of files or mailbox entries that were reported and skipped. */
  readonly skipped: number;
}

const NO_MAIL = 'it is not a mail (no header that a mail has)';
const MAX_HEAD_BYTES = 256 * 1024;
/** Node reads no larger file in one piece. */
const MAX_FILE_BYTES = 2 ** 31 - 1;
/** A file without one of these is something else that happens to have colons in it. */
const MAIL_FIELDS =
  /^(from|sender|to|cc|subject|date|message-id|received|return-path|delivered-to|reply-to|mime-version|content-type)$/i;

/**
 * Imports a directory with its subdirectories, an .eml or an .mbox file as unread mail of the inbox. The bytes are read again
 * whenever they are needed. Unreadable files are reported in one line and skipped. Throws SandboxError when `path` does not exist.
 */
export function importMail(path: string, given: { now: Date; log: (line: string) => void }): Imported {
  const mails: Mail[] = [];
  let skipped = 0;
  const skip = (what: string, why: string) => {
    skipped++;
    given.log(`SANDBOX_MAIL: skipped ${what}: ${why}`);
  };
  const root = statSync(path, { throwIfNoEntry: false });
  if (!root) throw new SandboxError(`SANDBOX_MAIL: there is no file or directory ${path}`);
  const files = root.isDirectory() ? [...walk(path, new Set(), skip)] : [path];
  for (const file of files) {
    const name = root.isDirectory() ? relative(path, file).split(sep).join('/') : basename(path);
    try {
      const stats = statSync(file);
      if (!stats.isFile()) skip(name, stats.isDirectory() ? 'it is a directory' : 'it is not a file');
      else if (stats.size === 0) skip(name, 'it is empty');
      else if (isMbox(file)) importMbox(file, name, stats, given.now, mails, skip);
      else importOne(file, name, stats, given.now, mails, skip);
    } catch (error) {
      skip(name, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
    }
  }
  return { mails, skipped };
}

type Skip = (what: string, why: string) => void;

/** Files that end in .eml or .mbox, in the order of their names; links are followed once. */
function* walk(directory: string, seen: Set<string>, skip: Skip): Generator<string> {
  try {
    const real = realpathSync(directory);
    if (seen.has(real)) return;
    seen.add(real);
    const names = readdirSync(directory).sort();
    for (const name of names) {
      const path = join(directory, name);
      const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
      if (/\.eml$/i.test(name) || (/\.mbox$/i.test(name) && !isDirectory)) yield path;
      else if (isDirectory) yield* walk(path, seen, skip);
    }
  } catch (error) {
    skip(directory, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  }
}

function importOne(file: string, name: string, stats: Stats, now: Date, mails: Mail[], skip: Skip): void {
  const headers = stats.size > MAX_FILE_BYTES ? null : mailHeaders(readHead(file));
  if (!headers) {
    skip(name, stats.size > MAX_FILE_BYTES ? 'it is larger than 2 GiB' : NO_MAIL);
    return;
  }
  const receivedAt = receivedDate(headers, null, stats.mtime, now);
  mails.push(mailFromRaw(() => readAgain(() => readFileSync(file)), { key: `import:${name}`, receivedAt }));
}

function importMbox(file: string, name: string, stats: Stats, now: Date, mails: Mail[], skip: Skip): void {
  const entries = scanMbox(file);
  if (entries.length === 0) skip(name, 'it is not an mbox (no From line begins a mail)');
  entries.forEach((entry, i) => {
    const numbered = `${name}#${i + 1}`;
    const head = readMboxEntry(file, { ...entry, stop: Math.min(entry.stop, entry.start + MAX_HEAD_BYTES) });
    const headers = mailHeaders(head);
    if (!headers) {
      skip(numbered, head.length === 0 ? 'it is empty' : NO_MAIL);
      return;
    }
    const receivedAt = receivedDate(headers, parseDate(entry.fromLine), stats.mtime, now);
    const raw = () => readAgain(() => readMboxEntry(file, entry));
    mails.push(mailFromRaw(raw, { key: `import:${numbered}`, receivedAt }));
  });
}

/** A file that is deleted while the sandbox runs becomes an empty mail, so that its account stays readable. */
function readAgain(read: () => Buffer): Buffer {
  try {
    return read();
  } catch {
    return Buffer.alloc(0);
  }
}

function mailHeaders(head: Buffer): readonly Header[] | null {
  const { headers } = parseHeaders(head, 0, head.length);
  return headers.some((header) => MAIL_FIELDS.test(header.name)) ? headers : null;
}

/** Returns the time of receipt according to the mail's own headers, without dates in the future. */
function receivedDate(headers: readonly Header[], fromLine: Date | null, fileTime: Date, now: Date): Date {
  const date = parseDate(findHeader(headers, 'date')?.rawValue ?? '');
  const received = parseDate(findHeader(headers, 'received')?.rawValue.split(';').at(-1) ?? '');
  const believed = [date, received, fromLine, fileTime].find((at) => at !== null && at.getTime() <= now.getTime());
  return believed ?? now;
}

/** .mbox by name; a file of another name by its first line. An .eml may begin with a From_ line and is one mail still. */
function isMbox(file: string): boolean {
  if (/\.eml$/i.test(file)) return false;
  return /\.mbox$/i.test(file) || readHead(file).subarray(0, 5).toString('latin1') === 'From ';
}

function readHead(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(MAX_HEAD_BYTES);
    return bytes.subarray(0, readSync(file, bytes, 0, MAX_HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
