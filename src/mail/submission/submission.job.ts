import type { Logger } from 'pino';
import { z } from 'zod';
import type { IntegrationHooks } from '../../accounts/integrations/integration.hooks.ts';
import type { MailboxAddress, Reachability } from '../../accounts/integrations/reachability.ts';
import { following } from '../../platform/abort.ts';
import { retryUntilStoreIsBack } from '../../platform/database/store/store.retry.ts';
import { type LaneOptions, type LaneSlot, Lanes } from '../../platform/queue/lanes.ts';
import type { Queue } from '../../platform/queue/queue.ts';
import type { Delivery } from './delivery.ts';
import { ProviderCalls } from './provider-calls.ts';
import type { SubmissionFeed } from './submission.feed.ts';
import { LEASE_MS, type SubmissionStore } from './submission.store.ts';
import { type Claim, ClaimLost, type SubmissionRecord } from './submission.ts';
import { lateness, MIN_LOOKUP_LATENESS_MS } from './verdict.ts';

export interface SubmissionJobOptions {
  readonly store: SubmissionStore;
  readonly delivery: Pick<Delivery, 'run'>;
  readonly queue: Queue;
  readonly feed: SubmissionFeed;
  /** The address of the account. Null when the account no longer exists. */
  readonly mailbox: (integrationId: string) => Promise<MailboxAddress | null>;
  readonly reachability: Pick<Reachability, 'listen' | 'isAway'>;
  readonly log: Logger;
  readonly lanes?: LaneOptions;
}

type DueSubmission = Pick<SubmissionRecord, 'id' | 'integrationId' | 'sendAt' | 'dueAt' | 'claimUntil'>;

const QUEUE = 'submission';
const Job = z.object({ id: z.string() });
/** The number of parallel jobs. A job ends when its submission waits for a slot, so no vendor blocks the queue. */
const CONCURRENCY = 8;
/** The submissions of one vendor that are processed in parallel, in addition to those whose client waits for the outcome. */
const SUBMISSION_LANES: LaneOptions = { slots: 8, slowSlots: 24, slowAfterMs: 3_000, perOwner: 3 };
/** The maximum number of submissions of one vendor that wait here. Further ones are enqueued again, for any instance. */
const MAX_WAITING = 100;
const REQUEUE_DELAY_MS = 5_000;
/** Recoveries of a provider within this time are handled once. */
const RECOVERY_DEBOUNCE_MS = 500;
/** The interval at which submissions without a job are searched for. The search is one query on an index. */
const SWEEP_INTERVAL_MS = 15_000;
/** A submission that has been due and unclaimed for this long has no job in the queue. */
const MIN_OVERDUE_MS = 10_000;
const SWEPT_AT_ONCE = 500;
/** Milliseconds that requests in progress get when the process stops. */
const STOP_TIMEOUT_MS = 2_000;
/** Milliseconds by which the database's clock, which the queue uses, may be ahead of the local clock. */
export const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Processes submissions that are due, each by one worker that holds the claim in its row. The queue only says when to look
 * at a submission; its row says what is to be done.
 */
export class SubmissionJob implements IntegrationHooks {
  private readonly waits = new AbortController();
  private readonly calls = new AbortController();
  private readonly runs = new Map<string, Promise<unknown>>();
  /** Submissions that were taken from the queue and have a slot or wait for one. */
  private readonly entered = new Map<string, Promise<void>>();
  private readonly lanes: Lanes;
  private readonly startedAt = new Date();
  private readonly recoveries = new Map<string, NodeJS.Timeout>();
  private unlisten = () => {};
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> | null = null;

  constructor(private readonly options: SubmissionJobOptions) {
    this.lanes = new Lanes(options.lanes ?? SUBMISSION_LANES);
  }

  async start(): Promise<void> {
    this.unlisten = this.options.reachability.listen({ recovered: ({ provider }) => this.recovered(provider) });
    await this.options.queue.work(QUEUE, (data) => this.handle(Job.parse(data).id), CONCURRENCY);
    this.timer = setInterval(() => void this.swept(), SWEEP_INTERVAL_MS).unref();
    // Jobs that the queue handed out before the database became unavailable are still marked as active, and do not return.
    this.options.queue.onGap(() => void this.requeueDue());
    await this.swept();
  }

  /** Starts no further work. Work that is not finished in time is left to the next worker. */
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.unlisten();
    for (const recovery of this.recoveries.values()) clearTimeout(recovery);
    this.options.queue.leave();
    this.waits.abort();
    const timer = setTimeout(() => this.calls.abort(), STOP_TIMEOUT_MS);
    await Promise.all([...this.runs.values(), ...this.entered.values()]);
    clearTimeout(timer);
  }

  /** Enqueues the submission for that time, even if this process crashes. */
  enqueue(id: string, at: Date): Promise<void> {
    return this.options.queue.send(QUEUE, { id }, at);
  }

  /**
   * Like `enqueue`, as a safeguard for a submission that this process starts at once: the job looks at it again if that
   * fails.
   */
  watch(id: string): Promise<void> {
    return this.enqueue(id, new Date(Date.now() + LEASE_MS + 500));
  }

  /** The run of this submission that is in progress in this process. */
  running(id: string): Promise<unknown> | undefined {
    return this.runs.get(id);
  }

  /**
   * Processes the submission now, in this process. Resolves when it cannot advance further for now, or when another worker
   * has it.
   */
  run(id: string): Promise<unknown> {
    const known = this.runs.get(id);
    if (known) return known;
    const run = this.claimed(id)
      .catch((err: unknown) => this.options.log.error({ err, submission: id }, 'a submission could not be processed'))
      .finally(() => this.runs.delete(id));
    this.runs.set(id, run);
    return run;
  }

  /** The account was connected again, so its waiting submissions are retried now. */
  async connected(integrationId: string): Promise<void> {
    await this.retryNow(integrationId);
  }

  async disconnecting(): Promise<void> {}

  /**
   * Retries the submission of a deleted draft now, so that it ends at once. It would end later anyway, so errors are only
   * logged.
   */
  async draftDeleted(integrationId: string, draftId: string): Promise<void> {
    try {
      await this.retryNow(integrationId, draftId);
    } catch (err) {
      this.options.log.warn(
        { err, integration: integrationId },
        'the submission of a deleted draft could not be ended',
      );
    }
  }

  private async retryNow(integrationId: string, draftId?: string): Promise<void> {
    const now = new Date();
    for (const id of await this.options.store.retryNow(integrationId, now, draftId)) await this.enqueue(id, now);
  }

  /** Handles a job of the queue. The job must not end before its submission is processed or another job is enqueued for it. */
  private async handle(id: string): Promise<void> {
    const record = await this.options.store.get(id);
    // A submission that is not due was postponed by its worker, which has enqueued a job for that time.
    if (!record?.dueAt || record.dueAt.getTime() > Date.now() + MAX_CLOCK_SKEW_MS) return;
    if (record.claimUntil && record.claimUntil.getTime() > Date.now()) {
      return this.enqueue(id, new Date(record.claimUntil.getTime() + 500));
    }
    // The process is stopping, so another instance gets the submission at once instead of after the claim has expired.
    if (this.waits.signal.aborted) return this.enqueue(id, new Date());
    if (this.entered.has(id)) return this.watch(id);
    const mailbox = await this.options.mailbox(record.integrationId);
    const lane = mailbox?.provider ?? '';
    if (this.lanes.waiting(lane) >= MAX_WAITING) {
      const requeueAt = new Date(Date.now() + REQUEUE_DELAY_MS);
      await this.enqueue(id, requeueAt);
      // Postponing would hide how long the submission had no worker, so a late submission keeps its due time.
      if (lateness(record, this.startedAt, new Date()) >= MIN_LOOKUP_LATENESS_MS) return;
      return this.options.store.postpone(id, requeueAt);
    }
    await this.watch(id);
    this.admit(record, lane, mailbox);
  }

  /** The lateness is fixed now: the time that the submission waits in the lane does not count. */
  private admit(due: DueSubmission, lane: string, mailbox: MailboxAddress | null): void {
    const lateMs = lateness(due, this.startedAt, new Date());
    const entered = this.enter(due, lane, mailbox, lateMs).finally(() => this.entered.delete(due.id));
    this.entered.set(due.id, entered);
  }

  /**
   * Processes the submission once its lane has a free slot. Until then the job of `watch`, or the sweep, guarantees that it
   * is not lost.
   */
  private async enter(
    { id, integrationId: owner }: DueSubmission,
    lane: string,
    mailbox: MailboxAddress | null,
    lateMs: number,
  ): Promise<void> {
    const isLikelyToFail = mailbox !== null && this.options.reachability.isAway(mailbox);
    const entry = { isLikelyToFail, signal: this.waits.signal };
    try {
      await this.lanes.run(lane, owner, (slot) => this.claimed(id, slot, lateMs), entry);
    } catch (err) {
      // Another instance gets the submission at once instead of after the claim has expired.
      if (this.waits.signal.aborted) await this.enqueue(id, new Date()).catch(() => {});
      else this.options.log.error({ err, submission: id }, 'a submission could not be processed');
    }
  }

  /** The provider is available again, so submissions that wait for it are retried now. */
  private recovered(provider: string): void {
    if (this.recoveries.has(provider)) return;
    const { store, log } = this.options;
    const retryNow = async () => {
      for (const id of await store.retryNowForProvider(provider)) await this.enqueue(id, new Date());
    };
    const timer = setTimeout(() => {
      this.recoveries.delete(provider);
      retryNow().catch((err: unknown) =>
        log.warn({ err, provider }, 'waiting submissions could not be scheduled earlier'),
      );
    }, RECOVERY_DEBOUNCE_MS).unref();
    this.recoveries.set(provider, timer);
  }

  /**
   * False when there is nothing to do, or when another worker has the claim. Throws errors that are not those of the
   * submission.
   */
  private async claimed(id: string, slot: LaneSlot | null = null, lateMs = 0): Promise<boolean> {
    const { store, delivery, feed } = this.options;
    if (this.waits.signal.aborted) return false;
    const claim = await store.claim(id);
    if (!claim) return false;
    await feed.changed(claim.record);
    const lost = new AbortController();
    const renewal = this.renewing(claim, lost);
    const { signal, leave } = following(this.calls.signal, lost.signal);
    try {
      await delivery.run(claim, new ProviderCalls(this.waits.signal, signal, slot), lateMs);
    } catch (error) {
      if (!(error instanceof ClaimLost)) throw error;
    } finally {
      clearInterval(renewal);
      leave();
    }
    return true;
  }

  private renewing(claim: Claim, lost: AbortController): NodeJS.Timeout {
    return setInterval(() => {
      this.options.store.renew(claim).then(
        (held) => held || lost.abort(new ClaimLost()),
        (err: unknown) =>
          this.options.log.warn({ err, submission: claim.record.id }, 'the claim on a submission could not be renewed'),
      );
    }, LEASE_MS / 3);
  }

  /**
   * Claimed submissions are enqueued as well, because their workers may have lost the database too. They are processed when
   * the claim expires.
   */
  private async requeueDue(): Promise<void> {
    const requeue = async () => {
      const now = new Date();
      for (const id of await this.options.store.due(now, SWEPT_AT_ONCE)) await this.enqueue(id, now);
    };
    await retryUntilStoreIsBack(requeue, this.waits.signal).catch((err: unknown) =>
      this.options.log.error({ err }, 'submissions that are due could not be queued again'),
    );
  }

  private swept(): Promise<void> {
    this.sweeping ??= this.sweep()
      .catch((err: unknown) => {
        if (!this.waits.signal.aborted) this.options.log.error({ err }, 'overdue submissions could not be queued');
      })
      .finally(() => {
        this.sweeping = null;
      });
    return this.sweeping;
  }

  /**
   * Starts overdue submissions without a job. It enqueues none, because then each sweep of each instance would add a job
   * for every submission that waits in a lane; the next sweep finds them again.
   */
  private async sweep(): Promise<void> {
    const { store } = this.options;
    const before = new Date(Date.now() - MIN_OVERDUE_MS);
    for (const due of await store.overdue(before, SWEPT_AT_ONCE)) {
      const { id, integrationId } = due;
      if (this.waits.signal.aborted) return;
      if (this.entered.has(id) || this.runs.has(id)) continue;
      const mailbox = await this.options.mailbox(integrationId);
      const lane = mailbox?.provider ?? '';
      if (this.waits.signal.aborted) return;
      if (this.lanes.waiting(lane) < MAX_WAITING && !this.entered.has(id)) this.admit(due, lane, mailbox);
    }
  }
}
