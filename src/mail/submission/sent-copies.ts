import type { MailSession, SendStatus, Submitted } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { ACCEPTED_NOT_SENT } from './problems.ts';
import type { ProviderCalls } from './provider-calls.ts';
import type { Claim, SubmissionRecord } from './submission.ts';
import type { SubmissionWriter } from './submission-writer.ts';
import { nextSearchAt } from './verdict.ts';

/** The parameters by which the provider finds a submitted message. */
export const submittedOf = ({ draftId, internetMessageId, attemptedAt, sendAt }: SubmissionRecord): Submitted => ({
  draftId,
  internetMessageId,
  since: attemptedAt ?? sendAt,
});

/** Finds the sent copy of a message at providers that report its id only some time after they have accepted it. */
export class SentCopies {
  constructor(
    private readonly writer: SubmissionWriter,
    private readonly now: () => Date,
    private readonly minProbeMs?: number,
  ) {}

  /** Records that the provider has accepted the message. `probe` is a result that was read just before. */
  async sent(claim: Claim, account: MailAccount, calls: ProviderCalls, probe?: SendStatus): Promise<SubmissionRecord> {
    const messageId = probe?.state === 'sent' ? probe.messageId : null;
    if (messageId !== null) return this.writer.finish(claim, { status: 'SENT', messageId, problem: null });
    const sent = await this.writer.change(claim, { status: 'SENT', problem: null });
    return probe ? this.later(sent, probe) : this.find(sent, account, calls);
  }

  /** Looks for the copy of a submission that is SENT. A null account was disconnected, and its copy cannot be found. */
  async find(claim: Claim, account: MailAccount | null, calls: ProviderCalls): Promise<SubmissionRecord> {
    if (!account) return this.writer.finish(claim, {});
    const ask = async (): Promise<SendStatus> => {
      const session: MailSession = await account.session();
      return calls.run('probe', (call) => session.probe(submittedOf(claim.record), call));
    };
    const probe = await ask().catch(() => null);
    if (probe?.state === 'sent' && probe.messageId !== null)
      return this.writer.finish(claim, { messageId: probe.messageId });
    return this.later(claim, probe);
  }

  private later(claim: Claim, probe: SendStatus | null): Promise<SubmissionRecord> {
    const { attemptedAt, updatedAt } = claim.record;
    const at = nextSearchAt(attemptedAt ?? updatedAt, this.now(), this.minProbeMs);
    if (at) return this.writer.finishAwaitingCopy(claim, at);
    // A transport takes less than an hour: a message that is still a draft after that must not be reported as sent.
    if (probe?.state === 'not-sent')
      return this.writer.finish(claim, { status: 'UNKNOWN', problem: ACCEPTED_NOT_SENT });
    return this.writer.finish(claim, {});
  }
}
