import { MailError } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { AccountHandle } from './account-handle.ts';
import type { MailSessions } from './mail-sessions.ts';

/** Makes the handles, which are the only way from the rooms above to the mail of an account. */
export class AccountHandles {
  constructor(
    private readonly directory: Pick<IntegrationDirectory, 'forUser' | 'find' | 'get'>,
    private readonly sessions: Pick<MailSessions, 'get' | 'capabilities'>,
  ) {}

  /**
   * Makes the handle of an integration that belongs to the principal. A principal with fewer rights than the owner of the
   * account would get a restricted handle here and nowhere else. There is no such principal yet.
   */
  of(integration: IntegrationRecord, _principal: Principal): AccountHandle {
    return this.handle(integration);
  }

  /** Returns the principal's accounts without the disconnected ones, in the order in which they were first connected. */
  async all(principal: Principal): Promise<readonly AccountHandle[]> {
    const integrations = await this.directory.forUser(principal.userId);
    return integrations.map((integration) => this.of(integration, principal));
  }

  /** Returns null for an account of another user, as for one that does not exist. */
  async find(principal: Principal, integrationId: string): Promise<AccountHandle | null> {
    const integration = await this.directory.find(principal.userId, integrationId);
    return integration && this.of(integration, principal);
  }

  /**
   * Makes a handle for the gateway's own work: a sync, a watch, a scheduled send. Never call it with an id from a client.
   * Throws NOT_FOUND.
   */
  async internal(integrationId: string): Promise<AccountHandle> {
    const integration = await this.directory.get(integrationId);
    if (!integration) throw new MailError('NOT_FOUND', 'There is no such integration.');
    return this.handle(integration);
  }

  private handle(integration: IntegrationRecord): AccountHandle {
    const { sessions } = this;
    return {
      integration,
      get capabilities() {
        return sessions.capabilities(integration);
      },
      session: () => sessions.get(integration.id),
    };
  }
}
