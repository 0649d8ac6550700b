import { randomUUID } from 'node:crypto';
import { isMailError, MailError } from '../../domain/error.ts';
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
  /** Called after the provider has deleted one, by its id there: a submission may wait to send it. */
  readonly deleted: (integrationId: string, draftId: string) => Promise<void>;
}

/** A draft and the account that it lies in. */
interface SavedDraft {
  readonly account: MailAccount;
  readonly draft: Draft;
}

/** Bytes of attachments for which storing gets as much more time as one more item of many does. */
const BYTES_PER_ITEM = 100_000;

/** Storing drafts at the provider, and deleting them. What the caller can mend is a MailError with the field's path. */
export class Drafts {
  constructor(private readonly options: DraftsOptions) {}

  /** A new one, or a revision of the one that the request names. Throws CONFLICT when that was changed elsewhere. */
  async save(mail: Pick<ViewerMail, 'find'>, request: ComposeRequest): Promise<SavedDraft> {
    const account = await withErrorField(['input', 'integration'], async () => {
      const found = await mail.find(singleId(request.integration, 'Integration'));
      if (!found) throw new MailError('NOT_FOUND', 'There is no such integration.');
      return found;
    });
    const domain = account.integration.address.split('@').at(-1) ?? 'localhost';
    const compose = await this.options.composer.compose(account, request, `${randomUUID()}@${domain}`, 'draft');
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

  /** Permanently. `id` is a global id. Throws CONFLICT when it was changed since `ifVersion`; returns the account that it was in. */
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

/** A provider's CONFLICT, in one wording and with its field. */
async function changedElsewhere<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isMailError(error) || error.code !== 'CONFLICT') throw error;
    throw new MailError('CONFLICT', CHANGED_ELSEWHERE, { field: ['input', 'ifVersion'], cause: error });
  }
}
