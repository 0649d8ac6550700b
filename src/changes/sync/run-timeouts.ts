import { MailError } from '../../domain/error.ts';

/** Ends a run that is restarted at once, because its request hangs and there is news of the account. */
export class RunRestarted extends Error {
  override readonly name = 'RunRestarted';
}

/** A running sync, whose signal aborts when its requests hang. */
interface TimedRun {
  readonly signal: AbortSignal;
  /** How long each of its requests may take. */
  readonly attemptTimeoutMs: number;
  /** Reports that a page was read. */
  progressed(): void;
  /** Ends the timeouts of the run. */
  end(): void;
}

/** What a run synchronises. */
interface RunKey {
  readonly key: string;
  /** The id of the provider. */
  readonly lane: string;
  readonly address: string;
}

interface Entry extends RunKey {
  readonly controller: AbortController;
  readonly hangsAfterMs: number;
  /** When a request of its mailbox was last answered. */
  answeredAt: number;
}

const FIRST_ATTEMPT_TIMEOUT_MS = 6_000;
const NEXT_ATTEMPT_TIMEOUT_MS = 10_000;
/** Every few attempts a request may take longer, because the vendor may be slow rather than unavailable. */
const LONG_ATTEMPT_TIMEOUT_MS = 30_000;
const LONG_ATTEMPT_INTERVAL = 4;
/** The time for one page, with all its requests and the waits between them. */
const PAGE_TIMEOUT_MS = 45_000;
/**
 * A request that has taken longer than this is restarted when there is news of its account or vendor. It doubles with each
 * failure.
 */
const HANG_TIMEOUT_MS = 2_000;

/**
 * Limits how long runs may hang. Requests to an unavailable vendor are often never answered, so several short attempts notice
 * its return sooner than a long one. A sign that the vendor is back restarts the runs that hang.
 */
export class RunTimeouts {
  private readonly entries = new Map<string, Entry>();
  /** How long the last page of each lane took, so that a slow vendor gets more time. */
  private readonly tookMs = new Map<string, number>();

  constructor(
    private readonly firstAttemptMs: number = FIRST_ATTEMPT_TIMEOUT_MS,
    private readonly now: () => number = Date.now,
  ) {}

  begin(runKey: RunKey, failures: number): TimedRun {
    const { key, lane } = runKey;
    const controller = new AbortController();
    const tooLong = () => controller.abort(new MailError('TIMEOUT', 'The mail provider did not answer in time.'));
    let pageSince = this.now();
    const entry: Entry = {
      ...runKey,
      controller,
      hangsAfterMs: Math.min(HANG_TIMEOUT_MS * 2 ** failures, NEXT_ATTEMPT_TIMEOUT_MS),
      answeredAt: pageSince,
    };
    let timer = setTimeout(tooLong, PAGE_TIMEOUT_MS);
    this.entries.set(key, entry);
    return {
      signal: controller.signal,
      attemptTimeoutMs: this.attemptTimeoutMs(lane, failures),
      progressed: () => {
        this.tookMs.set(lane, this.now() - pageSince);
        pageSince = entry.answeredAt = this.now();
        clearTimeout(timer);
        timer = setTimeout(tooLong, PAGE_TIMEOUT_MS);
      },
      end: () => {
        clearTimeout(timer);
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    };
  }

  /** Reports that a request of this mailbox was answered, so its run does not hang. */
  answered(lane: string, address: string): void {
    for (const entry of this.entries.values())
      if (entry.lane === lane && entry.address === address) entry.answeredAt = this.now();
  }

  /** Restarts the run of this key if it hangs, because there is news of it. */
  restartIfHanging(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    // With a slow vendor an answer that is about to arrive must not be thrown away.
    const hangsAfterMs = Math.max(entry.hangsAfterMs, 2 * this.usualMs(entry.lane));
    if (this.now() - entry.answeredAt > hangsAfterMs)
      entry.controller.abort(new RunRestarted('there is news of the account'));
  }

  /** Restarts the hanging runs of the lane, because its vendor is available again. */
  restartLane(lane: string): void {
    for (const [key, entry] of this.entries) if (entry.lane === lane) this.restartIfHanging(key);
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
