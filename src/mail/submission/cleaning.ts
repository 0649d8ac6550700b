import type { Logger } from 'pino';
import { isNotFound } from '../../domain/error.ts';
import type { MailSession } from '../../providers/contract/provider.ts';
import type { Account } from '../account.ts';
import { findDraft } from './find-draft.ts';
import type { ProviderCalls } from './provider-calls.ts';
import type { Claim, SubmissionRecord } from './submission.ts';
import type { SubmissionWriter } from './submission-writer.ts';
import { beforeSending, tryAgainAt } from './verdict.ts';

/** After so many tries the draft of a message that was cancelled stays where it is. */
const MAX_CLEANINGS = 12;

/** Takes away what was stored at the provider of what is not to be sent any more. */
export class Cleaning {
  constructor(
    private readonly writer: SubmissionWriter,
    private readonly log: Logger,
    private readonly now: () => Date,
  ) {}

  /** Of one that was cancelled: the draft that was made for it goes too. */
  async clear(claim: Claim, account: Account, calls: ProviderCalls): Promise<SubmissionRecord> {
    const { record } = claim;
    try {
      const session = await account.session();
      const draftId =
        record.ownDraft && (record.draftId ?? (await findDraft(session, record.internetMessageId, calls)));
      if (draftId) await calls.run('ask', (call) => session.deleteDraft(draftId, null, call));
    } catch (error) {
      const gone = isNotFound(error);
      const enough = gone || record.tries > MAX_CLEANINGS || beforeSending(error) === 'give-up';
      const dueAt = enough ? null : tryAgainAt(record, error, this.now());
      if (dueAt) return this.writer.release(claim, { dueAt });
    }
    return this.writer.finish(claim, record.ownDraft ? { draftId: null } : {});
  }

  /** Cancelled while the draft was being saved: nobody else knows of it. */
  async forget({ id, ownDraft }: SubmissionRecord, session: MailSession, draftId: string, calls: ProviderCalls) {
    const record = await this.writer.get(id);
    if (!ownDraft || record?.status !== 'CANCELLED') return;
    await calls
      .run('ask', (call) => session.deleteDraft(draftId, null, call))
      .catch((err: unknown) => this.log.warn({ err, submission: id }, 'a draft was left behind'));
  }
}
