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

/** How long who asks for a message to be sent at once waits for the outcome, in milliseconds. */
const OUTCOME_TIMEOUT_MS = 5_000;

/** Sending, once for each idempotency key of a user. */
export class Submissions {
  constructor(private readonly options: SubmissionsOptions) {}

  /** As `submit`, from the account that the draft or the message names. Throws NOT_FOUND when it is not the caller's. */
  async send(mail: Pick<ViewerMail, 'userId' | 'find'>, parameters: SendParameters): Promise<SubmissionRecord> {
    const request = sendRequestOf(parameters, new Date());
    const known = await this.known(mail.userId, request);
    if (known) return known;
    const account = await mail.find(await integrationIdOf(request));
    if (!account) throw noSuchAccount(request);
    return this.submit(account, request);
  }

  /** Sends a message of our own making at once, and once for each key. */
  async sendFrom(account: MailAccount, message: ComposeRequest, idempotencyKey: string): Promise<SubmissionRecord> {
    const request = sendRequestOf({ message, idempotencyKey }, new Date());
    return (await this.known(account.integration.userId, request)) ?? this.submit(account, request);
  }

  /** The submission that has this key already. Throws CONFLICT when it stands for something else. */
  async known(userId: string, { idempotencyKey, fingerprint }: SendRequest): Promise<SubmissionRecord | null> {
    const known = await this.options.store.byKey(userId, idempotencyKey);
    if (!known) return null;
    if (known.fingerprint !== fingerprint) {
      const message = 'This idempotencyKey was used for another message. Use a new one for each message.';
      throw new MailError('CONFLICT', message, { field: ['input', 'idempotencyKey'] });
    }
    // Who asks again may have had no answer because the store went away, between storing it and the job that looks for it.
    if (known.status === 'SCHEDULED' && known.dueAt) await this.options.job.enqueue(known.id, known.dueAt);
    return this.outcome(known);
  }

  /**
   * Stores it, then sends it: at once, when there is nothing to wait for. Throws INVALID for what cannot be sent,
   * NOT_FOUND for what it refers to, FORBIDDEN for an account that may not, CONFLICT for a key that stands for another
   * message, a draft that another key sends, and one that has moved on.
   */
  async submit(account: MailAccount, request: SendRequest): Promise<SubmissionRecord> {
    const { job, feed } = this.options;
    const { userId } = account.integration;
    // Checked before the submission is stored: a message that is due in a month must not be refused in a month.
    requireWrite(account.integration.access);
    const id = randomUUID();
    let content: SubmissionContent;
    try {
      await this.requireFreeDraft(account, request);
      content = await this.contentOf(account, id, request);
    } catch (error) {
      // What is missing may have been sent meanwhile, by another request with this key.
      const other = await this.known(userId, request);
      if (other) return other;
      await this.requireFreeDraft(account, request);
      throw error;
    }
    const now = Date.now();
    const sendAt = new Date(Math.max(request.sendAt?.getTime() ?? 0, now + request.undoSeconds * 1_000));
    const waits = sendAt.getTime() > now;
    // Queued before it is stored: it cannot be stored and forgotten.
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
    // What fell due while it was being stored was looked for in vain.
    if (waits && sendAt.getTime() < Date.now() + MAX_CLOCK_SKEW_MS) await job.enqueue(id, sendAt);
    await feed.changed(created);
    return waits ? created : this.outcome(created, job.run(id));
  }

  /** Throws NOT_FOUND for one that is not the user's, CONFLICT once the provider may have been told to send it. Idempotent. */
  async cancel(userId: string, id: string): Promise<SubmissionRecord> {
    const { store, job, feed } = this.options;
    const record = await store.find(userId, id);
    if (!record) throw new MailError('NOT_FOUND', 'There is no such submission.', { field: ['input', 'submission'] });
    const now = Date.now();
    const worked = record.claimUntil !== null && record.claimUntil.getTime() > now;
    // A worker that is sending it deletes its own draft. If that worker dies before, the draft is looked for once its claim has expired.
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

  /** What is stored of it: the message as it was parameters, or the draft. */
  private async contentOf(account: MailAccount, id: string, request: SendRequest): Promise<SubmissionContent> {
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
    await unlessTransient(this.options.composer.compose(account, message, internetMessageId));
    const ownDraft = !message.draft;
    const payload = seal({ kind: 'message', input: message });
    return { payload, ownDraft, draftId: null, heldDraftId, internetMessageId };
  }

  /** The submission once its run is over, or as it is after the time that a client waits. */
  private async outcome(
    record: SubmissionRecord,
    run: Promise<unknown> | undefined = this.options.job.running(record.id),
  ) {
    if (isFinal(record.status) || !run) return record;
    await isDoneWithin(run, OUTCOME_TIMEOUT_MS);
    return (await this.options.store.find(record.userId, record.id)) ?? record;
  }
}

/** Throws NOT_FOUND, and CONFLICT for another version; empty where the provider cannot be asked now, or the draft has none. */
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
