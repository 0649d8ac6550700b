import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { openDataDirectory } from '../database/directory.lock.ts';
import type { Key } from './seal.ts';

/** Keys that cannot be used, in one line that names the variable. */
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

/** The configured keys; those that are not configured are generated once and kept in dataDir/keys.json, for its owner alone. */
export function openKeys(options: {
  readonly encryptionKeys: readonly Key[];
  readonly jwtSecret: string | null;
  readonly dataDir: string;
}): Keys {
  const { encryptionKeys, jwtSecret, dataDir } = options;
  if (encryptionKeys.length > 0 && jwtSecret) return { encryptionKeys, jwtSecret };
  openDataDirectory(dataDir);
  const kept = readKept(join(dataDir, 'keys.json')) ?? generate(dataDir);
  return {
    encryptionKeys: encryptionKeys.length > 0 ? encryptionKeys : kept.encryptionKeys,
    jwtSecret: jwtSecret ?? kept.jwtSecret,
  };
}

function readKept(path: string): Keys | null {
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
    linkSync(draft, path); // whole or not at all, and never over another process's keys
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const kept = readKept(path);
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
