import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { openDataDirectory } from '../database/directory.lock.ts';
import type { Key } from './seal.ts';

/** The keys cannot be used. The message is one line that names the variable. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
}

interface Keys {
  readonly encryptionKeys: readonly Key[];
  readonly jwtSecret: string;
}

const KeyFile = z.object({
  encryptionKeys: z
    .array(z.object({ version: z.number().int().positive(), key: z.base64().refine((k) => bytesOf(k).length === 32) }))
    .min(1),
  jwtSecret: z.string().min(32),
});

/** Returns the configured keys. Missing ones are generated once and stored in dataDir/keys.json, which only its owner can read. */
export function openKeys(options: {
  readonly encryptionKeys: readonly Key[];
  readonly jwtSecret: string | null;
  readonly dataDir: string;
}): Keys {
  const { encryptionKeys, jwtSecret, dataDir } = options;
  if (encryptionKeys.length > 0 && jwtSecret) return { encryptionKeys, jwtSecret };
  openDataDirectory(dataDir);
  const kept = readKeyFile(join(dataDir, 'keys.json')) ?? generate(dataDir);
  return {
    encryptionKeys: encryptionKeys.length > 0 ? encryptionKeys : kept.encryptionKeys,
    jwtSecret: jwtSecret ?? kept.jwtSecret,
  };
}

function readKeyFile(path: string): Keys | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const file = KeyFile.safeParse(parse(text));
  if (!file.success) throw new KeyError(`${path} is damaged. Restore it, or set ENCRYPTION_KEYS and JWT_SECRET.`);
  const encryptionKeys = file.data.encryptionKeys.map(({ version, key }) => ({ version, bytes: bytesOf(key) }));
  return { encryptionKeys, jwtSecret: file.data.jwtSecret };
}

function generate(dataDir: string): Keys {
  const path = join(dataDir, 'keys.json');
  const file: z.infer<typeof KeyFile> = {
    encryptionKeys: [{ version: 1, key: randomBytes(32).toString('base64') }],
    jwtSecret: randomBytes(48).toString('base64url'),
  };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  try {
    linkSync(draft, path); // This is atomic, and never replaces the keys of another process.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const kept = readKeyFile(path);
  if (!kept) throw new KeyError(`${path} could not be written.`);
  return kept;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
