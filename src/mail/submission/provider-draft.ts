import type { Logger } from 'pino';
import type { Compose } from '../../domain/compose.ts';
import { isMailError, isNotFound, MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import { isUnreadable } from '../../providers/contract/list.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMails } from '../account/viewer-mail.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';
import type { Composer } from '../compose/composer.ts';
import type { Payloads } from './payload.ts';
import { CONTENT_UNREADABLE, changedSince, DRAFT_MISSING, NO_RECIPIENTS } from './problems.ts';
import type { ProviderCalls } from './provider-calls.ts';
import { type Claim, ClaimLost, type SubmissionRecord } from './submission.ts';
import type { SubmissionWriter } from './submission-writer.ts';
import { beforeSending, retryAt } from './verdict.ts';

export interface ProviderDraftsOptions {
  readonly writer: SubmissionWriter;
  readonly payloads: Payloads;
  readonly composer: Pick<Composer, 'compose'>;
  /** The accounts of the user who sends. */
  readonly accounts: Pick<ViewerMails, 'ofUser'>;
  readonly log: Logger;
  readonly now: () => Date;
}

/** The number of newest drafts that are searched. */
const MAX_DRAFTS = 50;
/** After this many tries the draft of a cancelled message is left at the provider. */
const MAX_CLEANINGS = 12;

/**
 * The draft at the provider from which a submission is sent. It is saved before the provider is asked to send it, found
 * again after a crash, kept for the user when it cannot be sent, and deleted when the submission is cancelled.
 */
export class ProviderDrafts {
  constructor(private readonly options: ProviderDraftsOptions) {}

  /** Saves the message as a draft at the provider, and its id in the row. */
  async prepare(claim: Claim, account: MailAccount, session: MailSession, calls: ProviderCalls): Promise<Claim> {
    const { record } = claim;
    const payload = this.payloadOf(record);
    if (!payload) throw new MailError('INTERNAL', CONTENT_UNREADABLE);
    if (payload.kind === 'draft') return this.prepareDraft(claim, payload.ifVersion ?? null, session, calls);
    if (record.draftId !== null) return claim;
    const draftId = await this.save(record, payload.input, account, session, calls);
    try {
      return await this.options.writer.change(claim, { draftId });
    } catch (error) {
      if (error instanceof ClaimLost) await this.deleteAbandoned(record, session, draftId, calls);
      throw error;
    }
  }

  /**
   * Saves the message as a new draft, or as a revision of the user's draft. A previous worker may have crashed, or lost the
   * answer, before the row had the id. A draft with our Message-ID is from that worker and may be incomplete: a new draft
   * is then created again, and a revision is saved again without the version check, because the newer version is our own.
   */
  private async save(
    record: SubmissionRecord,
    input: ComposeRequest,
    account: MailAccount,
    session: MailSession,
    calls: ProviderCalls,
  ): Promise<string> {
    const previousDraftId = record.tries > 1 ? await findDraft(session, record.internetMessageId, calls) : null;
    const request = previousDraftId === null ? input : { ...input, ifVersion: null };
    const compose = await this.compose(record, account, request);
    if (previousDraftId !== null && !input.draft) {
      await calls
        .run('probe', (call) => session.deleteDraft(previousDraftId, null, call))
        .catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    }
    return (await calls.run('save', (call) => session.saveDraft({ ...revisionOf(request), compose }, call))).id;
  }

  private compose(record: SubmissionRecord, account: MailAccount, input: ComposeRequest, purpose?: 'draft') {
    const accounts = this.options.accounts.ofUser(record.userId);
    return this.options.composer.compose(accounts, account, input, record.internetMessageId, purpose);
  }

  /** A draft of the user is sent in its current revision, with the Message-ID of that revision. */
  private async prepareDraft(
    claim: Claim,
    ifVersion: string | null,
    session: MailSession,
    calls: ProviderCalls,
  ): Promise<Claim> {
    const [draft] = await calls.run('probe', (call) => session.getDrafts([claim.record.draftId ?? ''], call));
    if (!draft || isNotFound(draft)) throw new MailError('NOT_FOUND', DRAFT_MISSING);
    if (isMailError(draft)) throw draft;
    requireVersion(draft, ifVersion);
    const { to, cc, bcc } = draft.message;
    if (to.length + cc.length + bcc.length === 0) throw new MailError('INVALID', NO_RECIPIENTS);
    const internetMessageId = draft.message.internetMessageId ?? '';
    if (internetMessageId === claim.record.internetMessageId) return claim;
    return this.options.writer.change(claim, { internetMessageId });
  }

  /**
   * The draft that exists as long as the message was not sent: the one in the row, the user's draft that it revises, or one
   * that a previous worker created.
   */
  async find(record: SubmissionRecord, session: MailSession, calls: ProviderCalls): Promise<string | null> {
    if (record.draftId !== null) return record.draftId;
    const payload = this.payloadOf(record);
    if (payload?.kind === 'message' && payload.input.draft) return accountId(payload.input.draft, 'Draft').providerId;
    return findDraft(session, record.internetMessageId, calls);
  }

  /** Keeps the content as a draft, because the payload is erased when the submission ends. */
  async keepAsDraft(
    { record }: Claim,
    account: MailAccount,
    session: MailSession,
    calls: ProviderCalls,
    isDraftMissing: boolean,
  ): Promise<boolean> {
    const payload = this.payloadOf(record);
    if (!payload || payload.kind === 'draft' || record.draftId !== null) return false;
    // The user's draft that the message revises still exists.
    if (payload.input.draft != null && !isDraftMissing) return false;
    return saveContentAsDraft(payload.input, session, calls, (input) => this.compose(record, account, input, 'draft'));
  }

  /** Deletes the draft that was created for a cancelled submission. */
  async deleteDraft(claim: Claim, account: MailAccount, calls: ProviderCalls): Promise<SubmissionRecord> {
    const { writer, now } = this.options;
    const { record } = claim;
    try {
      const session = await account.session();
      const draftId =
        record.ownDraft && (record.draftId ?? (await findDraft(session, record.internetMessageId, calls)));
      if (draftId) await calls.run('probe', (call) => session.deleteDraft(draftId, null, call));
    } catch (error) {
      const isMissing = isNotFound(error);
      const enough = isMissing || record.tries > MAX_CLEANINGS || beforeSending(error) === 'give-up';
      const dueAt = enough ? null : retryAt(record, error, now());
      if (dueAt) return writer.release(claim, { dueAt });
    }
    return writer.finish(claim, record.ownDraft ? { draftId: null } : {});
  }

  /** The submission was cancelled while its draft was being saved, and no other worker knows this draft. */
  private async deleteAbandoned(
    { id, ownDraft }: SubmissionRecord,
    session: MailSession,
    draftId: string,
    calls: ProviderCalls,
  ) {
    const record = await this.options.writer.get(id);
    if (!ownDraft || record?.status !== 'CANCELLED') return;
    await calls
      .run('probe', (call) => session.deleteDraft(draftId, null, call))
      .catch((err: unknown) =>
        this.options.log.warn({ err, submission: id }, 'the draft of a cancelled submission could not be deleted'),
      );
  }

  private payloadOf({ id, payload }: SubmissionRecord) {
    return payload && this.options.payloads.open(id, payload);
  }
}

/** The draft to write to: a new one, or the user's draft that the message revises. */
function revisionOf({ draft, ifVersion }: ComposeRequest) {
  return { id: draft ? accountId(draft, 'Draft').providerId : null, ifVersion: draft ? (ifVersion ?? null) : null };
}

/** Throws CONFLICT when the draft has changed since `ifVersion`. */
export function requireVersion({ version }: { readonly version: string }, ifVersion: string | null): void {
  if (ifVersion !== null && version !== ifVersion) throw changedSince();
}

/** The draft with this Message-ID among the newest: a draft that was saved by a worker that crashed before it stored the id. */
async function findDraft(
  session: MailSession,
  internetMessageId: string,
  calls: ProviderCalls,
): Promise<string | null> {
  if (internetMessageId === '') return null;
  const { items } = await calls.run('probe', (call) => session.listDrafts({ size: MAX_DRAFTS, after: null }, call));
  const found = items.find((item) => !isUnreadable(item) && item.message.internetMessageId === internetMessageId);
  return found?.id ?? null;
}

/**
 * Saves the content as a draft when the message cannot be sent as intended, for example because the message that it replies
 * to, or one of its files, no longer exists. False when there is no content, or when saving fails.
 */
async function saveContentAsDraft(
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
      // The next try omits the files.
    }
  }
  return false;
}
