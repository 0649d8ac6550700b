import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { Identity, MailSession } from '../../providers/contract/mail-session.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import { DraftLoader } from './draft.loader.ts';
import { MailboxLoader } from './mailbox.loader.ts';
import { MessageLoader } from './message.loader.ts';
import { type PageMemory, PageReads, ScanPool } from './page-reads.ts';
import { NEVER, type Reader, runWithin, type Work } from './reader.ts';
import { ThreadLoader } from './thread.loader.ts';

/** How long a change may take, in milliseconds, and how much longer for each of many in one go. */
const WRITE_TIMEOUT_MS = 60_000;
const PER_ITEM_TIMEOUT_MS = 200;
const MAX_INTERACTIVE_ITEMS = 100;
/**
 * Of many that go in several requests one may go unanswered: it is begun again after this long, in milliseconds, and given
 * up after `CHANGE_TIMEOUT_MS`. The person who waits is then told which were changed while they still look.
 */
const RESTART_TIMEOUT_MS = 5_000;
const CHANGE_TIMEOUT_MS = 20_000;

/** One account within one request: its session is opened once, and what is read of it is read once. */
export class MailAccount {
  readonly messages: MessageLoader;
  readonly threads: ThreadLoader;
  readonly mailboxes: MailboxLoader;
  readonly drafts: DraftLoader;
  /** What lists have read. */
  readonly pages = new PageReads();
  /** What its searches share of the scan budget. */
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

  /** What it can do; asks nobody. */
  get capabilities(): Capabilities {
    return this.handle.capabilities;
  }

  /** Throws RECONNECT_REQUIRED or NOT_FOUND; asks no provider. */
  session(): Promise<MailSession> {
    this.opened ??= this.handle.session();
    return this.opened;
  }

  /** The addresses that it may send from. */
  identities(): Promise<readonly Identity[]> {
    this.identifying ??= this.read((session, call) => session.identities(call));
    return this.identifying;
  }

  readonly read: Reader = (work) => this.run(work, this.signal, this.deadlineMs);

  /** As `read`, for what changes something: once begun it is finished, though the client goes away. */
  readonly write: Reader = (work) => this.change(work, WRITE_TIMEOUT_MS, 'interactive');

  /** As `write`, for `count` items in one go. So many that they may use up the account's quota let others go first, and wait for more. */
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

  /** After a change: what is read from now on must show it. Messages stay, for a change hands in those that it has changed. */
  private forget(): void {
    this.memory.forget(this.id);
    this.pages.clear();
    this.threads.forget();
    this.drafts.forget();
    this.mailboxes.forget();
  }

  private async run<T>(work: Work<T>, signal: AbortSignal, ms: number, priority: Call['priority'] = 'interactive') {
    const session = await this.session();
    return runWithin(session, this.integration.address, work, { signal, ms, priority });
  }
}
