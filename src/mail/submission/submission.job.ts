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
  /** The user whose account it is; null when it no longer exists. */
  readonly mailbox: (integrationId: string) => Promise<MailboxAddress | null>;
  readonly reachability: Pick<Reachability, 'listen' | 'isAway'>;
  readonly log: Logger;
  readonly lanes?: LaneOptions;
}

type DueSubmission = Pick<SubmissionRecord, 'id' | 'integrationId' | 'sendAt' | 'dueAt' | 'claimUntil'>;

const QUEUE = 'submission';
const Job = z.object({ id: z.string() });
/** Jobs looked at together. A job is over as soon as its submission waits for a place here, so no vendor holds these up. */
const CONCURRENCY = 8;
/** Submissions of one vendor that are worked at together, besides those that somebody waits for. */
const SUBMISSION_LANES: LaneOptions = { places: 8, slowPlaces: 24, slowAfterMs: 3_000, perOwner: 3 };
/** So many of one vendor wait here for a place; what comes on top goes back into the queue, for any instance. */
const MAX_WAITING = 100;
const REQUEUE_DELAY_MS = 5_000;
/** Recoveries within this are one. */
const RECOVERY_DEBOUNCE_MS = 500;
/** What no job stands for, whatever became of it, is looked for this often; it is one query on an index. */
const SWEEP_INTERVAL_MS = 15_000;
/** What is due, and that nobody has, for so long: the queue would have been at it. */
const MIN_OVERDUE_MS = 10_000;
const SWEPT_AT_ONCE = 500;
/** When the process stops, requests under way get this long. */
const STOP_TIMEOUT_MS = 2_000;
/** By so much may the database's clock, which the queue goes by, be ahead of ours. */
export const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Works at submissions that are due: one worker at each, through a claim in its row. The queue only says when to look;
 * the row says what there is to do.
 */
export class SubmissionJob implements IntegrationHooks {
  private readonly waits = new AbortController();
  private readonly calls = new AbortController();
  private readonly runs = new Map<string, Promise<unknown>>();
  /** Those out of the queue that have a place or wait for one. */
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
    // What the queue had handed out when the store went away lies as if somebody had it.
    this.options.queue.onGap(() => void this.requeueDue());
    await this.swept();
  }

  /** Begins nothing more, and leaves what is not done in time to the next who takes it up. */
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

  /** To be looked at then, whatever happens to this process. */
  enqueue(id: string, at: Date): Promise<void> {
    return this.options.queue.send(QUEUE, { id }, at);
  }

  /** As `enqueue`, for one that this process takes up at once: it is looked at again when that was not to be. */
  watch(id: string): Promise<void> {
    return this.enqueue(id, new Date(Date.now() + LEASE_MS + 500));
  }

  /** The work at it that is under way here. */
  running(id: string): Promise<unknown> | undefined {
    return this.runs.get(id);
  }

  /** Works at it here and now. Resolves when it has come as far as it can for now, whichever worker has it. */
  run(id: string): Promise<unknown> {
    const known = this.runs.get(id);
    if (known) return known;
    const run = this.claimed(id)
      .catch((err: unknown) => this.options.log.error({ err, submission: id }, 'a submission could not be processed'))
      .finally(() => this.runs.delete(id));
    this.runs.set(id, run);
    return run;
  }

  /** The account is there again: what waited for it need not wait longer. */
  async connected(integrationId: string): Promise<void> {
    await this.retryNow(integrationId);
  }

  async disconnecting(): Promise<void> {}

  /** What waits to be tried again with this draft finds out now. It would later, so this never fails. */
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

  /** A job of the queue. It must not be over before what it stands for is done, or another one stands for it. */
  private async handle(id: string): Promise<void> {
    const record = await this.options.store.get(id);
    // Not due: the worker that postponed it has queued it for then.
    if (!record?.dueAt || record.dueAt.getTime() > Date.now() + MAX_CLOCK_SKEW_MS) return;
    if (record.claimUntil && record.claimUntil.getTime() > Date.now()) {
      return this.enqueue(id, new Date(record.claimUntil.getTime() + 500));
    }
    // Fetched at the last moment: another instance need not wait until we would be dead.
    if (this.waits.signal.aborted) return this.enqueue(id, new Date());
    if (this.entered.has(id)) return this.watch(id);
    const mailbox = await this.options.mailbox(record.integrationId);
    const lane = mailbox?.provider ?? '';
    if (this.lanes.waiting(lane) >= MAX_WAITING) {
      const comeBackAt = new Date(Date.now() + REQUEUE_DELAY_MS);
      await this.enqueue(id, comeBackAt);
      // How long nobody was at it must not be forgotten over this.
      if (lateness(record, this.startedAt, new Date()) >= MIN_LOOKUP_LATENESS_MS) return;
      return this.options.store.postpone(id, comeBackAt);
    }
    await this.watch(id);
    this.admit(record, lane, mailbox);
  }

  /** How late it is counts from here: in the lane it is attended to. */
  private admit(due: DueSubmission, lane: string, mailbox: MailboxAddress | null): void {
    const lateMs = lateness(due, this.startedAt, new Date());
    const entered = this.enter(due, lane, mailbox, lateMs).finally(() => this.entered.delete(due.id));
    this.entered.set(due.id, entered);
  }

  /** Works at it once its vendor's lane has a place. The job that `watch` has queued, or the sweep, stands for it meanwhile. */
  private async enter(
    { id, integrationId: owner }: DueSubmission,
    lane: string,
    mailbox: MailboxAddress | null,
    lateMs: number,
  ): Promise<void> {
    const doubtful = mailbox !== null && this.options.reachability.isAway(mailbox);
    const entry = { doubtful, signal: this.waits.signal };
    try {
      await this.lanes.run(lane, owner, (slot) => this.claimed(id, slot, lateMs), entry);
    } catch (err) {
      // Another instance need not wait until we would be dead.
      if (this.waits.signal.aborted) await this.enqueue(id, new Date()).catch(() => {});
      else this.options.log.error({ err, submission: id }, 'a submission could not be processed');
    }
  }

  /** What waits because the provider was away need not wait longer. */
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

  /** False when there is nothing to do, or somebody else has it. Throws what is no fault of the submission's. */
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
        (err: unknown) => this.options.log.warn({ err, submission: claim.record.id }, 'a claim was not renewed'),
      );
    }, LEASE_MS / 3);
  }

  /** Also what is claimed: its worker may have lost the store as well, and then it is looked at when the claim has run out. */
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
   * Takes up what is overdue without a job: the next sweep stands for it. A job for each would add to those that stand for
   * what waits in a lane, at every sweep of every instance.
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
