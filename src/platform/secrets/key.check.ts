import type { Database } from '../database/database.ts';
import { KeyError } from './keys.ts';
import type { Key } from './seal.ts';
import { SealError, Sealer } from './seal.ts';

const PURPOSE = 'key-check';
const KNOWN = Buffer.from('postern');

/**
 * Checks the keys against the database, which stores a known text sealed with each key in use. Throws a KeyError that names
 * ENCRYPTION_KEYS, because the gateway must not start when it cannot open the stored secrets.
 */
export async function checkKeys(db: Database, keys: readonly Key[]): Promise<void> {
  for (const key of keys) {
    const sealer = new Sealer([key]);
    const sealed = sealer.seal(PURPOSE, String(key.version), KNOWN);
    await db.prisma.keyCheck.createMany({ data: [{ version: key.version, sealed }], skipDuplicates: true });
    const row = await db.prisma.keyCheck.findUniqueOrThrow({ where: { version: key.version } });
    if (!opens(sealer, key.version, row.sealed)) {
      throw new KeyError(
        `ENCRYPTION_KEYS: key ${key.version} is not the one that this database was sealed with. ` +
          'Set the keys it was used with (without ENCRYPTION_KEYS they are in keys.json under DATA_DIR).',
      );
    }
  }
  const missing = await db.prisma.secret.groupBy({
    by: ['keyVersion'],
    where: { keyVersion: { notIn: keys.map((key) => key.version) } },
    _count: true,
  });
  if (missing.length > 0) {
    const versions = missing.map(({ keyVersion, _count }) => `${keyVersion} (${_count} secrets)`).join(', ');
    throw new KeyError(`ENCRYPTION_KEYS: this database holds secrets sealed with a key that is missing: ${versions}.`);
  }
}

function opens(sealer: Sealer, version: number, sealed: Uint8Array): boolean {
  try {
    return KNOWN.equals(sealer.open(PURPOSE, String(version), sealed));
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}
