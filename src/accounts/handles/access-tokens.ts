import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isMailError, MailError, publicCode } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import { requireConfigured } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { SecretRevision, Vault } from '../../vault/vault.ts';
import {
  type Credential,
  credentialOf,
  isFresh,
  isUsable,
  methodOf,
  parseCredential,
} from '../integrations/credential.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import { requireAskable, statusAfter } from '../integrations/integration.status.ts';
import type { IntegrationStore } from '../integrations/integration.store.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import { LEASE_SECONDS, type LeaseStore, RENEW_INTERVAL_MS } from '../integrations/lease.store.ts';
import { EXCHANGE_TIMEOUT_MS, TokenExchanges } from './token-exchanges.ts';

/** The wait after a refresh that failed for now, while the old token is still valid. */
const RETRY_DELAY_MS = 30_000;
/** Longer than a refresh and a lease, so that an account recovers from an instance that died during its refresh. */
const MAX_WAIT_MS = 2 * EXCHANGE_TIMEOUT_MS + (LEASE_SECONDS + 5) * 1_000;

interface AccessTokensOptions {
  readonly vault: Vault;
  readonly lease: LeaseStore;
  readonly integrations: IntegrationStore;
  readonly directory: IntegrationDirectory;
  readonly providers: readonly Provider[];
  readonly log: Logger;
  readonly now?: () => Date;
}

/**
 * The access tokens of the providers. A token is read from memory while it is valid, then from the vault, because another
 * instance may have refreshed it, and then from the provider. There is one refresh at a time for an integration over all
 * instances.
 */
export class AccessTokens {
  private readonly cached = new Map<string, Credential>();
  private readonly running = new Map<string, Promise<Credential>>();
  private readonly exchanges = new TokenExchanges();
  private readonly now: () => Date;

  constructor(private readonly options: AccessTokensOptions) {
    this.now = options.now ?? (() => new Date());
    options.directory.onChanged((id) => {
      if (id === null) {
        this.cached.clear();
        this.running.clear();
      } else {
        this.cached.delete(id);
        this.running.delete(id);
      }
    });
  }

  /** `rejected` is a token that the provider has just refused. Throws RECONNECT_REQUIRED, or the error of the refresh. */
  async get(integrationId: string, signal: AbortSignal, rejected?: string): Promise<string> {
    for (;;) {
      const cached = this.cached.get(integrationId);
      if (cached && isFresh(cached, rejected, this.now())) return cached.accessToken;
      const joined = this.running.get(integrationId);
      // The caller's signal does not end the refresh, because other callers wait for it too.
      const { accessToken } = await abortable(joined ?? this.run(integrationId, rejected), signal);
      // A refresh that was joined may have begun before the token was rejected.
      if (!joined || accessToken !== rejected) return accessToken;
    }
  }

  /** Drops the cached token of an account that is not in use. It is read from the vault when it is needed. */
  forget(integrationId: string): void {
    this.cached.delete(integrationId);
  }

  private run(integrationId: string, rejected: string | undefined): Promise<Credential> {
    const run: Promise<Credential> = this.obtain(integrationId, rejected).then((credential) => {
      // If the integration has changed meanwhile, this is the token of a grant that was replaced.
      if (this.running.get(integrationId) === run) this.cached.set(integrationId, credential);
      return credential;
    });
    this.running.set(integrationId, run);
    const done = () => {
      if (this.running.get(integrationId) === run) this.running.delete(integrationId);
    };
    run.then(done, done);
    return run;
  }

  private async obtain(integrationId: string, rejected: string | undefined): Promise<Credential> {
    const giveUpAt = this.now().getTime() + MAX_WAIT_MS;
    for (;;) {
      const record = requireAskable(await this.options.directory.get(integrationId));
      const { credential } = await this.read(record);
      if (isFresh(credential, rejected, this.now())) return credential;
      const owner = randomUUID();
      if (await this.options.lease.take(integrationId, owner)) {
        const refreshed = await this.refresh(record, owner, rejected);
        if (refreshed) return refreshed;
      } else {
        if (isUsable(credential, rejected, this.now())) return this.withDelayedRefresh(credential);
        if (this.now().getTime() > giveUpAt) {
          throw new MailError('PROVIDER_UNAVAILABLE', `${record.address} could not be refreshed in time: try again.`);
        }
        await sleep(75 + Math.random() * 75);
      }
    }
  }

  /** Runs under the lease. Returns null when the secret was replaced meanwhile, because the account was connected again. */
  private async refresh(
    record: IntegrationRecord,
    owner: string,
    rejected: string | undefined,
  ): Promise<Credential | null> {
    const { vault, lease, integrations, log } = this.options;
    let freed = false;
    const renewal = this.renewing(record.id, owner);
    try {
      // Another instance may have refreshed before the lease was acquired.
      const { credential, revision } = await this.read(record);
      if (isFresh(credential, rejected, this.now())) return credential;
      let next: Credential;
      try {
        const provider = requireConfigured(this.options.providers, record.provider);
        const method = methodOf(provider, credential);
        if (!method) {
          const message = `${provider.name} no longer connects accounts in the way that ${record.address} was: connect it again.`;
          throw new MailError('RECONNECT_REQUIRED', message);
        }
        const refreshed = await this.exchanges.run(record.provider, record.id, (signal) =>
          method.refresh(credential.secret, signal),
        );
        next = credentialOf(refreshed, credential.method, this.now());
      } catch (error) {
        if (isMailError(error) && (error.code === 'RECONNECT_REQUIRED' || error.ofAccount)) {
          if (await this.endGrant(record, revision, error)) throw error;
          return null;
        }
        if (!isUsable(credential, rejected, this.now())) throw error;
        log.warn({ err: error, integrationId: record.id }, 'a refresh failed; the old access token stays in use');
        return this.withDelayedRefresh(credential);
      }
      // The row of the integration is locked first, as everywhere, to prevent a deadlock.
      const stored = await integrations.transaction(async (tx) => {
        await lease.free(record.id, owner, tx);
        return vault.replace(record.id, next, revision, tx);
      });
      freed = true;
      return stored ? next : null;
    } finally {
      clearInterval(renewal);
      if (!freed) {
        await lease.free(record.id, owner).catch((err: unknown) => log.warn({ err }, 'a lease could not be freed'));
      }
    }
  }

  /**
   * Renews the lease until the refresh ends. The lease is short, so that other instances soon notice when this one dies. Its
   * loss does not end the refresh: the provider's answer must be stored, and it is, unless another secret was stored since.
   */
  private renewing(integrationId: string, owner: string): NodeJS.Timeout {
    return setInterval(() => {
      this.options.lease
        .renew(integrationId, owner)
        .catch((err: unknown) => this.options.log.warn({ err, integrationId }, 'a lease was not renewed'));
    }, RENEW_INTERVAL_MS);
  }

  /** Sets the status of the integration if the refused secret is still the stored one. Returns false when it is not. */
  private async endGrant(record: IntegrationRecord, revision: SecretRevision, error: MailError): Promise<boolean> {
    const { vault, integrations, directory, log } = this.options;
    const problem = { code: publicCode(error.code), message: error.message };
    const refused = await integrations
      .transaction(async (tx) => {
        await integrations.changeStatus(record.id, ['CONNECTED', 'ERROR'], statusAfter(error.code), problem, tx);
        if (!(await vault.isCurrent(record.id, revision, tx))) throw new SecretReplaced();
        return true;
      })
      .catch((reason: unknown) => {
        if (reason instanceof SecretReplaced) return false;
        throw reason;
      });
    if (refused) {
      log.warn(
        { integrationId: record.id, provider: record.provider, code: error.code, err: error },
        'the provider refuses the grant',
      );
      await directory.changed(record);
    }
    return refused;
  }

  private async read(record: IntegrationRecord): Promise<{ credential: Credential; revision: SecretRevision }> {
    const stored = await this.options.vault.get(record.id);
    if (!stored)
      throw new MailError('RECONNECT_REQUIRED', `Nothing is stored for ${record.address}: connect it again.`);
    return { credential: parseCredential(stored.secret), revision: stored.revision };
  }

  private withDelayedRefresh(credential: Credential): Credential {
    return { ...credential, refreshAt: new Date(this.now().getTime() + RETRY_DELAY_MS) };
  }
}

/** Rolls back the transaction. */
class SecretReplaced extends Error {}
