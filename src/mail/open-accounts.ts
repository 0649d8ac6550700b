import type { AccountHandle } from '../accounts/integrations/account-handle.ts';
import type { AccountHandles } from '../accounts/integrations/account-handles.ts';
import type { IntegrationRecord } from '../accounts/integrations/integration.ts';
import { isNotFound } from '../domain/error.ts';
import type { Context } from '../graphql/context.ts';
import { requirePrincipal } from '../graphql/principal.ts';
import { Account, NEVER } from './account.ts';
import type { PageMemory } from './list/page-memory.ts';

/** The viewer's accounts, each opened once in a request. Nobody else's can be reached through it. */
export class OpenAccounts {
  constructor(
    private readonly handles: AccountHandles,
    private readonly deadlineMs: number,
    private readonly memory: PageMemory,
  ) {}

  /** The account of a record that was already found to be the viewer's. */
  of(context: Context, integration: IntegrationRecord): Account {
    return this.inRequest(context, this.handles.of(integration, requirePrincipal(context)));
  }

  async all(context: Context): Promise<readonly Account[]> {
    const handles = await this.handles.all(requirePrincipal(context));
    return handles.map((handle) => this.inRequest(context, handle));
  }

  /** Null for an id of somebody else's, as for one that does not exist. */
  async find(context: Context, integrationId: string): Promise<Account | null> {
    const handle = await this.handles.find(requirePrincipal(context), integrationId);
    return handle && this.inRequest(context, handle);
  }

  /** As `find`, where there is no request: for what is written later. It is opened again with each call. */
  async owned(userId: string, integrationId: string): Promise<Account | null> {
    const handle = await this.handles.internal(integrationId).catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });
    if (handle?.integration.userId !== userId) return null;
    return new Account(handle, NEVER, this.deadlineMs, this.memory);
  }

  private inRequest(context: Context, handle: AccountHandle): Account {
    const opened = context.once(this.openedIn);
    const known = opened.get(handle.integration.id);
    if (known) return known;
    const account = new Account(handle, context.signal, this.deadlineMs, this.memory);
    opened.set(handle.integration.id, account);
    return account;
  }

  /** The key under which `context.once` keeps this request's accounts. */
  private readonly openedIn = (_context: Context): Map<string, Account> => new Map();
}
