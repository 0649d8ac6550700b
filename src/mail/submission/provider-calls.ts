import { MailError } from '../../domain/error.ts';
import { sleep } from '../../platform/abort.ts';
import type { LaneSlot } from '../../platform/queue/lanes.ts';
import type { Call } from '../../providers/contract/call.ts';
import { NEVER, runWithin } from '../account/reader.ts';

/** Milliseconds that each kind of request may take. Saving a draft uploads all of its attachments. */
const TIMEOUTS_MS = { save: 30 * 60_000, send: 120_000, probe: 30_000 } as const;

/** The requests that one worker makes for a submission. They end at the worker's own time limits, and no client cancels them. */
export class ProviderCalls {
  /**
   * `waits` aborts when the process has been asked to stop: requests in progress are finished, and no wait begins or goes on.
   * `calls` aborts when that takes too long, or when the claim on the submission is lost.
   */
  constructor(
    private readonly waits: AbortSignal = NEVER,
    private readonly calls: AbortSignal = NEVER,
    /** The worker's slot in the lane of its vendor. Null for a submission whose client waits for the outcome. */
    private readonly slot: LaneSlot | null = null,
  ) {}

  get stopped(): boolean {
    return this.waits.aborted;
  }

  run<T>(kind: keyof typeof TIMEOUTS_MS, work: (call: Call) => Promise<T>): Promise<T> {
    const ms = TIMEOUTS_MS[kind];
    const expired = () => new MailError('TIMEOUT', `The provider did not answer within ${ms / 1_000} s.`);
    return runWithin(work, { signal: this.calls, ms, expired });
  }

  /** Waits without occupying the slot. Resolves with false, at once, when the process is stopping. */
  async wait(ms: number): Promise<boolean> {
    if (!this.slot) return this.sleep(ms);
    // Without a slot the work cannot go on.
    return this.slot.without(() => this.sleep(ms)).catch(() => false);
  }

  private sleep(ms: number): Promise<boolean> {
    return sleep(ms, this.waits).then(
      () => true,
      () => false,
    );
  }
}
