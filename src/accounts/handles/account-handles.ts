import { MailError } from '../../domain/error.ts';
import type { Principal } from '../../graphql/principal.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { AccountHandle } from './account-handle.ts';
import type { MailSessions } from './mail-sessions.ts';

/** Makes the handles by which the rooms above use accounts: the only way to an account's mail. */
export class AccountHandles {
  constructor(
    private readonly directory: Pick<IntegrationDirectory, 'forUser' | 'find' | 'get'>,
    private readonly sessions: Pick<MailSessions, 'get' | 'capabilities'>,
  ) {}

  /**
   * For an integration that was found to be the principal's. A principal who may do less than the account's owner gets a
   * handle that allows less, here and nowhere else; there is no such principal yet.
   */
  of(integration: IntegrationRecord, _principal: Principal): AccountHandle {
    return this.handle(integration);
  }

  /** The principal's accounts but those that were disconnected, in the order they were first connected. */
  async all(principal: Principal): Promise<readonly AccountHandle[]> {
    const integrations = await this.directory.forUser(principal.userId);
    return integrations.map((integration) => this.of(integration, principal));
  }

  /** Null for somebody else's, as for one that does not exist. */
  async find(principal: Principal, integrationId: string): Promise<AccountHandle | null> {
    const integration = await this.directory.find(principal.userId, integrationId);
    return integration && this.of(integration, principal);
  }

  /**
   * For the gateway's own work, which no user asks for at present: a sync, a watch, a scheduled send. Never with an id from a
   * client. Throws NOT_FOUND.
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
