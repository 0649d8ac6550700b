import { randomUUID } from 'node:crypto';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import { isMailError, MailError } from '../../../domain/error.ts';
import { accountId, singleId } from '../../../domain/global-id.ts';
import type { Context } from '../../../graphql/context.ts';
import { requirePrincipal } from '../../../graphql/principal.ts';
import { userErrorOf } from '../../../graphql/user-error.type.ts';
import type { Composer } from '../../compose/composer.ts';
import { CHANGED_ELSEWHERE } from '../../compose/stored-draft.ts';
import { locateDraft } from '../../draft/draft.lookup.ts';
import { concerning, within } from '../../input-error.ts';
import type { OpenAccounts } from '../../open-accounts.ts';
import type { SubmissionJob } from '../../submission/submission.job.ts';
import { ComposeInput } from './compose.type.ts';
import { DeleteDraftPayload, DraftInput, DraftPayload } from './draft.input.ts';
import { DraftType } from './draft.type.ts';

/** Bytes of attachments for which storing gets as much more time as one more item of many does. */
const BYTES_PER_ITEM = 100_000;

@Resolver()
export class DraftsResolver {
  constructor(
    readonly accounts: OpenAccounts,
    readonly composer: Composer,
    readonly submissions: Pick<SubmissionJob, 'draftDeleted'>,
  ) {}

  @Mutation(() => DraftPayload, {
    description:
      'Saves a message as a new draft, or as a revision of an existing one. With `ifVersion`, a draft that was changed elsewhere is a CONFLICT and is not overwritten.',
  })
  async saveDraft(
    @Arg('input', () => ComposeInput, { description: 'The content of the draft.' }) input: ComposeInput,
    @Ctx() context: Context,
  ): Promise<DraftPayload> {
    requirePrincipal(context);
    try {
      const account = await concerning(['input', 'integration'], async () => {
        const found = await this.accounts.find(context, singleId(input.integration, 'Integration'));
        if (!found) throw new MailError('NOT_FOUND', 'There is no such integration.');
        return found;
      });
      const domain = account.integration.address.split('@').at(-1) ?? 'localhost';
      const compose = await this.composer.compose(account, input, `${randomUUID()}@${domain}`, 'draft');
      const id = input.draft ? accountId(input.draft, 'Draft').providerId : null;
      const bytes = compose.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const draft = await changedElsewhere(() =>
        account
          .writeMany(Math.ceil(bytes / BYTES_PER_ITEM), (session, call) =>
            session.saveDraft({ id, ifVersion: input.ifVersion ?? null, compose }, call),
          )
          .catch((error: unknown) => {
            throw within(['input'], error);
          }),
      );
      account.messages.replace(draft.message);
      return new DraftPayload(new DraftType(account, draft));
    } catch (error) {
      return new DraftPayload(null, [userErrorOf(error)]);
    }
  }

  @Mutation(() => DeleteDraftPayload, {
    description:
      'Permanently deletes a draft: it is not moved to the trash. A scheduled submission of this draft ends as FAILED.',
  })
  async deleteDraft(
    @Arg('input', () => DraftInput, { description: 'The draft.' }) { draft, ifVersion }: DraftInput,
    @Ctx() context: Context,
  ): Promise<DeleteDraftPayload> {
    requirePrincipal(context);
    try {
      const { account, draftId } = await concerning(['input', 'draft'], () =>
        locateDraft(this.accounts, context, draft),
      );
      await changedElsewhere(() =>
        concerning(['input', 'draft'], () =>
          account.write((session, call) => session.deleteDraft(draftId, ifVersion ?? null, call)),
        ),
      );
      await this.submissions.draftDeleted(account.id, draftId);
      return new DeleteDraftPayload({ draft, integration: new IntegrationType(account.integration) });
    } catch (error) {
      return new DeleteDraftPayload(null, [userErrorOf(error)]);
    }
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
