import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { Identity, MailSession } from '../../providers/contract/mail-session.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import { DraftLoader } from './draft.loader.ts';
import { MailboxLoader } from './mailbox.loader.ts';
import { MessageLoader } from './message.loader.ts';
import { type PageMemory, PageReads, ScanPool } from './page-reads.ts';
import { NEVER, type Reader, runWithin, tooSlow, type Work } from './reader.ts';
import { ThreadLoader } from './thread.loader.ts';

/** Milliseconds that a change may take, and the additional time for each item of a bulk change. */
const WRITE_TIMEOUT_MS = 60_000;
const PER_ITEM_TIMEOUT_MS = 200;
const MAX_INTERACTIVE_ITEMS = 100;
/**
 * A bulk change is several requests to the provider, and one of them may get no answer. It is repeated after this time, in
 * milliseconds, and given up after CHANGE_TIMEOUT_MS, so that the client soon learns which items were changed.
 */
const RESTART_TIMEOUT_MS = 5_000;
const CHANGE_TIMEOUT_MS = 20_000;

/** One account within one request. Its session is opened once, and each object is read once. */
export class MailAccount {
  readonly messages: MessageLoader;
  readonly threads: ThreadLoader;
  readonly mailboxes: MailboxLoader;
  readonly drafts: DraftLoader;
  /** The pages that lists of this request read. */
  readonly pages = new PageReads();
  /** The part of the scan budget that the searches of this request share. */
  readonly scans = new ScanPool();
  private identifying: Promise<readonly Identity[]> | null = null;
  private opened: Promise<MailSession> | null = null;

  constructor(
    private readonly handle: AccountHandle,
    /** Aborts when the client disconnects. */
    private readonly signal: AbortSignal,
    readonly deadlineMs: number,
    readonly memory: PageMemory,
  ) {
    this.messages = new MessageLoader(this.read);
    this.threads = new ThreadLoader(this.read, this.messages);
    this.mailboxes = new MailboxLoader(this.read);
    this.drafts = new DraftLoader(this.read, this.messages);
  }

  get integration(): IntegrationRecord {
    return this.handle.integration;
  }

  get id(): string {
    return this.integration.id;
  }

  /** What the account supports. This makes no request. */
  get capabilities(): Capabilities {
    return this.handle.capabilities;
  }

  /** Throws RECONNECT_REQUIRED or NOT_FOUND. This makes no request to the provider. */
  session(): Promise<MailSession> {
    this.opened ??= this.handle.session();
    return this.opened;
  }

  /** The addresses that the account can send from. */
  identities(): Promise<readonly Identity[]> {
    this.identifying ??= this.read((session, call) => session.identities(call));
    return this.identifying;
  }

  readonly read: Reader = (work) => this.run(work, this.signal, this.deadlineMs);

  /** Like `read`, for changes: a change that has begun is finished even if the client disconnects. */
  readonly write: Reader = (work) => this.change(work, WRITE_TIMEOUT_MS, 'interactive');

  /**
   * Like `write`, for `count` items. A change of many items could use up the account's quota, so it gets background
   * priority and a longer time limit.
   */
  writeMany<T>(count: number, work: Work<T>): Promise<T> {
    const priority = count > MAX_INTERACTIVE_ITEMS ? 'background' : 'interactive';
    const timeouts = { attemptTimeoutMs: CHANGE_TIMEOUT_MS, beginAgainAfterMs: RESTART_TIMEOUT_MS };
    const withTimeouts: typeof work = (session, call) => work(session, { ...call, ...timeouts });
    return this.change(withTimeouts, WRITE_TIMEOUT_MS + count * PER_ITEM_TIMEOUT_MS, priority);
  }

  private async change<T>(work: Work<T>, ms: number, priority: Call['priority']): Promise<T> {
    try {
      return await this.run(work, NEVER, ms, priority);
    } finally {
      this.forget();
    }
  }

  /** Drops what was read before a change. Messages are kept, because each change replaces the messages that it has changed. */
  private forget(): void {
    this.memory.forget(this.id);
    this.pages.clear();
    this.threads.forget();
    this.drafts.forget();
    this.mailboxes.forget();
  }

  private async run<T>(work: Work<T>, signal: AbortSignal, ms: number, priority: Call['priority'] = 'interactive') {
    const session = await this.session();
    const expired = () => tooSlow(this.integration.address, ms);
    return runWithin((call) => work(session, call), { signal, ms, priority, expired });
  }
}
