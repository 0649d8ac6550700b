import type { Logger } from 'pino';
import { isMailError, isProviderAway, isRetryable, type MailError } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import type { Call, Limits, RequestCost, RequestLimiter } from '../contract/call.ts';
import { abortReason, sleepBeforeRetry, timedOut } from './aborted.ts';
import { AdmissionQueue, maxWait } from './admission-queue.ts';
import { Cooldown } from './cooldown.ts';
import { RelayedStream } from './relayed-stream.ts';
import { StreamSlots } from './stream-slots.ts';

/** How long one request may go without an answer, in milliseconds. A caller's own deadline may be shorter. */
const ATTEMPT_TIMEOUT_MS = { interactive: 30_000, background: 60_000 } as const;
/** After how long safe background work leaves its place to a person who waits for it, in milliseconds. */
const YIELD_TIMEOUT_MS = 5_000;
/** After how long a safe request makes room for a second try when one that began later was answered, in milliseconds. */
const RESTART_TIMEOUT_MS = 2_000;
/**
 * How long a request that was given up keeps its slots, in milliseconds: the vendor counts it until it sees the connection
 * closed, and one sent in its place at once would be one too many.
 */
const SLOT_RELEASE_DELAY_MS = 250;
/** A person is told soon that a provider is down; background work can wait for it. */
const MAX_ATTEMPTS = { interactive: 3, background: 5 } as const;
const FIRST_BACKOFF_MS = 150;

/**
 * Keeps the vendor's limits for one account around every request to it: requests under way at once, quota units per
 * window, cooldown, retry of what is safe, and a time limit. What a person waits for goes before background work.
 */
export function createRequestLimiter(limits: Limits, options: RequestLimiterOptions): MailboxLimiter {
  return new AccountRequestLimiter(limits, options);
}

export interface MailboxLimiter extends RequestLimiter {
  /** Nothing is under way, and nothing that was is still counted against the mailbox: a new limiter would let through the same. */
  readonly isIdle: boolean;
}

interface RequestLimiterOptions {
  readonly log: Logger;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Told of every request: whether the account's provider answered it, be it with a refusal, or was away, busy or silent. */
  readonly observe?: (outcome: ProviderAnswer) => void;
}
export type ProviderAnswer = 'answered' | 'unavailable';

/** A safe request under way. */
interface UnderWay {
  readonly beganAt: number;
  readonly beginAgain: () => void;
}

/** Hands an answer on, and frees its places when it has ended: of one that was given up, once the vendor has seen that. */
type Keep<T> = (answer: T, giveUp: AbortController, free: (reason: unknown) => void) => T;

class AccountRequestLimiter implements MailboxLimiter {
  /** Ends background requests that have had their time, should a person need the place. */
  private readonly overdue = new Set<() => void>();
  /** What may be begun again once another request shows that the provider answers. */
  private readonly underWay = new Set<UnderWay>();
  private readonly streams: StreamSlots;
  private readonly cooldown: Cooldown;
  private readonly admission: AdmissionQueue;

  private readonly log: Logger;
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly observe: (outcome: ProviderAnswer) => void;

  constructor(
    private readonly limits: Limits,
    options: RequestLimiterOptions,
  ) {
    this.streams = new StreamSlots(limits.streams);
    this.log = options.log;
    this.now = options.now ?? Date.now;
    this.cooldown = new Cooldown(this.now);
    const { cooldown, now } = this;
    this.admission = new AdmissionQueue({ limits, cooldown, now, personWaits: () => this.giveWay() });
    this.random = options.random ?? Math.random;
    this.observe = options.observe ?? (() => {});
  }

  get maxSlots(): number {
    const { concurrency, streams } = this.limits;
    return this.streams.areWanted ? concurrency - streams : concurrency;
  }

  get isIdle(): boolean {
    return this.admission.isIdle && this.cooldown.isOver && !this.streams.areWanted;
  }

  request<T>(cost: RequestCost, call: Call, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.tried(cost, call, attempt, null);
  }

  async stream(
    cost: RequestCost,
    call: Call,
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | null>,
  ): Promise<ReadableStream<Uint8Array>> {
    const turn = await this.streams.begin(call);
    const keep: Keep<ReadableStream<Uint8Array> | null> = (source, giveUp, free) => {
      let handedOn: RelayedStream | null = null;
      const cutSlow = () => handedOn?.cut();
      handedOn = new RelayedStream(source, {
        signal: call.signal,
        silentAfterMs: call.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS[call.priority],
        cut: call.cut,
        now: this.now,
        slow: (isSlow) => turn.readerIsSlow(isSlow, cutSlow),
        ended: (reason) => {
          if (reason !== null) turn.wasCut();
          free(reason);
          if (reason === null) return;
          giveUp.abort(reason);
          this.log.debug({ operation: cost.operation, err: reason }, 'a file was given up before its end');
        },
      });
      return handedOn.stream;
    };
    try {
      return (await this.tried(cost, call, open, keep, turn.end)) as ReadableStream<Uint8Array>;
    } catch (error) {
      turn.end();
      throw error;
    }
  }

  private async tried<T>(
    cost: RequestCost,
    call: Call,
    attempt: (signal: AbortSignal) => Promise<T>,
    keep: Keep<T> | null,
    left = () => {},
  ): Promise<T> {
    const slots = Math.min(cost.slots, this.limits.concurrency);
    let mayBeginAgain = cost.safe && keep === null;
    let timeoutMs = call.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS[call.priority];
    for (let tries = 1; ; tries++) {
      await this.admission.acquire(slots, cost.units, call);
      let failure: MailError;
      let givenUp = false;
      let kept = false;
      const ending = new AbortController();
      const beganAt = this.now();
      try {
        const answer = await this.limited(cost, call, attempt, { timeoutMs, mayBeginAgain, ending }, () => {
          givenUp = true;
        });
        this.answered(beganAt);
        if (!keep) return answer;
        kept = true;
        return keep(answer, ending, (reason) => this.free(slots, reason !== null, left));
      } catch (error) {
        if (error === OVERTAKEN || error === SILENT) {
          if (error === SILENT) timeoutMs -= call.beginAgainAfterMs ?? 0;
          mayBeginAgain = false;
          tries--;
          continue;
        }
        if (!isMailError(error)) throw error;
        failure = this.cooldown.failed(error, beganAt);
        if (isProviderAway(error)) this.observe('unavailable');
        else this.answered(beganAt);
      } finally {
        if (!kept) this.free(slots, givenUp);
      }
      // Its places are free meanwhile: background work that waits out a bad minute must not keep a person waiting.
      const delay = tries < MAX_ATTEMPTS[call.priority] ? this.retryDelay(failure, tries) : null;
      if (!cost.safe || delay === null || delay > maxWait(call)) throw failure;
      const { operation } = cost;
      this.log.debug({ operation, code: failure.code, tries, delay }, 'provider request is retried');
      await sleepBeforeRetry(delay, call.signal);
    }
  }

  private free(slots: number, givenUp: boolean, left = () => {}): void {
    const free = () => {
      left();
      this.admission.release(slots);
    };
    if (givenUp) setTimeout(free, SLOT_RELEASE_DELAY_MS).unref();
    else free();
  }

  /** What hangs since before a request that was just answered would hang for the rest of its time: it is begun again, once. */
  private answered(beganAt: number): void {
    const now = this.now();
    for (const earlier of this.underWay)
      if (earlier.beganAt < beganAt && now - earlier.beganAt > RESTART_TIMEOUT_MS) earlier.beginAgain();
    this.observe('answered');
  }

  /** The milliseconds to wait before the next try. Null: another try would not help. */
  private retryDelay(error: MailError, tries: number): number | null {
    if (!isRetryable(error)) return null;
    return error.retryAfterMs || FIRST_BACKOFF_MS * 2 ** (tries - 1) * (0.5 + this.random());
  }

  private async limited<T>(
    cost: RequestCost,
    call: Call,
    attempt: (signal: AbortSignal) => Promise<T>,
    { timeoutMs, mayBeginAgain, ending }: { timeoutMs: number; mayBeginAgain: boolean; ending: AbortController },
    onGivenUp: () => void,
  ): Promise<T> {
    const giveUp = () => ending.abort(timedOut());
    const timer = setTimeout(giveUp, timeoutMs);
    const { beginAgainAfterMs } = call;
    const silence =
      mayBeginAgain && beginAgainAfterMs !== undefined && beginAgainAfterMs < timeoutMs
        ? setTimeout(() => ending.abort(SILENT), beginAgainAfterMs)
        : undefined;
    const underWay: UnderWay = { beganAt: this.now(), beginAgain: () => ending.abort(OVERTAKEN) };
    if (mayBeginAgain) this.underWay.add(underWay);
    const becomeOverdue = () => {
      this.overdue.add(giveUp);
      if (this.admission.doesPersonWait) this.giveWay();
    };
    const mayGiveWay = call.priority === 'background' && cost.safe;
    const turn = mayGiveWay ? setTimeout(becomeOverdue, YIELD_TIMEOUT_MS) : undefined;
    const signal = AbortSignal.any([call.signal, ending.signal]);
    try {
      return await abortable(attempt(signal), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      onGivenUp();
      this.log.debug({ operation: cost.operation }, 'provider request was given up');
      throw abortReason(signal);
    } finally {
      clearTimeout(timer);
      clearTimeout(silence);
      clearTimeout(turn);
      this.overdue.delete(giveUp);
      this.underWay.delete(underWay);
    }
  }

  /** A request that hangs in the background must not keep a person out for as long as it may hang. */
  private giveWay(): void {
    for (const giveUp of this.overdue) giveUp();
  }
}

/** Why an attempt is ended that is begun again at once. */
const OVERTAKEN = Symbol('overtaken');
const SILENT = Symbol('silent');
