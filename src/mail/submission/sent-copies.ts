import type { MailSession, SendStatus, Submitted } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { ACCEPTED_NOT_SENT } from './problems.ts';
import type { ProviderCalls } from './provider-calls.ts';
import type { Claim, SubmissionRecord } from './submission.ts';
import type { SubmissionWriter } from './submission-writer.ts';
import { searchAgainAt } from './verdict.ts';

/** What the provider is asked after. */
export const submittedOf = (
  { draftId, internetMessageId, attemptedAt, sendAt }: SubmissionRecord,
  begun: string | null = null,
): Submitted => ({
  draftId: draftId ?? begun,
  internetMessageId,
  since: attemptedAt ?? sendAt,
});

/** Finds the message that the sent copy is, where the provider names it later than it takes what is to be sent. */
export class SentCopies {
  constructor(
    private readonly writer: SubmissionWriter,
    private readonly now: () => Date,
    private readonly minAskMs?: number,
  ) {}

  /** The provider has taken it. `probe`: as was just heard. */
  async sent(claim: Claim, account: MailAccount, calls: ProviderCalls, probe?: SendStatus): Promise<SubmissionRecord> {
    const messageId = probe?.state === 'sent' ? probe.messageId : null;
    if (messageId !== null) return this.writer.finish(claim, { status: 'SENT', messageId, problem: null });
    const told = await this.writer.change(claim, { status: 'SENT', problem: null });
    return probe ? this.later(told, probe) : this.find(told, account, calls);
  }

  /** Of one that is SENT. Null: the account is gone, and with it the copy. */
  async find(claim: Claim, account: MailAccount | null, calls: ProviderCalls): Promise<SubmissionRecord> {
    if (!account) return this.writer.finish(claim, {});
    const ask = async (): Promise<SendStatus> => {
      const session: MailSession = await account.session();
      return calls.run('ask', (call) => session.probe(submittedOf(claim.record), call));
    };
    const probe = await ask().catch(() => null);
    if (probe?.state === 'sent' && probe.messageId !== null)
      return this.writer.finish(claim, { messageId: probe.messageId });
    return this.later(claim, probe);
  }

  private later(claim: Claim, probe: SendStatus | null): Promise<SubmissionRecord> {
    const { attemptedAt, updatedAt } = claim.record;
    const at = searchAgainAt(attemptedAt ?? updatedAt, this.now(), this.minAskMs);
    if (at) return this.writer.leave(claim, at);
    // An hour is long enough for any transport: it must not pass for sent.
    if (probe?.state === 'not-sent')
      return this.writer.finish(claim, { status: 'UNKNOWN', problem: ACCEPTED_NOT_SENT });
    return this.writer.finish(claim, {});
  }
}
