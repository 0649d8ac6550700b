import { isMailError, isNotFound, MailError } from '../../domain/error.ts';
import type { MailSession, SendStatus } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import {
  ACCOUNT_GONE,
  ASKING,
  DRAFT_GONE,
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
  askAgainMs,
  beforeSending,
  MIN_LATE_MS,
  MIN_LOOKUP_LATENESS_MS,
  type SendTimes,
  tryAgainAt,
} from './verdict.ts';

interface DeliveryOptions extends Omit<ProviderDraftsOptions, 'now'> {
  readonly accounts: { owned(userId: string, integrationId: string): Promise<MailAccount | null> };
  readonly now?: () => Date;
  readonly times?: SendTimes;
}

/** Waiting longer than this is done without holding the claim. */
const MAX_WAIT_MS = 10_000;

/**
 * Brings a claimed submission as far as it goes now. The row is written before and after each thing that is told to the
 * provider, so the worker that takes over from here, at any moment, knows what may have happened: nothing is sent a second time
 * without proof that it did not go.
 */
export class Delivery {
  private readonly now: () => Date;
  private readonly copies: SentCopies;
  private readonly drafts: ProviderDrafts;

  constructor(private readonly options: DeliveryOptions) {
    this.now = options.now ?? (() => new Date());
    this.copies = new SentCopies(options.writer, this.now, options.times?.minAskMs);
    this.drafts = new ProviderDrafts({ ...options, now: this.now });
  }

  /** `lateMs`: for how long nobody was at it. Never throws what the provider says: the row tells it. Throws ClaimLost. */
  async run(claim: Claim, calls: ProviderCalls, lateMs = 0): Promise<SubmissionRecord> {
    const account = await this.options.accounts.owned(claim.record.userId, claim.record.integrationId);
    if (claim.record.status === 'SENT') return this.copies.find(claim, account, calls);
    if (!account) return this.options.writer.finish(claim, { status: 'FAILED', problem: ACCOUNT_GONE });
    if (claim.record.status === 'CANCELLED') return this.drafts.clear(claim, account, calls);
    if (claim.record.attemptedAt) return this.settle(claim, account, calls, claim.record.attemptedAt);
    if (lateMs >= MIN_LOOKUP_LATENESS_MS) return this.late(claim, account, calls, lateMs);
    return this.send(claim, account, calls);
  }

  /**
   * What was long overdue counts as an attempt whose answer is lost, since the row may be older than what was done: only a
   * draft that is still there proves that it did not go. A little overdue it is sent, unless it is found in the sent mail.
   */
  private async late(
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
      probe = await this.probed(claim, await account.session(), calls);
    } catch (error) {
      // Not to be sent unasked: whether it is late is told by when it was due, so it is looked for again.
      return this.cannotAsk(claim, error, calls, problemOfError(error));
    }
    if (probe.state !== 'sent' && probe.state !== 'submitted') return this.send(claim, account, calls);
    const found = await this.options.writer.change(claim, { attemptedAt });
    return this.copies.sent(found, account, calls, probe);
  }

  private async send(given: Claim, account: MailAccount, calls: ProviderCalls): Promise<SubmissionRecord> {
    const { writer } = this.options;
    let claim = given;
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
        (await this.drafts.keep(claim, account, session, calls, isNotFound(error)));
      return this.notNow(claim, error, verdict, calls, isKept);
    }
    const { draftId, attempts } = claim.record;
    if (draftId === null) throw new Error('a submission is to be sent that has no draft');
    const attemptedAt = this.now();
    claim = await writer.change(claim, { attempts: attempts + 1, attemptedAt, problem: null });
    let messageId: string | null;
    try {
      ({ messageId } = await calls.run('send', (call) => session.send(draftId, call)));
    } catch (error) {
      const verdict = afterSending(error);
      if (verdict === 'later') return this.notNow(claim, error, verdict, calls);
      if (verdict === 'ask' && !this.isDraftMissing(claim, error))
        return this.settle(claim, account, calls, this.now());
      // Some refuse what is sent already, by its owner elsewhere say, in the words for any refusal.
      const probe = await this.asked(claim, session, calls);
      if (probe.state === 'sent' || probe.state === 'submitted') return this.copies.sent(claim, account, calls, probe);
      if (verdict === 'give-up') return this.notNow(claim, error, verdict, calls);
      // The draft is there, so an index was behind.
      if (probe.state === 'not-sent') return this.settle(claim, account, calls, this.now());
      return this.notNow(claim, new MailError('NOT_FOUND', DRAFT_GONE), 'give-up', calls);
    }
    if (messageId === null) return this.copies.sent(claim, account, calls);
    return writer.finish(claim, { status: 'SENT', messageId, problem: null });
  }

  /** Asks what became of an attempt whose answer is lost. */
  private async settle(
    claim: Claim,
    account: MailAccount,
    calls: ProviderCalls,
    lostAt: Date,
  ): Promise<SubmissionRecord> {
    const { writer } = this.options;
    const { attempts, attemptedAt } = claim.record;
    if (attemptedAt === null) throw new Error('a submission is to be asked after that was not sent');
    for (;;) {
      let probe: SendStatus;
      let settlesMs: number;
      try {
        const session = await account.session();
        settlesMs = this.options.times?.settlesMs ?? session.sendSettlesMs;
        probe = await this.probed(claim, session, calls);
      } catch (error) {
        return this.cannotAsk(claim, error, calls);
      }
      switch (afterProbe(probe.state, { attemptedAt, attempts, lostAt, settlesMs, now: this.now() })) {
        case 'sent':
          return this.copies.sent(claim, account, calls, probe);
        case 'unknown':
          if (attempts === 0) return this.tooLate(claim, account, calls);
          return writer.finish(claim, { status: 'UNKNOWN', problem: OUTCOME_UNKNOWN });
        case 'not-sent':
          return writer.finish(claim, { status: 'FAILED', problem: NOT_ACCEPTED });
        case 'send-again':
          return this.send(await writer.change(claim, { attemptedAt: null }), account, calls);
      }
      const pause = askAgainMs(attemptedAt, this.now(), this.options.times?.minAskMs);
      if (pause > MAX_WAIT_MS || !(await calls.pause(pause))) {
        return writer.release(claim, { dueAt: new Date(this.now().getTime() + pause), problem: ASKING });
      }
    }
  }

  /** A draft of the user's that is not found by the first order to send it was not sent by us: it was deleted meanwhile. */
  private isDraftMissing({ record }: Claim, error: unknown): boolean {
    return isNotFound(error) && !record.ownDraft && record.attempts === 1;
  }

  /** Nothing tells whether it went before it was taken up: a person decides, and what was written is not lost. */
  private async tooLate(claim: Claim, account: MailAccount, calls: ProviderCalls): Promise<SubmissionRecord> {
    const session = await account.session().catch(() => null);
    const isKept = session !== null && (await this.drafts.keep(claim, account, session, calls, true));
    return this.options.writer.finish(claim, { status: 'UNKNOWN', problem: longOverdue(isKept) });
  }

  /** Also of a draft that was begun for it, and that the row does not know. */
  private async probed({ record }: Claim, session: MailSession, calls: ProviderCalls): Promise<SendStatus> {
    const draftId = await this.drafts.find(record, session, calls);
    return calls.run('ask', (call) => session.probe({ ...submittedOf(record), draftId }, call));
  }

  private asked(claim: Claim, session: MailSession, calls: ProviderCalls): Promise<SendStatus> {
    return this.probed(claim, session, calls).catch(() => ({ state: 'unknown' }));
  }

  private cannotAsk(claim: Claim, error: unknown, calls: ProviderCalls, problem = ASKING): Promise<SubmissionRecord> {
    const { writer, log } = this.options;
    if (!isMailError(error))
      log.warn({ err: error, submission: claim.record.id }, 'a submission cannot be asked after');
    if (calls.stopped) return writer.release(claim, { dueAt: this.now() });
    // An account that does not open cannot be asked for as long as that lasts.
    const dueAt = tryAgainAt(
      { ...claim.record, tries: Math.min(claim.record.tries, 3) },
      asMailError(error),
      this.now(),
    );
    if (dueAt === null) return writer.finish(claim, { status: 'UNKNOWN', problem: OUTCOME_UNKNOWN });
    return writer.release(claim, { dueAt, problem });
  }

  /** The provider has not been told, or has said that it did nothing. */
  private notNow(
    claim: Claim,
    error: unknown,
    verdict: 'later' | 'give-up',
    calls: ProviderCalls,
    isKept = false,
  ): Promise<SubmissionRecord> {
    const { writer, log } = this.options;
    // What is kept as a draft already is not begun once more.
    if (calls.stopped && !isKept) return writer.release(claim, { dueAt: this.now(), attemptedAt: null });
    const submission = claim.record.id;
    if (!isMailError(error)) log.error({ err: error, submission }, 'a submission failed unexpectedly');
    const told = problemOfError(error);
    const problem = isKept ? { ...told, message: `${told.message} ${KEPT_AS_DRAFT}` } : told;
    const dueAt =
      verdict === 'later' ? tryAgainAt(claim.record, error, this.now(), this.options.times?.pausesMs) : null;
    if (dueAt === null) return writer.finish(claim, { status: 'FAILED', problem });
    return writer.release(claim, { dueAt, attemptedAt: null, problem });
  }
}

/** What keeps us from asking says nothing about the message. */
const asMailError = (error: unknown): MailError =>
  isMailError(error) ? error : new MailError('INTERNAL', 'Whether it was sent could not be checked.', { cause: error });
