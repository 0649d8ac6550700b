import type { IntegrationDirectory } from '../accounts/integrations/integration.directory.ts';
import type { IntegrationRecord } from '../accounts/integrations/integration.ts';
import type { MailSessions } from '../accounts/integrations/mail-sessions.ts';
import type { Context } from '../graphql/context.ts';
import { requirePrincipal } from '../graphql/principal.ts';
import { Account, NEVER } from './account.ts';
import type { PageMemory } from './list/page-memory.ts';

/** The viewer's accounts, each opened once in a request. Nobody else's can be reached through it. */
export class OpenAccounts {
  constructor(
    private readonly directory: IntegrationDirectory,
    private readonly sessions: MailSessions,
    private readonly deadlineMs: number,
    private readonly memory: PageMemory,
  ) {}

  /** The account of a record that was already found to be the viewer's. */
  of(context: Context, integration: IntegrationRecord): Account {
    const opened = context.once(this.inRequest);
    let account = opened.get(integration.id);
    if (!account) {
      account = new Account(integration, this.sessions, context.signal, this.deadlineMs, this.memory);
      opened.set(integration.id, account);
    }
    return account;
  }

  async all(context: Context): Promise<readonly Account[]> {
    const records = await this.directory.forUser(requirePrincipal(context).userId);
    return records.map((record) => this.of(context, record));
  }

  /** Null for an id of somebody else's, as for one that does not exist. */
  async find(context: Context, integrationId: string): Promise<Account | null> {
    const record = await this.directory.find(requirePrincipal(context).userId, integrationId);
    return record && this.of(context, record);
  }

  /** As `find`, where there is no request: for what is written later. It is opened again with each call. */
  async owned(userId: string, integrationId: string): Promise<Account | null> {
    const record = await this.directory.find(userId, integrationId);
    return record && new Account(record, this.sessions, NEVER, this.deadlineMs, this.memory);
  }

  /** The key under which `context.once` keeps this request's accounts. */
  private readonly inRequest = (_context: Context): Map<string, Account> => new Map();
}
