import type { Logger } from 'pino';
import { MailError, noSuchIntegration } from '../../domain/error.ts';
import { timeLimited } from '../../platform/abort.ts';
import { findProvider } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { Vault } from '../../vault/vault.ts';
import { type Credential, methodOf, parseCredential } from './credential.ts';
import type { IntegrationDirectory } from './integration.directory.ts';
import type { IntegrationHooks } from './integration.hooks.ts';
import type { IntegrationStore } from './integration.store.ts';
import type { IntegrationRecord } from './integration.ts';

/** A person waits for both together, so they are short even when the provider hangs. */
const REVOKE_TIMEOUT_MS = 6_000;
const HOOK_TIMEOUT_MS = 4_000;

interface DisconnectOptions {
  readonly providers: readonly Provider[];
  readonly vault: Vault;
  readonly integrations: IntegrationStore;
  readonly directory: IntegrationDirectory;
  readonly hooks: readonly IntegrationHooks[];
  readonly log: Logger;
}

export class DisconnectService {
  constructor(private readonly options: DisconnectOptions) {}

  /**
   * Deletes the secret and the position in the provider's history in any case, and revokes the grant at the provider when no other integration uses the mailbox. Returns
   * what the user still has to do at the provider, in words, or null. Throws NOT_FOUND.
   */
  async disconnect(userId: string, integrationId: string): Promise<string | null> {
    const { directory, hooks, integrations, vault, log } = this.options;
    const record = await directory.find(userId, integrationId);
    if (!record) {
      throw noSuchIntegration({ field: ['input', 'integration'] });
    }
    for (const hook of hooks) {
      await timeLimited(hook.disconnecting(integrationId), HOOK_TIMEOUT_MS, tookTooLong).catch((err: unknown) => {
        log.warn({ err, integrationId }, 'the work before disconnecting an account failed');
      });
    }
    // The secret may have rotated until now, so it is read last. One that does not open is deleted without being revoked.
    const stored = await vault.get(integrationId).catch(() => null);
    const problem = {
      code: 'RECONNECT_REQUIRED' as const,
      message: 'You disconnected this account. Connect it again to use it.',
    };
    await integrations.transaction(async (tx) => {
      await integrations.changeStatus(
        integrationId,
        ['CONNECTED', 'RECONNECT_REQUIRED', 'ERROR'],
        'DISCONNECTED',
        problem,
        tx,
      );
      await integrations.forgetSync(integrationId, tx);
      await vault.erase(integrationId, tx);
    });
    await directory.changed(record);
    return stored ? this.revoke(record, parseCredential(stored.secret)) : null;
  }

  private async revoke(record: IntegrationRecord, credential: Credential): Promise<string | null> {
    const provider = findProvider(this.options.providers, record.provider);
    // The provider has one grant of the mailbox for this gateway, so another integration of the mailbox would lose it too.
    if (!provider?.configured || (await this.options.integrations.isShared(record))) return null;
    const method = methodOf(provider, credential);
    if (!method) return null;
    if (!method.revoke) return method.revokeAdvice;
    try {
      await method.revoke(credential.secret, AbortSignal.timeout(REVOKE_TIMEOUT_MS));
      return null;
    } catch (err) {
      this.options.log.warn({ err, integrationId: record.id }, 'a grant could not be revoked at the provider');
      return `The grant could not be revoked at ${provider.name}. ${method.revokeAdvice}`;
    }
  }
}

const tookTooLong = (): MailError => new MailError('TIMEOUT', 'It took too long.');
