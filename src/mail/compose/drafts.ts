import { randomUUID } from 'node:crypto';
import { isMailError, MailError, noSuchIntegration } from '../../domain/error.ts';
import { accountId, singleId } from '../../domain/global-id.ts';
import type { Draft } from '../../providers/contract/mail-session.ts';
import { withErrorField, within } from '../account/input-error.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { ViewerMail } from '../account/viewer-mail.ts';
import type { ComposeRequest } from './compose-request.ts';
import type { Composer } from './composer.ts';
import { CHANGED_ELSEWHERE } from './stored-draft.ts';

interface DraftsOptions {
  readonly composer: Pick<Composer, 'compose'>;
  /** Called with the provider's id after a draft was deleted, because a submission may be waiting to send it. */
  readonly deleted: (integrationId: string, draftId: string) => Promise<void>;
}

/** A draft and its account. */
interface SavedDraft {
  readonly account: MailAccount;
  readonly draft: Draft;
}

/** The attachment bytes for which storing a draft gets as much additional time as one more item of a bulk change. */
const BYTES_PER_ITEM = 100_000;

/** Stores and deletes drafts at the provider. Errors that the client can correct have the path of the field. */
export class Drafts {
  constructor(private readonly options: DraftsOptions) {}

  /**
   * Saves a new draft, or a revision of the draft that the request names. Throws CONFLICT when that draft was changed
   * elsewhere.
   */
  async save(mail: Pick<ViewerMail, 'find'>, request: ComposeRequest): Promise<SavedDraft> {
    const account = await withErrorField(['input', 'integration'], async () => {
      const found = await mail.find(singleId(request.integration, 'Integration'));
      if (!found) throw noSuchIntegration();
      return found;
    });
    const domain = account.integration.address.split('@').at(-1) ?? 'localhost';
    const compose = await this.options.composer.compose(mail, account, request, `${randomUUID()}@${domain}`, 'draft');
    const id = request.draft ? accountId(request.draft, 'Draft').providerId : null;
    const bytes = compose.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const draft = await changedElsewhere(() =>
      account
        .writeMany(Math.ceil(bytes / BYTES_PER_ITEM), (session, call) =>
          session.saveDraft({ id, ifVersion: request.ifVersion ?? null, compose }, call),
        )
        .catch((error: unknown) => {
          throw within(['input'], error);
        }),
    );
    account.messages.replace(draft.message);
    return { account, draft };
  }

  /**
   * Deletes a draft permanently, and returns its account. `id` is a global id. Throws CONFLICT when it has changed since
   * `ifVersion`.
   */
  async delete(mail: Pick<ViewerMail, 'find'>, id: string, ifVersion: string | null): Promise<MailAccount> {
    const { account, draftId } = await withErrorField(['input', 'draft'], async () => {
      const { integrationId, providerId } = accountId(id, 'Draft');
      const found = await mail.find(integrationId);
      if (!found) throw new MailError('NOT_FOUND', 'There is no such draft: it was sent or deleted, or is not yours.');
      return { account: found, draftId: providerId };
    });
    await changedElsewhere(() =>
      withErrorField(['input', 'draft'], () =>
        account.write((session, call) => session.deleteDraft(draftId, ifVersion, call)),
      ),
    );
    await this.options.deleted(account.id, draftId);
    return account;
  }
}

/** Rethrows a CONFLICT of the provider with one message and with its field. */
async function changedElsewhere<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isMailError(error) || error.code !== 'CONFLICT') throw error;
    throw new MailError('CONFLICT', CHANGED_ELSEWHERE, { field: ['input', 'ifVersion'], cause: error });
  }
}
