import type { Logger } from 'pino';
import type { Compose } from '../../domain/compose.ts';
import { isMailError, isNotFound, MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import { isUnreadable } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';
import type { Composer } from '../compose/composer.ts';
import type { Payloads } from './payload.ts';
import { CONTENT_GONE, changedSince, DRAFT_GONE, NO_RECIPIENTS } from './problems.ts';
import type { ProviderCalls } from './provider-calls.ts';
import { type Claim, ClaimLost, type SubmissionRecord } from './submission.ts';
import type { SubmissionWriter } from './submission-writer.ts';
import { beforeSending, tryAgainAt } from './verdict.ts';

export interface ProviderDraftsOptions {
  readonly writer: SubmissionWriter;
  readonly payloads: Payloads;
  readonly composer: Pick<Composer, 'compose'>;
  readonly log: Logger;
  readonly now: () => Date;
}

/** As many of the newest drafts as are looked through. */
const MAX_DRAFTS = 50;
/** After so many tries the draft of a message that was cancelled stays where it is. */
const MAX_CLEANINGS = 12;

/**
 * The draft at the provider that a submission is sent from: it is written before the provider is told to send, found again
 * after a crash, kept for the user when it cannot be sent, and deleted when it must not be.
 */
export class ProviderDrafts {
  constructor(private readonly options: ProviderDraftsOptions) {}

  /** Afterwards the message is a draft at the provider, and the row knows which. */
  async prepare(claim: Claim, account: MailAccount, session: MailSession, calls: ProviderCalls): Promise<Claim> {
    const { record } = claim;
    const payload = this.payloadOf(record);
    if (!payload) throw new MailError('INTERNAL', CONTENT_GONE);
    if (payload.kind === 'draft') return this.asItStands(claim, payload.ifVersion ?? null, session, calls);
    if (record.draftId !== null) return claim;
    const draftId = await this.save(record, payload.input, account, session, calls);
    try {
      return await this.options.writer.change(claim, { draftId });
    } catch (error) {
      if (error instanceof ClaimLost) await this.forget(record, session, draftId, calls);
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
    input: ComposeRequest,
    account: MailAccount,
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
    if (to.length + cc.length + bcc.length === 0) throw new MailError('INVALID', NO_RECIPIENTS);
    const internetMessageId = draft.message.internetMessageId ?? '';
    if (internetMessageId === claim.record.internetMessageId) return claim;
    return this.options.writer.change(claim, { internetMessageId });
  }

  /** The draft that is there as long as it was not sent: the row's own, the one that it is a revision of, or one begun for it. */
  async find(record: SubmissionRecord, session: MailSession, calls: ProviderCalls): Promise<string | null> {
    if (record.draftId !== null) return record.draftId;
    const payload = this.payloadOf(record);
    if (payload?.kind === 'message' && payload.input.draft) return accountId(payload.input.draft, 'Draft').providerId;
    return findDraft(session, record.internetMessageId, calls);
  }

  /** What was written is erased here once this is over: it must not be lost with it. */
  async keep(
    { record }: Claim,
    account: MailAccount,
    session: MailSession,
    calls: ProviderCalls,
    isDraftMissing: boolean,
  ): Promise<boolean> {
    const payload = this.payloadOf(record);
    if (!payload || payload.kind === 'draft' || record.draftId !== null) return false;
    // A draft that this was a revision of is there still.
    if (payload.input.draft != null && !isDraftMissing) return false;
    return rescue(payload.input, session, calls, (input) =>
      this.options.composer.compose(account, input, record.internetMessageId, 'draft'),
    );
  }

  /** Of one that was cancelled: the draft that was made for it goes too. */
  async clear(claim: Claim, account: MailAccount, calls: ProviderCalls): Promise<SubmissionRecord> {
    const { writer, now } = this.options;
    const { record } = claim;
    try {
      const session = await account.session();
      const draftId =
        record.ownDraft && (record.draftId ?? (await findDraft(session, record.internetMessageId, calls)));
      if (draftId) await calls.run('ask', (call) => session.deleteDraft(draftId, null, call));
    } catch (error) {
      const gone = isNotFound(error);
      const enough = gone || record.tries > MAX_CLEANINGS || beforeSending(error) === 'give-up';
      const dueAt = enough ? null : tryAgainAt(record, error, now());
      if (dueAt) return writer.release(claim, { dueAt });
    }
    return writer.finish(claim, record.ownDraft ? { draftId: null } : {});
  }

  /** Cancelled while the draft was being saved: nobody else knows of it. */
  private async forget(
    { id, ownDraft }: SubmissionRecord,
    session: MailSession,
    draftId: string,
    calls: ProviderCalls,
  ) {
    const record = await this.options.writer.get(id);
    if (!ownDraft || record?.status !== 'CANCELLED') return;
    await calls
      .run('ask', (call) => session.deleteDraft(draftId, null, call))
      .catch((err: unknown) => this.options.log.warn({ err, submission: id }, 'a draft was left behind'));
  }

  private payloadOf({ id, payload }: SubmissionRecord) {
    return payload && this.options.payloads.open(id, payload);
  }
}

/** Where the message is written to: a draft of its own, or the user's draft that it is a revision of. */
function revisionOf({ draft, ifVersion }: ComposeRequest) {
  return { id: draft ? accountId(draft, 'Draft').providerId : null, ifVersion: draft ? (ifVersion ?? null) : null };
}

/** Throws CONFLICT when the draft has moved on since it was seen. */
export function requireVersion({ version }: { readonly version: string }, ifVersion: string | null): void {
  if (ifVersion !== null && version !== ifVersion) throw changedSince();
}

/** The draft with this Message-ID, among the newest: one that was saved, though nobody lived to note its id. */
async function findDraft(
  session: MailSession,
  internetMessageId: string,
  calls: ProviderCalls,
): Promise<string | null> {
  if (internetMessageId === '') return null;
  const { items } = await calls.run('ask', (call) => session.listDrafts({ size: MAX_DRAFTS, after: null }, call));
  const found = items.find((item) => !isUnreadable(item) && item.message.internetMessageId === internetMessageId);
  return found?.id ?? null;
}

/**
 * Stores what was written as a draft, since it cannot be sent as it was meant: the message that it answers is gone, say, or
 * one of its files. False when there is nothing to keep, or it cannot be kept.
 */
async function rescue(
  input: ComposeRequest,
  session: MailSession,
  calls: ProviderCalls,
  compose: (input: ComposeRequest) => Promise<Compose>,
): Promise<boolean> {
  if (!(input.text || input.html)) return false;
  const alone = { ...input, draft: null, ifVersion: null, reply: null, replyAll: null, forward: null };
  for (const kept of [alone, { ...alone, attachments: null }]) {
    try {
      const written = await compose(kept);
      await calls.run('save', (call) => session.saveDraft({ id: null, ifVersion: null, compose: written }, call));
      return true;
    } catch {
      // Without the files, then.
    }
  }
  return false;
}
