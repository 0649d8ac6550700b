import { MailError } from '../../domain/error.ts';

/** Why a run ends that is begun again at once: there is news, and its request hangs. */
export class RunRestarted extends Error {
  override readonly name = 'Cut';
}

/** A run under way, as long as its requests are answered. */
interface TimedRun {
  readonly signal: AbortSignal;
  /** How long one of its requests may go without an answer. */
  readonly attemptTimeoutMs: number;
  /** A page has come. */
  progressed(): void;
  over(): void;
}

/** What is tried: a key of a mailbox at a vendor. */
interface RunKey {
  readonly key: string;
  /** The vendor. */
  readonly lane: string;
  readonly address: string;
}

interface Entry extends RunKey {
  readonly cut: AbortController;
  readonly hangsAfterMs: number;
  /** When it was answered last. */
  since: number;
}

const FIRST_ATTEMPT_TIMEOUT_MS = 6_000;
const NEXT_ATTEMPT_TIMEOUT_MS = 10_000;
/** Now and then a request may take long: a vendor can be slow rather than away. */
const LONG_ATTEMPT_TIMEOUT_MS = 30_000;
const LONG_ATTEMPT_INTERVAL = 4;
/** A page of whatever requests, waiting for each other included. */
const PAGE_TIMEOUT_MS = 45_000;
/** How long a request hangs before news of its account, or of its vendor, lets it begin again; doubles with each failure. */
const HANG_TIMEOUT_MS = 2_000;

/**
 * How long runs may hang. Requests that a vendor holds on to while it is away are often never answered, so several short
 * tries find out sooner that it is back than one long one, and what shows that it is back ends those that hang.
 */
export class RunTimeouts {
  private readonly entries = new Map<string, Entry>();
  /** How long the last answers of each lane took: a vendor that is slow is given more time. */
  private readonly tookMs = new Map<string, number>();

  constructor(
    private readonly firstAttemptMs: number = FIRST_ATTEMPT_TIMEOUT_MS,
    private readonly now: () => number = Date.now,
  ) {}

  begin(tried: RunKey, failures: number): TimedRun {
    const { key, lane } = tried;
    const cut = new AbortController();
    const tooLong = () => cut.abort(new MailError('TIMEOUT', 'The mail provider did not answer in time.'));
    let pageSince = this.now();
    const entry: Entry = {
      ...tried,
      cut,
      hangsAfterMs: Math.min(HANG_TIMEOUT_MS * 2 ** failures, NEXT_ATTEMPT_TIMEOUT_MS),
      since: pageSince,
    };
    let timer = setTimeout(tooLong, PAGE_TIMEOUT_MS);
    this.entries.set(key, entry);
    return {
      signal: cut.signal,
      attemptTimeoutMs: this.attemptTimeoutMs(lane, failures),
      progressed: () => {
        this.tookMs.set(lane, this.now() - pageSince);
        pageSince = entry.since = this.now();
        clearTimeout(timer);
        timer = setTimeout(tooLong, PAGE_TIMEOUT_MS);
      },
      over: () => {
        clearTimeout(timer);
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    };
  }

  /** A request of this mailbox was answered: what of it is under way does not hang. */
  answered(lane: string, address: string): void {
    for (const entry of this.entries.values())
      if (entry.lane === lane && entry.address === address) entry.since = this.now();
  }

  /** There is news of this one: if it hangs it is begun again. */
  end(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    // Where answers take long, one that is about to come would be thrown away and asked for once more.
    const hangsAfterMs = Math.max(entry.hangsAfterMs, 2 * this.usualMs(entry.lane));
    if (this.now() - entry.since > hangsAfterMs) entry.cut.abort(new RunRestarted('there is news of it'));
  }

  /** As `end`, for all whose vendor is back. */
  endLane(lane: string): void {
    for (const [key, entry] of this.entries) if (entry.lane === lane) this.end(key);
  }

  private attemptTimeoutMs(lane: string, failures: number): number {
    if (failures % LONG_ATTEMPT_INTERVAL === LONG_ATTEMPT_INTERVAL - 1) return LONG_ATTEMPT_TIMEOUT_MS;
    const usual = failures === 0 ? this.firstAttemptMs : Math.max(this.firstAttemptMs, NEXT_ATTEMPT_TIMEOUT_MS);
    return Math.min(Math.max(usual, 2 * this.usualMs(lane)), LONG_ATTEMPT_TIMEOUT_MS);
  }

  private usualMs(lane: string): number {
    return Math.min(this.tookMs.get(lane) ?? 0, LONG_ATTEMPT_TIMEOUT_MS / 2);
  }
}
