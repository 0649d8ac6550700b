import type { Compose } from '../../domain/compose.ts';
import { isMailError, isNotFound, MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { MailSession } from '../../providers/contract/provider.ts';
import type { Account } from '../account.ts';
import type { ComposeInput } from '../api/draft/compose.type.ts';
import type { Cleaning } from './cleaning.ts';
import { requireVersion } from './draft-once.ts';
import { findDraft } from './find-draft.ts';
import type { Payloads } from './payload.ts';
import { CONTENT_GONE, DRAFT_GONE, NOBODY } from './problems.ts';
import type { ProviderCalls } from './provider-calls.ts';
import { rescue } from './rescue.ts';
import { type Claim, ClaimLost, type SubmissionRecord } from './submission.ts';
import type { SubmissionWriter } from './submission-writer.ts';

/** Writes the message that an input describes. */
export interface Composing {
  compose(
    account: Account,
    input: ComposeInput,
    internetMessageId: string,
    purpose?: 'send' | 'draft',
  ): Promise<Compose>;
}

export interface PreparationOptions {
  readonly writer: SubmissionWriter;
  readonly payloads: Payloads;
  readonly composer: Composing;
}

/** Stores what is to be sent as a draft at the provider, and keeps what cannot be sent. */
export class Preparation {
  constructor(
    private readonly options: PreparationOptions,
    private readonly cleaning: Pick<Cleaning, 'forget'>,
  ) {}

  /** Afterwards the message is a draft at the provider, and the row knows which. */
  async prepare(claim: Claim, account: Account, session: MailSession, calls: ProviderCalls): Promise<Claim> {
    const { writer, payloads } = this.options;
    const { record } = claim;
    const payload = record.payload && payloads.open(record.id, record.payload);
    if (!payload) throw new MailError('INTERNAL', CONTENT_GONE);
    if (payload.kind === 'draft') return this.asItStands(claim, payload.ifVersion ?? null, session, calls);
    if (record.draftId !== null) return claim;
    const draftId = await this.save(record, payload.input, account, session, calls);
    try {
      return await writer.change(claim, { draftId });
    } catch (error) {
      if (error instanceof ClaimLost) await this.cleaning.forget(record, session, draftId, calls);
      throw error;
    }
  }

  /**
   * Writes it into a draft of its own, or into the user's draft that it is a revision of. The worker before may have
   * died over that, or lost the answer, before the row knew: what has our Message-ID is ours, and need not be whole. So one
   * of our own is made again, and a revision written once more, which is no conflict with somebody else's.
   */
  private async save(
    record: SubmissionRecord,
    input: ComposeInput,
    account: Account,
    session: MailSession,
    calls: ProviderCalls,
  ): Promise<string> {
    const begun = record.tries > 1 ? await findDraft(session, record.internetMessageId, calls) : null;
    const given = begun === null ? input : { ...input, ifVersion: null };
    const compose = await this.options.composer.compose(account, given, record.internetMessageId);
    if (begun !== null && !input.draft) {
      await calls
        .run('ask', (call) => session.deleteDraft(begun, null, call))
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    }
    return (await calls.run('save', (call) => session.saveDraft({ ...revisionOf(given), compose }, call))).id;
  }

  /** A draft of the user's is sent as it is now, and has the Message-ID that it has now. */
  private async asItStands(
    claim: Claim,
    ifVersion: string | null,
    session: MailSession,
    calls: ProviderCalls,
  ): Promise<Claim> {
    const [draft] = await calls.run('ask', (call) => session.getDrafts([claim.record.draftId ?? ''], call));
    if (!draft || isNotFound(draft)) throw new MailError('NOT_FOUND', DRAFT_GONE);
    if (isMailError(draft)) throw draft;
    requireVersion(draft, ifVersion);
    const { to, cc, bcc } = draft.message;
    if (to.length + cc.length + bcc.length === 0) throw new MailError('INVALID', NOBODY);
    const internetMessageId = draft.message.internetMessageId ?? '';
    if (internetMessageId === claim.record.internetMessageId) return claim;
    return this.options.writer.change(claim, { internetMessageId });
  }

  /** What was written is erased here once this is over: it must not be lost with it. */
  async keep(
    { record }: Claim,
    account: Account,
    session: MailSession,
    calls: ProviderCalls,
    isDraftMissing: boolean,
  ): Promise<boolean> {
    const payload = record.payload && this.options.payloads.open(record.id, record.payload);
    if (!payload || payload.kind === 'draft' || record.draftId !== null) return false;
    // A draft that this was a revision of is there still.
    if (payload.input.draft != null && !isDraftMissing) return false;
    return rescue(payload.input, session, calls, (input) =>
      this.options.composer.compose(account, input, record.internetMessageId, 'draft'),
    );
  }
}

/** Where the message is written to: a draft of its own, or the user's draft that it is a revision of. */
function revisionOf({ draft, ifVersion }: ComposeInput) {
  return { id: draft ? accountId(draft, 'Draft').providerId : null, ifVersion: draft ? (ifVersion ?? null) : null };
}
