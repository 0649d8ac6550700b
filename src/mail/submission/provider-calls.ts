import { MailError } from '../../domain/error.ts';
import { abortable, deadline } from '../../platform/abort.ts';
import type { LaneSlot } from '../../platform/queue/lanes.ts';
import type { Call } from '../../providers/contract/call.ts';
import { NEVER } from '../account/reader.ts';

/** How long each kind of request may take, in milliseconds: saving brings all attachments along. */
const TIMEOUTS_MS = { save: 30 * 60_000, send: 120_000, ask: 30_000 } as const;

/** The requests that one worker makes for a submission. It ends them at its own time, and no client does. */
export class ProviderCalls {
  /**
   * `waits` aborts when the process is asked to stop: what is under way is finished, and nothing is waited for. `calls`
   * aborts when that has taken too long, or when the claim is lost.
   */
  constructor(
    private readonly waits: AbortSignal = NEVER,
    private readonly calls: AbortSignal = NEVER,
    /** What it has among those that work for the same vendor; null for work that somebody waits for. */
    private readonly place: LaneSlot | null = null,
  ) {}

  get stopped(): boolean {
    return this.waits.aborted;
  }

  async run<T>(kind: keyof typeof TIMEOUTS_MS, work: (call: Call) => Promise<T>): Promise<T> {
    const ms = TIMEOUTS_MS[kind];
    const limit = deadline(
      this.calls,
      ms,
      () => new MailError('TIMEOUT', `The provider did not answer within ${ms / 1_000} s.`),
    );
    try {
      return await abortable(work({ signal: limit.signal, priority: 'interactive' }), limit.signal);
    } finally {
      limit.clear();
    }
  }

  /** Leaves its place to others meanwhile. False, and at once, when the process is stopping. */
  async pause(ms: number): Promise<boolean> {
    if (!this.place) return this.wait(ms);
    // Without a place again there is nothing to go on with.
    return this.place.without(() => this.wait(ms)).catch(() => false);
  }

  private wait(ms: number): Promise<boolean> {
    const { waits } = this;
    if (waits.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        waits.removeEventListener('abort', end);
        resolve(!waits.aborted);
      };
      const timer = setTimeout(end, ms);
      waits.addEventListener('abort', end, { once: true });
    });
  }
}
