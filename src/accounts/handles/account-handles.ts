import { noSuchIntegration } from '../../domain/error.ts';
import { EVERYTHING, type Principal } from '../../domain/principal.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { AccountHandle } from './account-handle.ts';
import type { MailSessions } from './mail-sessions.ts';

/** Makes the handles, which are the only way from the rooms above to the mail of an account. */
export class AccountHandles {
  constructor(
    private readonly directory: Pick<IntegrationDirectory, 'forUser' | 'all' | 'find' | 'get'>,
    private readonly mailSessions: Pick<MailSessions, 'get' | 'capabilities'>,
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

  /** Returns the principal's accounts with the disconnected ones, whose change logs can still be read. */
  async ofAnyStatus(principal: Principal): Promise<readonly AccountHandle[]> {
    const integrations = await this.directory.all(principal.userId);
    return integrations.map((integration) => this.of(integration, principal));
  }

  /** Returns null for an account of another user, as for one that does not exist. */
  async find(principal: Principal, integrationId: string): Promise<AccountHandle | null> {
    const integration = await this.directory.find(principal.userId, integrationId);
    return integration && this.of(integration, principal);
  }

  /**
   * Makes the handle for a signed link, which is a credential of the user for whom it was made. Returns null as `find` does.
   */
  ofLink(
    { userId, expiresAt }: Pick<Principal, 'userId' | 'expiresAt'>,
    integrationId: string,
  ): Promise<AccountHandle | null> {
    return this.find({ userId, kind: 'link', scopes: [EVERYTHING], expiresAt }, integrationId);
  }

  /**
   * Makes a handle for the gateway's own work, which has no principal: a sync, a watch, the submission job. Never call it
   * with an id from a client.
   * Throws NOT_FOUND.
   */
  async internal(integrationId: string): Promise<AccountHandle> {
    const integration = await this.directory.get(integrationId);
    if (!integration) throw noSuchIntegration();
    return this.handle(integration);
  }

  private handle(integration: IntegrationRecord): AccountHandle {
    const { mailSessions } = this;
    return {
      integration,
      sharingKey: integration.id,
      get capabilities() {
        return mailSessions.capabilities(integration);
      },
      session: () => mailSessions.get(integration.id),
    };
  }
}
