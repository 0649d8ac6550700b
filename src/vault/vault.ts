import { MailError } from '../domain/error.ts';
import { SealError, type Sealer } from '../platform/secrets/seal.ts';
import type { SealedSecret, SecretStore, Transaction } from './secret.store.ts';

const PURPOSE = 'secret';

/** Which writing of a secret was read: no two writings have the same, even of the same secret. */
export type SecretRevision = Uint8Array<ArrayBuffer>;

/**
 * The providers' secrets, sealed: the integration's id is part of the seal, so a row copied to another integration does
 * not open. Every write seals with the newest key, so an old key can go once all its secrets were written again.
 */
export class Vault {
  constructor(
    private readonly store: SecretStore,
    private readonly sealer: Sealer,
  ) {}

  /** Null when nothing is stored. Throws INTERNAL when what is stored does not open. */
  async get(integrationId: string): Promise<{ secret: unknown; revision: SecretRevision } | null> {
    const row = await this.store.read(integrationId);
    return row && { secret: this.open(integrationId, row), revision: row.sealed };
  }

  /** `secret` is JSON. */
  async put(integrationId: string, secret: unknown, tx?: Transaction): Promise<void> {
    await this.store.write(integrationId, this.seal(integrationId, secret), tx);
  }

  /** Puts only when `revision` is still what is stored; false otherwise. */
  async replace(integrationId: string, secret: unknown, revision: SecretRevision, tx?: Transaction): Promise<boolean> {
    return this.store.replace(integrationId, revision, this.seal(integrationId, secret), tx);
  }

  /** Whether `revision` is what is stored. */
  async isCurrent(integrationId: string, revision: SecretRevision, tx?: Transaction): Promise<boolean> {
    const row = await this.store.read(integrationId, tx);
    return row !== null && Buffer.from(row.sealed).equals(revision);
  }

  async erase(integrationId: string, tx?: Transaction): Promise<void> {
    await this.store.erase(integrationId, tx);
  }

  private seal(integrationId: string, secret: unknown): SealedSecret {
    const sealed = this.sealer.seal(PURPOSE, integrationId, Buffer.from(JSON.stringify(secret)));
    return { keyVersion: this.sealer.version, sealed };
  }

  private open(integrationId: string, row: SealedSecret): unknown {
    try {
      return JSON.parse(Buffer.from(this.sealer.open(PURPOSE, integrationId, row.sealed)).toString());
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new MailError(
        'INTERNAL',
        'The stored secret of this account does not open. Disconnect the account and connect it again, or ask the operator whether an encryption key is missing.',
        { cause: error },
      );
    }
  }
}
