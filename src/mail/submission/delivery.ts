import { isMailError, isNotFound, MailError } from '../../domain/error.ts';
import type { MailSession, SendStatus } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import {
  ACCOUNT_DISCONNECTED,
  CHECKING_OUTCOME,
  DRAFT_MISSING,
  KEPT_AS_DRAFT,
  longOverdue,
  NOT_ACCEPTED,
  OUTCOME_UNKNOWN,
  problemOfError,
} from './problems.ts';
import type { ProviderCalls } from './provider-calls.ts';
import { ProviderDrafts, type ProviderDraftsOptions } from './provider-draft.ts';
import { SentCopies, submittedOf } from './sent-copies.ts';
import { type Claim, ClaimLost, type SubmissionRecord } from './submission.ts';
import {
  afterProbe,
  afterSending,
  beforeSending,
  MIN_LATE_MS,
  MIN_LOOKUP_LATENESS_MS,
  nextProbeMs,
  retryAt,
  type SendTimes,
} from './verdict.ts';

interface DeliveryOptions extends Omit<ProviderDraftsOptions, 'now'> {
  readonly now?: () => Date;
  readonly times?: SendTimes;
}

/** A longer wait is done without holding the claim. */
const MAX_WAIT_MS = 10_000;

/**
 * Advances a claimed submission as far as is possible now. The row is written before and after each request that changes
 * something at the provider, so another worker that takes over at any moment knows what may have happened: nothing is sent
 * a second time without proof that it was not sent.
 */
export class Delivery {
  private readonly now: () => Date;
  private readonly copies: SentCopies;
  private readonly drafts: ProviderDrafts;

  constructor(private readonly options: DeliveryOptions) {
    this.now = options.now ?? (() => new Date());
    this.copies = new SentCopies(options.writer, this.now, options.times?.minProbeMs);
    this.drafts = new ProviderDrafts({ ...options, now: this.now });
  }

  /**
   * `lateMs` says how long the submission was due without a worker. Errors of the provider are not thrown but stored in the
   * row. Throws ClaimLost.
   */
  async run(claim: Claim, calls: ProviderCalls, lateMs = 0): Promise<SubmissionRecord> {
    const { userId, integrationId } = claim.record;
    const account = await this.options.accounts.ofUser(userId).find(integrationId);
    try {
      return await this.advance(claim, account, calls, lateMs);
    } finally {
      // Saved, sent and deleted drafts, and the sent copy that was waited for, are changes of the account.
      account?.written();
    }
  }

  private async advance(
    claim: Claim,
    account: MailAccount | null,
    calls: ProviderCalls,
    lateMs: number,
  ): Promise<SubmissionRecord> {
    if (claim.record.status === 'SENT') return this.copies.find(claim, account, calls);
    if (!account) return this.options.writer.finish(claim, { status: 'FAILED', problem: ACCOUNT_DISCONNECTED });
    if (claim.record.status === 'CANCELLED') return this.drafts.deleteDraft(claim, account, calls);
    if (claim.record.attemptedAt) return this.settle(claim, account, calls, claim.record.attemptedAt);
    if (lateMs >= MIN_LOOKUP_LATENESS_MS) return this.sendLate(claim, account, calls, lateMs);
    return this.send(claim, account, calls);
  }

  /**
   * A submission that is very late counts as an attempt whose answer was lost, because the database may have been restored
   * from a backup that is older than the attempt: only a draft that still exists proves that it was not sent. A submission
   * that is a little late is sent unless the message is found in the sent mail.
   */
  private async sendLate(
    claim: Claim,
    account: MailAccount,
    calls: ProviderCalls,
    lateMs: number,
  ): Promise<SubmissionRecord> {
    const { sendAt: attemptedAt, tries } = claim.record;
    if (lateMs >= (this.options.times?.lateMs ?? MIN_LATE_MS)) {
      const lost = await this.options.writer.change(claim, { attemptedAt, tries: tries + 1 });
      return this.settle(lost, account, calls, attemptedAt);
    }
    let probe: SendStatus;
    try {
      probe = await this.probe(claim, await account.session(), calls);
    } catch (error) {
      // It must not be sent without this check. Its lateness follows from `sendAt`, so the next run checks again.
      return this.postponeProbe(claim, error, calls, problemOfError(error));
    }
    if (probe.state !== 'sent' && probe.state !== 'submitted') return this.send(claim, account, calls);
    const found = await this.options.writer.change(claim, { attemptedAt });
    return this.copies.sent(found, account, calls, probe);
  }

  private async send(claimed: Claim, account: MailAccount, calls: ProviderCalls): Promise<SubmissionRecord> {
    const { writer } = this.options;
    let claim = claimed;
    let session: MailSession | null = null;
    try {
      session = await account.session();
      claim = await this.drafts.prepare(claim, account, session, calls);
    } catch (error) {
      if (error instanceof ClaimLost) throw error;
      const verdict = beforeSending(error);
      const isKept =
        verdict === 'give-up' &&
        session !== null &&
        (await this.drafts.keepAsDraft(claim, account, session, calls, isNotFound(error)));
      return this.postponeOrFail(claim, error, verdict, calls, isKept);
    }
    const { draftId, attempts } = claim.record;
    if (draftId === null) throw new Error('a submission without a draft cannot be sent');
    const attemptedAt = this.now();
    claim = await writer.change(claim, { attempts: attempts + 1, attemptedAt, problem: null });
    let messageId: string | null;
    try {
      ({ messageId } = await calls.run('send', (call) => session.send(draftId, call)));
    } catch (error) {
      const verdict = afterSending(error);
      if (verdict === 'later') return this.postponeOrFail(claim, error, verdict, calls);
      if (verdict === 'probe' && !this.isDraftMissing(claim, error))
        return this.settle(claim, account, calls, this.now());
      // Some providers refuse a draft that was already sent, for example by its owner in another client, with a general
      // error.
      const probe = await this.probeOrUnknown(claim, session, calls);
      if (probe.state === 'sent' || probe.state === 'submitted') return this.copies.sent(claim, account, calls, probe);
      if (verdict === 'give-up') return this.postponeOrFail(claim, error, verdict, calls);
      // The draft exists, so the provider's index was behind when it answered NOT_FOUND.
      if (probe.state === 'not-sent') return this.settle(claim, account, calls, this.now());
      return this.postponeOrFail(claim, new MailError('NOT_FOUND', DRAFT_MISSING), 'give-up', calls);
    }
    if (messageId === null) return this.copies.sent(claim, account, calls);
    return writer.finish(claim, { status: 'SENT', messageId, problem: null });
  }

  /** Determines the outcome of an attempt whose answer was lost. */
  private async settle(
    claim: Claim,
    account: MailAccount,
    calls: ProviderCalls,
    lostAt: Date,
  ): Promise<SubmissionRecord> {
    const { writer } = this.options;
    const { attempts, attemptedAt } = claim.record;
    if (attemptedAt === null) throw new Error('a submission that was never sent cannot be probed');
    for (;;) {
      let probe: SendStatus;
      let settlesMs: number;
      try {
        const session = await account.session();
        settlesMs = this.options.times?.settlesMs ?? session.sendSettlesMs;
        probe = await this.probe(claim, session, calls);
      } catch (error) {
        return this.postponeProbe(claim, error, calls);
      }
      switch (afterProbe(probe.state, { attemptedAt, attempts, lostAt, settlesMs, now: this.now() })) {
        case 'sent':
          return this.copies.sent(claim, account, calls, probe);
        case 'unknown':
          if (attempts === 0) return this.endOverdue(claim, account, calls);
          return writer.finish(claim, { status: 'UNKNOWN', problem: OUTCOME_UNKNOWN });
        case 'not-sent':
          return writer.finish(claim, { status: 'FAILED', problem: NOT_ACCEPTED });
        case 'resend':
          return this.send(await writer.change(claim, { attemptedAt: null }), account, calls);
      }
      const waitMs = nextProbeMs(attemptedAt, this.now(), this.options.times?.minProbeMs);
      if (waitMs > MAX_WAIT_MS || !(await calls.wait(waitMs))) {
        return writer.release(claim, { dueAt: new Date(this.now().getTime() + waitMs), problem: CHECKING_OUTCOME });
      }
    }
  }

  /** The first order to send a draft of the user found no draft: it was deleted or sent by another client, and not by us. */
  private isDraftMissing({ record }: Claim, error: unknown): boolean {
    return isNotFound(error) && !record.ownDraft && record.attempts === 1;
  }

  /** Nothing shows whether it was sent before. The user decides, and the content is kept as a draft. */
  private async endOverdue(claim: Claim, account: MailAccount, calls: ProviderCalls): Promise<SubmissionRecord> {
    const session = await account.session().catch(() => null);
    const isKept = session !== null && (await this.drafts.keepAsDraft(claim, account, session, calls, true));
    return this.options.writer.finish(claim, { status: 'UNKNOWN', problem: longOverdue(isKept) });
  }

  /** Probes the message, including a draft that was created for it but whose id is not in the row. */
  private async probe({ record }: Claim, session: MailSession, calls: ProviderCalls): Promise<SendStatus> {
    const draftId = await this.drafts.find(record, session, calls);
    return calls.run('probe', (call) => session.probe({ ...submittedOf(record), draftId }, call));
  }

  private probeOrUnknown(claim: Claim, session: MailSession, calls: ProviderCalls): Promise<SendStatus> {
    return this.probe(claim, session, calls).catch(() => ({ state: 'unknown' }));
  }

  private postponeProbe(
    claim: Claim,
    error: unknown,
    calls: ProviderCalls,
    problem = CHECKING_OUTCOME,
  ): Promise<SubmissionRecord> {
    const { writer, log } = this.options;
    if (!isMailError(error))
      log.warn({ err: error, submission: claim.record.id }, 'the outcome of a submission cannot be requested');
    if (calls.stopped) return writer.release(claim, { dueAt: this.now() });
    // An account that cannot be opened cannot be probed until that changes, so the backoff stays short.
    const dueAt = retryAt({ ...claim.record, tries: Math.min(claim.record.tries, 3) }, asMailError(error), this.now());
    if (dueAt === null) return writer.finish(claim, { status: 'UNKNOWN', problem: OUTCOME_UNKNOWN });
    return writer.release(claim, { dueAt, problem });
  }

  /** Used when the provider was not asked to send, or has answered that it did not send. */
  private postponeOrFail(
    claim: Claim,
    error: unknown,
    verdict: 'later' | 'give-up',
    calls: ProviderCalls,
    isKept = false,
  ): Promise<SubmissionRecord> {
    const { writer, log } = this.options;
    // A message that is already kept as a draft is not started again.
    if (calls.stopped && !isKept) return writer.release(claim, { dueAt: this.now(), attemptedAt: null });
    const submission = claim.record.id;
    if (!isMailError(error)) log.error({ err: error, submission }, 'a submission failed unexpectedly');
    const cause = problemOfError(error);
    const problem = isKept ? { ...cause, message: `${cause.message} ${KEPT_AS_DRAFT}` } : cause;
    const dueAt = verdict === 'later' ? retryAt(claim.record, error, this.now(), this.options.times?.backoffsMs) : null;
    if (dueAt === null) return writer.finish(claim, { status: 'FAILED', problem });
    return writer.release(claim, { dueAt, attemptedAt: null, problem });
  }
}

/** An unexpected error says nothing about the outcome of the message. */
const asMailError = (error: unknown): MailError =>
  isMailError(error) ? error : new MailError('INTERNAL', 'Whether it was sent could not be checked.', { cause: error });
