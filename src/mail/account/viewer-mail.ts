import type { Logger } from 'pino';
import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import { isNotFound } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import { MailAccount } from './mail-account.ts';
import type { PageMemory } from './page-reads.ts';
import { NEVER } from './reader.ts';

interface ViewerMailsOptions {
  readonly handles: AccountHandles;
  /** Milliseconds that one read of an account may take. */
  readonly deadlineMs: number;
  readonly memory: PageMemory;
}

/**
 * The mail of one user within one request, event or job. Each account is opened once, and accounts of other users are not
 * accessible.
 */
export class ViewerMail {
  private readonly opened = new Map<string, MailAccount>();

  constructor(
    private readonly viewer: Principal,
    /** Aborts when the client disconnects. */
    readonly signal: AbortSignal,
    readonly log: Logger,
    private readonly options: ViewerMailsOptions,
  ) {}

  get userId(): string {
    return this.viewer.userId;
  }

  /** All accounts except disconnected ones. */
  async all(): Promise<readonly MailAccount[]> {
    const handles = await this.options.handles.all(this.viewer);
    return handles.map((handle) => this.open(handle));
  }

  /** Null for the id of another user's account, and for an id that does not exist. */
  async find(integrationId: string): Promise<MailAccount | null> {
    const handle = await this.options.handles.find(this.viewer, integrationId);
    return handle && this.open(handle);
  }

  /** The account of a record that is already known to belong to the viewer. */
  of(integration: IntegrationRecord): MailAccount {
    return this.opened.get(integration.id) ?? this.open(this.options.handles.of(integration, this.viewer));
  }

  private open(handle: AccountHandle): MailAccount {
    const { id } = handle.integration;
    const { deadlineMs, memory } = this.options;
    const account = this.opened.get(id) ?? new MailAccount(handle, this.signal, deadlineMs, memory);
    this.opened.set(id, account);
    return account;
  }
}

/** Creates a ViewerMail for each request and event. */
export class ViewerMails {
  constructor(private readonly options: ViewerMailsOptions) {}

  of(viewer: Principal, signal: AbortSignal, log: Logger): ViewerMail {
    return new ViewerMail(viewer, signal, log, this.options);
  }

  /**
   * The accounts of a user for the submission job, which has no request and no principal. Each `find` opens the account
   * again.
   */
  ofUser(userId: string): Pick<ViewerMail, 'find'> {
    const { handles, deadlineMs, memory } = this.options;
    return {
      find: async (integrationId) => {
        const handle = await handles.internal(integrationId).catch((error: unknown) => {
          if (isNotFound(error)) return null;
          throw error;
        });
        return handle?.integration.userId === userId ? new MailAccount(handle, NEVER, deadlineMs, memory) : null;
      },
    };
  }
}
