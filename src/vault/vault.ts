import { z } from 'zod';
import { MailError } from '../domain/error.ts';
import type { Transaction } from '../platform/database/transaction.ts';
import { SealError, type Sealer } from '../platform/secrets/seal.ts';
import { SealedJsonBytes } from '../platform/secrets/sealed-json.ts';
import type { SealedSecret, SecretStore } from './secret.store.ts';

const PURPOSE = 'secret';

/** Identifies one stored version of a secret. Each write has another one, even of the same secret. */
export type SecretRevision = Uint8Array<ArrayBuffer>;

/**
 * Stores the providers' secrets sealed. The integration's id is part of the seal, so a row that is copied to another integration
 * cannot be opened. Every write uses the newest key, so an old key can be removed when all of its secrets were written again.
 */
export class Vault {
  private readonly sealed: SealedJsonBytes<z.ZodUnknown>;

  constructor(
    private readonly store: SecretStore,
    private readonly sealer: Sealer,
  ) {
    this.sealed = new SealedJsonBytes(sealer, PURPOSE, z.unknown());
  }

  /** Returns null when nothing is stored. Throws INTERNAL when the stored secret cannot be opened. */
  async get(integrationId: string): Promise<{ secret: unknown; revision: SecretRevision } | null> {
    const row = await this.store.read(integrationId);
    return row && { secret: this.open(integrationId, row), revision: row.sealed };
  }

  /** Stores a secret, which must be JSON-serialisable. */
  async put(integrationId: string, secret: unknown, tx?: Transaction): Promise<void> {
    await this.store.write(integrationId, this.seal(integrationId, secret), tx);
  }

  /** Stores a secret if `revision` is still the stored one. Returns false otherwise. */
  async replace(integrationId: string, secret: unknown, revision: SecretRevision, tx?: Transaction): Promise<boolean> {
    return this.store.replace(integrationId, revision, this.seal(integrationId, secret), tx);
  }

  /** Whether `revision` is the stored one. */
  async isCurrent(integrationId: string, revision: SecretRevision, tx?: Transaction): Promise<boolean> {
    const row = await this.store.read(integrationId, tx);
    return row !== null && Buffer.from(row.sealed).equals(revision);
  }

  async erase(integrationId: string, tx?: Transaction): Promise<void> {
    await this.store.erase(integrationId, tx);
  }

  private seal(integrationId: string, secret: unknown): SealedSecret {
    return { keyVersion: this.sealer.version, sealed: this.sealed.seal(integrationId, secret) };
  }

  private open(integrationId: string, row: SealedSecret): unknown {
    try {
      return this.sealed.open(integrationId, row.sealed);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new MailError(
        'INTERNAL',
        'The stored secret of this account cannot be opened. Disconnect the account and connect it again, or ask the operator whether an encryption key is missing.',
        { cause: error },
      );
    }
  }
}
