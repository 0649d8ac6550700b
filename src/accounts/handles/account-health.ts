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
  /** An account that works again is reported to them as connected. The list is filled later. */
  readonly hooks: readonly IntegrationHooks[];
  readonly log: Logger;
}

/**
 * Stores the status of an integration when its provider refuses the whole account, and when the account works again,
 * whatever the request was for: a page, a sync, a watch or a send. It never throws, because the request has its own result.
 */
export class AccountHealth {
  constructor(private readonly options: AccountHealthOptions) {}

  /** `record` is the integration as it was when the session was opened. */
  async refused(record: IntegrationRecord, error: MailError): Promise<void> {
    const { code, message } = error;
    const { integrations, directory, log } = this.options;
    const [integrationId, status] = [record.id, statusAfter(code)];
    await this.guarded(integrationId, async () => {
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
    await this.guarded(integrationId, async () => {
      if ((await directory.get(integrationId))?.status !== 'ERROR') return;
      if (!(await integrations.changeHealth(record, ['ERROR'], 'CONNECTED', null))) return;
      log.info({ integrationId, provider: record.provider }, 'the account works again');
      await directory.changed(record);
      for (const hook of hooks) void this.guarded(integrationId, () => hook.connected(integrationId));
    });
  }

  private async guarded(integrationId: string, work: () => Promise<void>): Promise<void> {
    await work().catch((err: unknown) => {
      this.options.log.warn({ err, integrationId }, 'the status of an account could not be stored');
    });
  }
}
