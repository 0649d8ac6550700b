import type { MailboxAddress, Reachability } from '../accounts/integrations/reachability.ts';
import { backoffMs } from '../changes/backoff.ts';
import { isMailError, isTransient, retryAfterMsOf, storeErrorIn } from '../domain/error.ts';
import { abortable, deadline, following, sleep } from '../platform/abort.ts';
import type { Call } from '../providers/contract/call.ts';

export interface EventRequestsOptions {
  /** The address of the account. Null when the account no longer exists. */
  readonly mailbox: (integrationId: string) => Promise<MailboxAddress | null>;
  readonly reachability: Pick<Reachability, 'listen'>;
  /** How long an event waits for a provider that is unavailable, in milliseconds. */
  readonly maxWaitMs?: number;
}

const CALL_TIMEOUT_MS = 20_000;
const MAX_LIMITER_WAIT_MS = 2_000;
/** The time-out of each attempt to read a new message. */
const ATTEMPT_TIMEOUTS_MS = [4_000, 8_000, 20_000] as const;
/** After so many refusals, with other requests of the account answered in between, a message counts as unreadable. */
const MAX_REFUSALS = 3;
/** The minimum time between two attempts to read a message, however often its account is answered. */
const MIN_BACKOFF_MS = 500;
/** When no request of the account is answered, its provider is unavailable: the event waits for it this long. */
const MAX_WAIT_MS = 10 * 60_000;

/** Repeats the requests that read what events show, until the provider answers. */
export class EventRequests {
  /** How long the last answer of each provider took, in milliseconds: a slow provider gets a longer first time-out. */
  private readonly tookMs = new Map<string, number>();

  constructor(private readonly options: EventRequestsOptions) {}

  /**
   * Calls `ask` until it succeeds, no retry is left, or the signal aborts. `ask` throws a transient failure, or resolves with
   * it when only a part of the request has failed.
   */
  async untilAnswered(
    integrationId: string,
    signal: AbortSignal,
    ask: (call: Call) => Promise<unknown>,
  ): Promise<void> {
    const giveUpAt = Date.now() + (this.options.maxWaitMs ?? MAX_WAIT_MS);
    const provider = (await this.options.mailbox(integrationId))?.provider ?? '';
    let priority: Call['priority'] = 'interactive';
    for (let tries = 0, refusals = 0; ; tries++) {
      signal.throwIfAborted();
      const scheduledMs = ATTEMPT_TIMEOUTS_MS[Math.min(tries, ATTEMPT_TIMEOUTS_MS.length - 1)] as number;
      const attemptTimeoutMs = Math.min(Math.max(scheduledMs, 2 * (this.tookMs.get(provider) ?? 0)), CALL_TIMEOUT_MS);
      const beganAt = Date.now();
      let failure: unknown;
      let thrown = false;
      const limit = deadline(signal, CALL_TIMEOUT_MS, tookTooLong);
      try {
        failure = await abortable(ask(callOf(limit.signal, priority, attemptTimeoutMs)), signal);
        if (failure === null) {
          this.tookMs.set(provider, Date.now() - beganAt);
          return;
        }
      } catch (error) {
        if (!isTransient(error) || storeErrorIn(error)) throw error;
        failure = error;
        thrown = true;
      } finally {
        limit.clear();
      }
      if (priority === 'interactive' && isMailError(failure) && failure.code === 'RATE_LIMITED') {
        // Interactive requests may have used up their share of the provider's limit; background work has a separate one.
        priority = 'background';
        continue;
      }
      // A request that timed out has already waited.
      const isTimeout = isMailError(failure) && failure.code === 'TIMEOUT' && tries < ATTEMPT_TIMEOUTS_MS.length - 1;
      const pauseMs = isTimeout ? 0 : backoffMs(tries, failure);
      if (refusals < MAX_REFUSALS && Date.now() + pauseMs < giveUpAt) {
        if (await this.answered(integrationId, pauseMs, retryAfterMsOf(failure), signal)) refusals++;
        continue;
      }
      if (thrown) throw failure;
      return;
    }
  }

  /**
   * Whether a request of the account is answered during the pause. An answer ends the pause, but not before the provider's
   * retryAfter. Rejects when the signal aborts.
   */
  private async answered(
    integrationId: string,
    pauseMs: number,
    heldMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (pauseMs === 0) return false;
    const mailbox = await this.options.mailbox(integrationId);
    const earliest = Date.now() + Math.max(MIN_BACKOFF_MS, heldMs);
    const isAnswered = new AbortController();
    const pause = following(signal, isAnswered.signal);
    const stop = this.options.reachability.listen({
      answered: ({ provider, address }) => {
        if (provider === mailbox?.provider && address === mailbox.address) isAnswered.abort();
      },
    });
    try {
      await sleep(pauseMs, pause.signal);
      return false;
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(Math.max(0, earliest - Date.now()), signal);
      return true;
    } finally {
      stop();
      pause.leave();
    }
  }
}

/** Not bound to one subscriber's signal: a subscriber that disconnects must not cancel the read for the others. */
function callOf(signal: AbortSignal, priority: Call['priority'], attemptTimeoutMs: number): Call {
  return { signal, priority, attemptTimeoutMs, maxWaitMs: MAX_LIMITER_WAIT_MS };
}

const tookTooLong = (): DOMException => new DOMException('The read of new messages took too long.', 'TimeoutError');
