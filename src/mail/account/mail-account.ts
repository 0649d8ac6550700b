import type { AccountHandle } from '../../accounts/handles/account-handle.ts';
import type { IntegrationRecord } from '../../accounts/integrations/integration.ts';
import type { ReadRecorder } from '../../domain/dated-read.ts';
import type { Call, Meter } from '../../providers/contract/call.ts';
import type { Identity, MailSession } from '../../providers/contract/mail-session.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import { DraftLoader } from './draft.loader.ts';
import { MailboxLoader } from './mailbox.loader.ts';
import { MessageLoader } from './message.loader.ts';
import type { PageMemory } from './page-memory.ts';
import { PageReads, ScanPool } from './page-reads.ts';
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

/** Where the mail of an account comes from, and who learns that it was changed. */
interface MailSource {
  /** As `AccountHandle.session`. Notes what is read over this session. */
  readonly session: (recorder: ReadRecorder | null) => Promise<MailSession>;
  readonly isReused: boolean;
  /** See `MailAccount.recorder`. */
  readonly recorder: ReadRecorder | null;
  /** Called after each write, also after one that failed, because a part of it may be done. */
  readonly written?: Written | undefined;
}

/** Learns that the gateway has changed an account, so that the events of the change follow soon. */
export type Written = (record: IntegrationRecord) => void;

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
  /**
   * What resolvers have made of objects of this account, by that object, so that each is made once within the request. It is
   * a Map of this account and no WeakMap of the process, whose values would survive every minor collection, and with them
   * the account.
   */
  readonly views = new Map<object, object>();
  private identifying: Promise<readonly Identity[]> | null = null;
  private opened: Promise<MailSession> | null = null;

  constructor(
    private readonly handle: AccountHandle,
    /** Aborts when the client disconnects. */
    private readonly signal: AbortSignal,
    readonly deadlineMs: number,
    readonly memory: PageMemory,
    /** Counts what the operation asks of this account. Null: nobody counts. */
    private readonly meter: Meter | null = null,
    private readonly source: MailSource = { session: () => handle.session(), isReused: true, recorder: null },
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
    this.opened ??= this.source.session(this.recorder);
    return this.opened;
  }

  /** The same session, for a part of the answer that another request may show again. Its reads are noted for that part alone. */
  sessionFor(notes: ReadRecorder): Promise<MailSession> {
    return this.source.session(notes);
  }

  /** Notes what the answer shows of this account. Null: nobody keeps the answer. */
  get recorder(): ReadRecorder | null {
    return this.source.recorder;
  }

  /** The part of every call to the session that counts it. */
  get metered(): Pick<Call, 'meter'> {
    return this.meter ? { meter: this.meter } : {};
  }

  /** False where the client wants no answer that an earlier request has read. */
  get isReused(): boolean {
    return this.source.isReused;
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
    return this.change(withRestarts(work), timeoutOf(count), priorityOf(count));
  }

  /** What a change has to read of `count` items first. It has the limits of the change and changes nothing itself. */
  readForChange<T>(count: number, work: Work<T>): Promise<T> {
    return this.run(withRestarts(work), NEVER, timeoutOf(count), priorityOf(count));
  }

  private async change<T>(work: Work<T>, ms: number, priority: Call['priority']): Promise<T> {
    try {
      return await this.run(work, NEVER, ms, priority);
    } finally {
      this.forget();
      this.written();
    }
  }

  /** Reports a write that was not done through `write` or `writeMany`. */
  written(): void {
    this.source.written?.(this.integration);
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
    return runWithin((call) => work(session, { ...call, ...this.metered }), { signal, ms, priority, expired });
  }
}

const priorityOf = (count: number): Call['priority'] => (count > MAX_INTERACTIVE_ITEMS ? 'background' : 'interactive');

const timeoutOf = (count: number): number => WRITE_TIMEOUT_MS + count * PER_ITEM_TIMEOUT_MS;

const withRestarts =
  <T>(work: Work<T>): Work<T> =>
  (session, call) =>
    work(session, { ...call, attemptTimeoutMs: CHANGE_TIMEOUT_MS, beginAgainAfterMs: RESTART_TIMEOUT_MS });
