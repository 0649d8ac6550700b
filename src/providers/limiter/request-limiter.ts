import type { Logger } from 'pino';
import { isMailError, isProviderAway, isRetryable, type MailError } from '../../domain/error.ts';
import { abortable } from '../../platform/abort.ts';
import type { Call, Limits, RequestCost, RequestLimiter } from '../contract/call.ts';
import { abortReason, sleepBeforeRetry, timedOut } from './aborted.ts';
import { AdmissionQueue, maxWait } from './admission-queue.ts';
import { Cooldown } from './cooldown.ts';
import { RelayedStream } from './relayed-stream.ts';
import { StreamSlots } from './stream-slots.ts';

/** The timeout of one request, in milliseconds. A caller's own deadline may be shorter. */
const ATTEMPT_TIMEOUT_MS = { interactive: 30_000, background: 60_000 } as const;
/** After how long a safe background request gives its slots to an interactive request that waits, in milliseconds. */
const YIELD_TIMEOUT_MS = 5_000;
/** After how long a safe request is sent again when a request that began later was answered, in milliseconds. */
const RESTART_TIMEOUT_MS = 2_000;
/**
 * How long an aborted request keeps its slots, in milliseconds. The vendor counts it until it sees the connection closed, so a
 * request sent in its place at once would exceed the limit.
 */
const SLOT_RELEASE_DELAY_MS = 250;
/** Interactive requests fail soon when a provider is down. Background work can wait for it. */
const MAX_ATTEMPTS = { interactive: 3, background: 5 } as const;
const FIRST_BACKOFF_MS = 150;

/**
 * Enforces the vendor's limits on every request to one account: concurrent requests, quota units per window and cooldowns. It
 * retries safe requests and gives each one a timeout. Interactive requests go before background work.
 */
export function createRequestLimiter(limits: Limits, options: RequestLimiterOptions): MailboxLimiter {
  return new AccountRequestLimiter(limits, options);
}

export interface MailboxLimiter extends RequestLimiter {
  /** No request is active and none counts against the limits any more, so this limiter can be replaced by a new one. */
  readonly isIdle: boolean;
}

interface RequestLimiterOptions {
  readonly log: Logger;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Called for every request with whether the provider answered it, also with a refusal, or was unavailable, busy or silent. */
  readonly observe?: (outcome: ProviderAnswer) => void;
}
export type ProviderAnswer = 'answered' | 'unavailable';

/** A safe request that is active. */
interface ActiveRequest {
  readonly beganAt: number;
  readonly sendAgain: () => void;
}

/** Returns an answer that keeps its slots until it calls `free`. A reason says that it was aborted; the slots are then freed with a delay. */
type Keep<T> = (answer: T, giveUp: AbortController, free: (reason: unknown) => void) => T;

class AccountRequestLimiter implements MailboxLimiter {
  /** Functions that abort background requests which have had their time, for when an interactive request needs the slots. */
  private readonly overdue = new Set<() => void>();
  /** Requests that are sent again when another request shows that the provider answers. */
  private readonly active = new Set<ActiveRequest>();
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
    this.admission = new AdmissionQueue({ limits, cooldown, now, onInteractiveWait: () => this.giveWay() });
    this.random = options.random ?? Math.random;
    this.observe = options.observe ?? (() => {});
  }

  get maxSlots(): number {
    const { concurrency, streams } = this.limits;
    return this.streams.areInUse ? concurrency - streams : concurrency;
  }

  get isIdle(): boolean {
    return this.admission.isIdle && this.cooldown.isOver && !this.streams.areInUse;
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
          this.log.debug({ operation: cost.operation, err: reason }, 'a file was ended before it was complete');
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
    let maySendAgain = cost.safe && keep === null;
    let timeoutMs = call.attemptTimeoutMs ?? ATTEMPT_TIMEOUT_MS[call.priority];
    for (let tries = 1; ; tries++) {
      await this.admission.acquire(slots, cost.units, call);
      let failure: MailError;
      let isAborted = false;
      let isStreaming = false;
      const ending = new AbortController();
      const beganAt = this.now();
      try {
        const answer = await this.attemptOnce(cost, call, attempt, { timeoutMs, maySendAgain, ending }, () => {
          isAborted = true;
        });
        this.answered(beganAt);
        if (!keep) return answer;
        isStreaming = true;
        return keep(answer, ending, (reason) => this.free(slots, reason !== null, left));
      } catch (error) {
        if (error === OVERTAKEN || error === SILENT) {
          if (error === SILENT) timeoutMs -= call.beginAgainAfterMs ?? 0;
          maySendAgain = false;
          tries--;
          continue;
        }
        if (!isMailError(error)) throw error;
        failure = this.cooldown.failed(error, beganAt);
        if (isProviderAway(error)) this.observe('unavailable');
        else this.answered(beganAt);
      } finally {
        if (!isStreaming) this.free(slots, isAborted);
      }
      // The slots are free during the wait, so that waiting background work does not delay interactive requests.
      const delay = tries < MAX_ATTEMPTS[call.priority] ? this.retryDelay(failure, tries) : null;
      if (!cost.safe || delay === null || delay > maxWait(call)) throw failure;
      const { operation } = cost;
      this.log.debug({ operation, code: failure.code, tries, delay }, 'provider request is retried');
      await sleepBeforeRetry(delay, call.signal);
    }
  }

  private free(slots: number, isAborted: boolean, left = () => {}): void {
    const free = () => {
      left();
      this.admission.release(slots);
    };
    if (isAborted) setTimeout(free, SLOT_RELEASE_DELAY_MS).unref();
    else free();
  }

  /** Sends older requests without an answer again, once: a later request was answered, so they are probably lost. */
  private answered(beganAt: number): void {
    const now = this.now();
    for (const earlier of this.active)
      if (earlier.beganAt < beganAt && now - earlier.beganAt > RESTART_TIMEOUT_MS) earlier.sendAgain();
    this.observe('answered');
  }

  /** The milliseconds to wait before the next try. Null: another try would not help. */
  private retryDelay(error: MailError, tries: number): number | null {
    if (!isRetryable(error)) return null;
    return error.retryAfterMs || FIRST_BACKOFF_MS * 2 ** (tries - 1) * (0.5 + this.random());
  }

  private async attemptOnce<T>(
    cost: RequestCost,
    call: Call,
    attempt: (signal: AbortSignal) => Promise<T>,
    { timeoutMs, maySendAgain, ending }: { timeoutMs: number; maySendAgain: boolean; ending: AbortController },
    onAbort: () => void,
  ): Promise<T> {
    const giveUp = () => ending.abort(timedOut());
    const timer = setTimeout(giveUp, timeoutMs);
    const { beginAgainAfterMs } = call;
    const silence =
      maySendAgain && beginAgainAfterMs !== undefined && beginAgainAfterMs < timeoutMs
        ? setTimeout(() => ending.abort(SILENT), beginAgainAfterMs)
        : undefined;
    const active: ActiveRequest = { beganAt: this.now(), sendAgain: () => ending.abort(OVERTAKEN) };
    if (maySendAgain) this.active.add(active);
    const becomeOverdue = () => {
      this.overdue.add(giveUp);
      if (this.admission.hasInteractiveWait) this.giveWay();
    };
    const mayGiveWay = call.priority === 'background' && cost.safe;
    const turn = mayGiveWay ? setTimeout(becomeOverdue, YIELD_TIMEOUT_MS) : undefined;
    const signal = AbortSignal.any([call.signal, ending.signal]);
    const answered = call.meter?.sent(cost.units);
    try {
      return await abortable(attempt(signal), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      onAbort();
      this.log.debug({ operation: cost.operation }, 'provider request was aborted');
      throw abortReason(signal);
    } finally {
      answered?.();
      clearTimeout(timer);
      clearTimeout(silence);
      clearTimeout(turn);
      this.overdue.delete(giveUp);
      this.active.delete(active);
    }
  }

  /** Aborts overdue background requests, so that a hanging one does not delay interactive requests until its timeout. */
  private giveWay(): void {
    for (const giveUp of this.overdue) giveUp();
  }
}

/** Reasons to abort an attempt that is repeated at once. */
const OVERTAKEN = Symbol('overtaken');
const SILENT = Symbol('silent');
