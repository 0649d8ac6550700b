import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The file .env cannot be read, or only in part. */
class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

/**
 * Adds the variables of .env to the environment, where existing ones take precedence. A file that exists but cannot be
 * read is an error: without its NODE_ENV=production the gateway would start in another mode than intended. `--env-file`
 * of Node is not used, because it fails if there is no such file, and reads a byte order mark as part of the first
 * name.
 * @throws EnvFileError, whose message is one line without secrets
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
  if (bytes.includes(0)) throw new Error('is not UTF-8 text (it may be UTF-16); save it as UTF-8');
  const text = bytes.toString().replace(/^\uFEFF/, '');
  // Node reads a comment after a blank as a name.
  const set = Object.entries(parseEnv(text)).filter(([name]) => !name.startsWith('#'));
  const isWritten = /^[^\S\n]*[^#\s]/m.test(text);
  // Neither the line nor the name is shown, because both may contain a secret.
  if ((isWritten && set.length === 0) || !set.every(([name]) => /^[\w.-]+$/.test(name))) {
    throw new Error('a line of it sets nothing; each is NAME=value');
  }
  return set;
}
