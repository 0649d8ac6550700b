import type { Logger } from 'pino';
import { type MailError, publicCode } from '../../domain/error.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import type { IntegrationHooks } from '../integrations/integration.hooks.ts';
import { statusAfter } from '../integrations/integration.status.ts';
import type { IntegrationStore } from '../integrations/integration.store.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';

interface AccountHealthOptions {
  readonly integrations: Pick<IntegrationStore, 'changeHealth'>;
  readonly directory: Pick<IntegrationDirectory, 'get' | 'changed'>;
  /** An account that answers again is to them as one that was just connected. Filled after this is made. */
  readonly hooks: readonly IntegrationHooks[];
  readonly log: Logger;
}

/**
 * Writes at the integration that its whole account is refused, and that it answers again, whatever the request was for: a
 * page, a sync, a watch or a send. Neither throws: the request has an outcome of its own.
 */
export class AccountHealth {
  constructor(private readonly options: AccountHealthOptions) {}

  /** `record` is as of when the session was opened. */
  async refused(record: IntegrationRecord, error: MailError): Promise<void> {
    const { code, message } = error;
    const { integrations, directory, log } = this.options;
    const [integrationId, status] = [record.id, statusAfter(code)];
    await this.noting(integrationId, async () => {
      const present = await directory.get(integrationId);
      if (present?.status === status && present.problem?.message === message) return;
      const problem = { code: publicCode(code), message };
      if (!(await integrations.changeHealth(record, ['CONNECTED', 'ERROR'], status, problem))) return;
      log.warn({ integrationId, provider: record.provider, code, err: error }, 'the provider refuses the account');
      await directory.changed(record);
    });
  }

  async answered(record: IntegrationRecord): Promise<void> {
    const { integrations, directory, hooks, log } = this.options;
    const integrationId = record.id;
    await this.noting(integrationId, async () => {
      if ((await directory.get(integrationId))?.status !== 'ERROR') return;
      if (!(await integrations.changeHealth(record, ['ERROR'], 'CONNECTED', null))) return;
      log.info({ integrationId, provider: record.provider }, 'the account answers again');
      await directory.changed(record);
      for (const hook of hooks) void this.noting(integrationId, () => hook.connected(integrationId));
    });
  }

  private async noting(integrationId: string, work: () => Promise<void>): Promise<void> {
    await work().catch((err: unknown) => {
      this.options.log.warn({ err, integrationId }, 'the status of an account could not be stored');
    });
  }
}
