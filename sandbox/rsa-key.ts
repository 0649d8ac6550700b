import { generateKeyPairSync } from 'node:crypto';
import type { Keep } from './world.ts';

const made = new Map<string, string>();

/** Returns the RSA key that is kept under this name, as PEM. Generating one is slow, so all sandboxes of a process begin with the same key. */
export function rsaKey(keep: Keep, name: string): string {
  const kept = keep.get<string>(name);
  if (kept) return kept;
  const pem = made.get(name) ?? makePem();
  made.set(name, pem);
  keep.set(name, pem);
  return pem;
}

const makePem = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
