import type { Logger } from 'pino';
import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { CacheUse } from '../../cache/cached-session.ts';
import type { Cache } from '../../cache/open.ts';
import type { ReadRecorder } from '../../domain/dated-read.ts';
import { isNotFound } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Meter } from '../../providers/contract/call.ts';
import { MailAccount, type Written } from './mail-account.ts';
import type { PageMemory } from './page-memory.ts';
import { NEVER } from './reader.ts';

interface ViewerMailsOptions {
  readonly handles: AccountHandles;
  /** Milliseconds that one read of an account may take. */
  readonly deadlineMs: number;
  readonly memory: PageMemory;
  /** Absent: every read asks the provider. */
  readonly cache?: Pick<Cache, 'session'> | undefined;
  /** Called after each write to an account. */
  readonly written?: Written | undefined;
}

/** How the mail of one request, event or job is read. */
interface ReadingOptions {
  /** Returns what counts the cost of an account, by the id of its integration, or null when nobody asks for the cost. */
  readonly meterOf: (integrationId: string) => Meter | null;
  readonly use: CacheUse;
  /** Notes what is read. Null: nobody does. */
  readonly recorder: ReadRecorder | null;
}

const UNRECORDED: ReadingOptions = { meterOf: () => null, use: 'reuse', recorder: null };

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
    private readonly reading: ReadingOptions,
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
    // Nothing of an account dates that there is none.
    if (!handle) this.reading.recorder?.undated('an account that does not exist');
    return handle && this.open(handle);
  }

  /** The account of a record that is already known to belong to the viewer. */
  of(integration: IntegrationRecord): MailAccount {
    return this.opened.get(integration.id) ?? this.open(this.options.handles.of(integration, this.viewer));
  }

  private open(handle: AccountHandle): MailAccount {
    const { id } = handle.integration;
    const account = this.opened.get(id) ?? openAccount(handle, this.signal, this.options, this.reading);
    this.opened.set(id, account);
    return account;
  }
}

/** Creates a ViewerMail for each request and event. */
export class ViewerMails {
  constructor(private readonly options: ViewerMailsOptions) {}

  of(viewer: Principal, signal: AbortSignal, log: Logger, reading: ReadingOptions = UNRECORDED): ViewerMail {
    return new ViewerMail(viewer, signal, log, this.options, reading);
  }

  /**
   * The accounts of a user for the submission job, which has no request and no principal. Each `find` opens the account
   * again, and reads what the provider answers now.
   */
  ofUser(userId: string): Pick<ViewerMail, 'find'> {
    return {
      find: async (integrationId) => {
        const handle = await this.options.handles.internal(integrationId).catch((error: unknown) => {
          if (isNotFound(error)) return null;
          throw error;
        });
        if (handle?.integration.userId !== userId) return null;
        return openAccount(handle, NEVER, this.options, { ...UNRECORDED, use: 'through' });
      },
    };
  }
}

function openAccount(
  handle: AccountHandle,
  signal: AbortSignal,
  { deadlineMs, memory, cache, written }: ViewerMailsOptions,
  { meterOf, use, recorder }: ReadingOptions,
): MailAccount {
  const session = (noting: ReadRecorder | null) => {
    if (cache) return cache.session(handle, use, noting);
    noting?.undated('mail that nothing dates');
    return handle.session();
  };
  const source = { session, isReused: use === 'reuse', recorder, written };
  return new MailAccount(handle, signal, deadlineMs, memory, meterOf(handle.integration.id), source);
}
