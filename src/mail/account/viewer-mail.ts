import type { Logger } from 'pino';
import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import { isNotFound } from '../../domain/error.ts';
import { MailAccount } from './mail-account.ts';
import type { PageMemory } from './page-reads.ts';
import { NEVER } from './reader.ts';

/** Who asks, with everything that decides which accounts are reached and what may be done with them. */
export type Viewer = Parameters<AccountHandles['find']>[0];

interface ViewerMailsOptions {
  readonly handles: AccountHandles;
  /** How long one read of an account may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly memory: PageMemory;
}

/** One user's mail within one request (or one event, or one job): each account is opened once, and nobody else's can be reached. */
export class ViewerMail {
  private readonly opened = new Map<string, MailAccount>();

  constructor(
    private readonly viewer: Viewer,
    /** Aborts when the client goes away. */
    readonly signal: AbortSignal,
    readonly log: Logger,
    private readonly options: ViewerMailsOptions,
  ) {}

  get userId(): string {
    return this.viewer.userId;
  }

  /** Without those that were disconnected. */
  async all(): Promise<readonly MailAccount[]> {
    const handles = await this.options.handles.all(this.viewer);
    return handles.map((handle) => this.open(handle));
  }

  /** Null for an id of somebody else's, as for one that does not exist. */
  async find(integrationId: string): Promise<MailAccount | null> {
    const handle = await this.options.handles.find(this.viewer, integrationId);
    return handle && this.open(handle);
  }

  /** The account of a record that was already found to be the viewer's. */
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

/** Makes a ViewerMail for each request and event. */
export class ViewerMails {
  constructor(private readonly options: ViewerMailsOptions) {}

  of(viewer: Viewer, signal: AbortSignal, log: Logger): ViewerMail {
    return new ViewerMail(viewer, signal, log, this.options);
  }

  /** A user's account where nobody asks: for what is written later. It is opened again with each call. Null as in `find`. */
  async owned(userId: string, integrationId: string): Promise<MailAccount | null> {
    const { handles, deadlineMs, memory } = this.options;
    const handle = await handles.internal(integrationId).catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });
    return handle?.integration.userId === userId ? new MailAccount(handle, NEVER, deadlineMs, memory) : null;
  }
}
