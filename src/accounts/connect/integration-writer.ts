import type { Logger } from 'pino';
import type { Transaction } from '../../platform/database/transaction.ts';
import type { Access, Exchanged } from '../../providers/contract/connect.ts';
import type { Vault } from '../../vault/vault.ts';
import { credentialOf } from '../integrations/credential.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import type { IntegrationHooks } from '../integrations/integration.hooks.ts';
import type { IntegrationStore } from '../integrations/integration.store.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';

interface IntegrationWriterOptions {
  readonly vault: Vault;
  readonly integrations: IntegrationStore;
  readonly directory: IntegrationDirectory;
  readonly hooks: readonly IntegrationHooks[];
  readonly log: Logger;
}

export interface ConnectedAccountInput {
  readonly userId: string;
  readonly provider: string;
  /** A ConnectMethod.method. */
  readonly method: string;
  readonly access: Access;
}

/** Stores a connected account, for every method: the integration and its sealed secret together. Then it calls the hooks. */
export class IntegrationWriter {
  constructor(private readonly options: IntegrationWriterOptions) {}

  /** `alongside` runs in the same transaction. When it throws, nothing is stored. */
  async saveIntegration(
    { userId, provider, method, access }: ConnectedAccountInput,
    exchanged: Exchanged<unknown>,
    alongside?: (record: IntegrationRecord, tx: Transaction) => Promise<void>,
  ): Promise<IntegrationRecord> {
    const { vault, integrations, directory, hooks, log } = this.options;
    const { address, scopes } = exchanged;
    const record = await integrations.transaction(async (tx) => {
      const row = await integrations.connect({ userId, provider, address, access, scopes }, tx);
      await vault.put(row.id, credentialOf(exchanged, method, new Date()), tx);
      await alongside?.(row, tx);
      return row;
    });
    await directory.changed(record);
    for (const hook of hooks) {
      await hook.connected(record.id).catch((err: unknown) => {
        log.error({ err, integrationId: record.id }, 'the work after connecting an account failed');
      });
    }
    return record;
  }
}
