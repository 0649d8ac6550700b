import { randomUUID } from 'node:crypto';
import { isMailError, MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import { isDoneWithin } from '../../platform/abort.ts';
import { requireWrite } from '../../providers/shared/access.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';
import type { Composer } from '../compose/composer.ts';
import type { Payload, Payloads } from './payload.ts';
import { draftHeldBy } from './problems.ts';
import { requireVersion } from './provider-draft.ts';
import {
  draftOf,
  integrationIdOf,
  noSuchAccount,
  type SendParameters,
  type SendRequest,
  sendRequestOf,
  uploadsOf,
} from './send-request.ts';
import type { SubmissionFeed } from './submission.feed.ts';
import { MAX_CLOCK_SKEW_MS, type SubmissionJob } from './submission.job.ts';
import { LEASE_MS, type SubmissionStore } from './submission.store.ts';
import { isFinal, type NewSubmission, type SubmissionRecord } from './submission.ts';
import { beforeSending } from './verdict.ts';

export interface SubmissionsOptions {
  readonly store: SubmissionStore;
  readonly payloads: Payloads;
  readonly composer: Pick<Composer, 'compose'>;
  readonly job: SubmissionJob;
  readonly feed: SubmissionFeed;
}

type SubmissionContent = Pick<NewSubmission, 'payload' | 'ownDraft' | 'draftId' | 'heldDraftId' | 'internetMessageId'>;

/** Milliseconds that `send` waits for the outcome of a message that is sent now. */
const OUTCOME_TIMEOUT_MS = 5_000;

const NO_OTHER_ACCOUNTS: Pick<ViewerMail, 'find'> = { find: async () => null };

/** Sends each message once for each idempotency key of a user. */
export class Submissions {
  constructor(private readonly options: SubmissionsOptions) {}

  /** Like `submit`, from the account that the draft or message names. Throws NOT_FOUND when the account is not the user's. */
  async send(mail: Pick<ViewerMail, 'userId' | 'find'>, parameters: SendParameters): Promise<SubmissionRecord> {
    const request = sendRequestOf(parameters, new Date());
    const known = await this.known(mail.userId, request);
    if (known) return known;
    const account = await mail.find(await integrationIdOf(request));
    if (!account) throw noSuchAccount(request);
    return this.submit(mail, account, request);
  }

  /** Sends a message that the gateway has written, now, and once for each key. It refers to no other account. */
  async sendFrom(account: MailAccount, message: ComposeRequest, idempotencyKey: string): Promise<SubmissionRecord> {
    const request = sendRequestOf({ message, idempotencyKey }, new Date());
    return (await this.known(account.integration.userId, request)) ?? this.submit(NO_OTHER_ACCOUNTS, account, request);
  }

  /** The submission with this key. Throws CONFLICT when it was stored for another message. */
  async known(userId: string, { idempotencyKey, fingerprint }: SendRequest): Promise<SubmissionRecord | null> {
    const known = await this.options.store.byKey(userId, idempotencyKey);
    if (!known) return null;
    if (known.fingerprint !== fingerprint) {
      const message = 'This idempotencyKey was used for another message. Use a new one for each message.';
      throw new MailError('CONFLICT', message, { field: ['input', 'idempotencyKey'] });
    }
    // A client may repeat the request because the database became unavailable after the row was stored and before its job
    // was enqueued.
    if (known.status === 'SCHEDULED' && known.dueAt) await this.options.job.enqueue(known.id, known.dueAt);
    return this.outcome(known);
  }

  /**
   * Stores the submission, and sends it at once if it is due. Throws INVALID for a message that cannot be sent, NOT_FOUND
   * for a reference that does not exist, FORBIDDEN for an account with access READ, and CONFLICT for a key of another
   * message, a draft that another key sends, or a draft that has changed.
   */
  async submit(mail: Pick<ViewerMail, 'find'>, account: MailAccount, request: SendRequest): Promise<SubmissionRecord> {
    const { job, feed } = this.options;
    const { userId } = account.integration;
    // The access is checked before the submission is stored: a message that is due in a month must not be refused in a
    // month.
    requireWrite(account.integration.access);
    const id = randomUUID();
    let content: SubmissionContent;
    try {
      await this.requireFreeDraft(account, request);
      content = await this.contentOf(mail, account, id, request);
    } catch (error) {
      // The draft may be missing because another request with this key has just sent it.
      const other = await this.known(userId, request);
      if (other) return other;
      await this.requireFreeDraft(account, request);
      throw error;
    }
    const now = Date.now();
    const sendAt = new Date(Math.max(request.sendAt?.getTime() ?? 0, now + request.undoSeconds * 1_000));
    const waits = sendAt.getTime() > now;
    // The job is enqueued before the row is stored, so that no stored submission is without a job.
    await (waits ? job.enqueue(id, sendAt) : job.watch(id));
    const submission: NewSubmission = {
      id,
      userId,
      integrationId: account.id,
      idempotencyKey: request.idempotencyKey,
      fingerprint: request.fingerprint,
      status: waits ? 'SCHEDULED' : 'SENDING',
      sendAt,
      undoUntil: request.undoSeconds > 0 ? sendAt : null,
      ...content,
    };
    const created = await this.created(account, submission, request);
    if (!created) {
      const other = await this.known(userId, request);
      if (other) return other;
      await this.requireFreeDraft(account, request);
      throw new MailError('CONFLICT', 'Another request with this idempotencyKey or draft is in progress. Try again.');
    }
    // A job that ran before the row was stored has found nothing, so another one is enqueued.
    if (waits && sendAt.getTime() < Date.now() + MAX_CLOCK_SKEW_MS) await job.enqueue(id, sendAt);
    await feed.changed(created);
    return waits ? created : this.outcome(created, job.run(id));
  }

  /**
   * Throws NOT_FOUND for another user's submission, and CONFLICT once the provider may have been asked to send it.
   * Idempotent.
   */
  async cancel(userId: string, id: string): Promise<SubmissionRecord> {
    const { store, job, feed } = this.options;
    const record = await store.find(userId, id);
    if (!record) throw new MailError('NOT_FOUND', 'There is no such submission.', { field: ['input', 'submission'] });
    const now = Date.now();
    const worked = record.claimUntil !== null && record.claimUntil.getTime() > now;
    // A worker that is sending it deletes its own draft. If that worker crashes, another one looks for the draft when the
    // claim has expired.
    const clearAt = new Date(worked ? now + LEASE_MS : now);
    await job.enqueue(record.id, clearAt);
    const cancelled = await store.cancel(record, clearAt);
    if (cancelled) {
      await feed.changed(cancelled);
      return cancelled;
    }
    const current = await store.find(userId, id);
    if (current?.status === 'CANCELLED') return current;
    throw new MailError('CONFLICT', tooLate(current), { field: ['input', 'submission'] });
  }

  private async requireFreeDraft(account: MailAccount, request: SendRequest): Promise<void> {
    const draft = draftOf(request);
    const holder = draft && (await this.options.store.holder(account.id, draft.id));
    if (draft && holder) throw draftHeldBy(holder, draft.field);
  }

  private async created(account: MailAccount, submission: NewSubmission, request: SendRequest) {
    const { store } = this.options;
    const draftId = submission.heldDraftId;
    const created = await store.create(submission, uploadsOf(request));
    if (created || draftId === null || !(await store.releaseDraft(account.id, draftId))) return created;
    return store.create(submission, uploadsOf(request));
  }

  /** The stored content: the message as it was requested, or the draft. */
  private async contentOf(
    mail: Pick<ViewerMail, 'find'>,
    account: MailAccount,
    id: string,
    request: SendRequest,
  ): Promise<SubmissionContent> {
    const { what } = request;
    const seal = (payload: Payload) => this.options.payloads.seal(id, payload);
    const heldDraftId = draftOf(request)?.id ?? null;
    if ('draft' in what) {
      const { ifVersion } = what;
      const { providerId: draftId } = accountId(what.draft, 'Draft');
      return {
        payload: seal({ kind: 'draft', ifVersion }),
        ownDraft: false,
        draftId,
        heldDraftId,
        internetMessageId: await messageIdOf(account, draftId, ifVersion),
      };
    }
    const { message } = what;
    const domain = account.integration.address.split('@').at(-1) ?? 'localhost';
    const internetMessageId = `${randomUUID()}@${domain}`;
    await unlessTransient(this.options.composer.compose(mail, account, message, internetMessageId));
    const ownDraft = !message.draft;
    const payload = seal({ kind: 'message', input: message });
    return { payload, ownDraft, draftId: null, heldDraftId, internetMessageId };
  }

  /** The submission when its run has ended, or its current state after the time that `send` waits. */
  private async outcome(
    record: SubmissionRecord,
    run: Promise<unknown> | undefined = this.options.job.running(record.id),
  ) {
    if (isFinal(record.status) || !run) return record;
    await isDoneWithin(run, OUTCOME_TIMEOUT_MS);
    return (await this.options.store.find(record.userId, record.id)) ?? record;
  }
}

/**
 * The Message-ID of the draft. Empty when the provider cannot be asked now, or when the draft has none. Throws NOT_FOUND,
 * and CONFLICT for another version.
 */
async function messageIdOf(account: MailAccount, draftId: string, ifVersion: string | null): Promise<string> {
  const [draft] = (await unlessTransient(account.read((session, call) => session.getDrafts([draftId], call)))) ?? [];
  if (!draft) return '';
  if (!isMailError(draft)) {
    requireVersion(draft, ifVersion);
    return draft.message.internetMessageId ?? '';
  }
  if (beforeSending(draft) === 'later') return '';
  throw new MailError('NOT_FOUND', 'There is no such draft: it was sent or deleted.', { field: ['input', 'draft'] });
}

/** A transient failure is no reason to refuse: the check is repeated when the message is sent. */
async function unlessTransient<T>(checking: Promise<T>): Promise<T | null> {
  try {
    return await checking;
  } catch (error) {
    if (isMailError(error) && beforeSending(error) === 'later') return null;
    throw error;
  }
}

function tooLate(current: SubmissionRecord | null): string {
  if (current?.status === 'SENT') return 'It is too late: this is already sent.';
  if (current && isFinal(current.status)) return `There is nothing to cancel: this is ${current.status}.`;
  return 'It is too late: this is already being sent.';
}
