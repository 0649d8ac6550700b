import { following } from '../../platform/abort.ts';
import { type LaneOptions, type LaneSlot, Lanes } from '../../platform/queue/lanes.ts';

/** How many accounts of one vendor are synchronised at once, and as many again in routine reads. An account has one run at a time. */
const SYNC_LANES: LaneOptions = { slots: 8, slowSlots: 24, slowAfterMs: 3_000, perOwner: 1 };

/** One run of one account. */
interface SyncRun {
  readonly integrationId: string;
  readonly provider: string;
  /** Nothing is known to have changed in the account: it is read because it is its turn. */
  readonly isRoutine: boolean;
  /** As of `Lanes`. */
  readonly isLikelyToFail: boolean;
  readonly signal: AbortSignal;
}

/** The reason why a routine read leaves its lane. */
const EXPEDITED = Symbol('expedited');

/**
 * Gives the runs their slots. Each vendor has a lane for accounts with news and another one for routine reads, because all silent
 * accounts are read again and again, and new mail must not wait behind them.
 */
export class SyncLanes {
  private readonly lanes: Lanes;
  /** Ends the wait in the lane of routine reads, by the accounts that wait there. */
  private readonly waiting = new Map<string, AbortController>();

  constructor(options: LaneOptions = SYNC_LANES) {
    this.lanes = new Lanes(options);
  }

  async run<T>(run: SyncRun, work: (slot: LaneSlot) => Promise<T>): Promise<T> {
    const { integrationId, provider, isRoutine, isLikelyToFail, signal } = run;
    if (isRoutine) {
      const answer = await this.runRoutine(run, work);
      if (answer !== EXPEDITED) return answer;
    }
    return this.lanes.run(provider, integrationId, work, { isLikelyToFail, signal });
  }

  /** There is news of the account, so that its run waits behind no routine read. One that has its slot keeps it. */
  expedite(integrationId: string): void {
    this.waiting.get(integrationId)?.abort(EXPEDITED);
  }

  private async runRoutine<T>(
    { integrationId, provider, isLikelyToFail, signal }: SyncRun,
    work: (slot: LaneSlot) => Promise<T>,
  ): Promise<T | typeof EXPEDITED> {
    const expedited = new AbortController();
    this.waiting.set(integrationId, expedited);
    const { signal: waits, leave } = following(signal, expedited.signal);
    const begin = (slot: LaneSlot) => {
      this.waiting.delete(integrationId);
      // The slot came at the same moment as the news. It is free again at once, and the read begins in the other lane.
      return expedited.signal.aborted ? Promise.reject(EXPEDITED) : work(slot);
    };
    try {
      return await this.lanes.run(`${provider} routine`, integrationId, begin, { isLikelyToFail, signal: waits });
    } catch (error) {
      if (error === EXPEDITED) return EXPEDITED;
      throw error;
    } finally {
      this.waiting.delete(integrationId);
      leave();
    }
  }
}
