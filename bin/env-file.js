import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/**
 * Puts what .env sets into the environment, where what is there already wins. One that is there and cannot be taken ends
 * the process with one line: without its NODE_ENV=production the start would be another one than was asked for.
 */
export function loadEnvFile() {
  if (!existsSync('.env')) return;
  try {
    for (const [name, value] of read()) process.env[name] ??= value;
  } catch (error) {
    process.stderr.write(`.env: ${error.message}\n`);
    process.exit(1);
  }
}

function read() {
  const bytes = readFileSync('.env');
  if (bytes.includes(0)) throw new Error('is no text in UTF-8, as one that was saved as UTF-16; save it as UTF-8');
  // Some editors begin a file with a byte order mark, which would be a part of the first name.
  const text = bytes.toString().replace(/^\uFEFF/, '');
  // Node reads a comment that has a blank before it as a name.
  const set = Object.entries(parseEnv(text)).filter(([name]) => !name.startsWith('#'));
  const isWritten = /^[^\S\n]*[^#\s]/m.test(text);
  // Neither line nor name is shown: both may hold a secret.
  if ((isWritten && set.length === 0) || !set.every(([name]) => /^[\w.-]+$/.test(name))) {
    throw new Error('a line of it sets nothing; each is NAME=value');
  }
  return set;
}
