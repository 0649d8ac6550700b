import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** What .env sets cannot be read, or not all of it. */
class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

/**
 * Puts what .env sets into the environment, where what is there already wins. One that is there and cannot be read is an
 * error: without its NODE_ENV=production the start would be another one than was asked for. Node's own --env-file stops
 * where there is no such file, and takes a byte order mark for a part of the first name.
 * @throws EnvFileError, whose message is one line and shows no secret
 */
export function loadEnvFile(path = '.env', env: NodeJS.ProcessEnv = process.env): void {
  if (!existsSync(path)) return;
  try {
    for (const [name, value] of read(path)) env[name] ??= value;
  } catch (error) {
    throw new EnvFileError(`.env: ${(error as Error).message}`);
  }
}

function read(path: string): [name: string, value: string | undefined][] {
  const bytes = readFileSync(path);
  if (bytes.includes(0)) throw new Error('is no text in UTF-8, as one that was saved as UTF-16; save it as UTF-8');
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
