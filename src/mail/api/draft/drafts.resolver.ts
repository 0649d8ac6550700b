import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import type { Context } from '../../../graphql/context.ts';
import { userErrorOf } from '../../../graphql/errors/user-error.type.ts';
import type { Drafts } from '../../compose/drafts.ts';
import type { MailOf } from '../mail-of.ts';
import { ComposeInput } from './compose.type.ts';
import { DeleteDraftPayload, DraftInput, DraftPayload } from './draft.input.ts';
import { DraftType } from './draft.type.ts';

@Resolver()
export class DraftsResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly drafts: Drafts,
  ) {}

  @Mutation(() => DraftPayload, {
    description:
      'Saves a message as a new draft, or as a revision of an existing one. With `ifVersion`, a draft that was changed elsewhere is not overwritten: the code is CONFLICT.',
  })
  async saveDraft(
    @Arg('input', () => ComposeInput, { description: 'The content of the draft.' }) input: ComposeInput,
    @Ctx() context: Context,
  ): Promise<DraftPayload> {
    const mail = this.mailOf(context);
    try {
      const { account, draft } = await this.drafts.save(mail, input);
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
    @Arg('input', () => DraftInput, { description: 'The draft to delete.' }) { draft, ifVersion }: DraftInput,
    @Ctx() context: Context,
  ): Promise<DeleteDraftPayload> {
    const mail = this.mailOf(context);
    try {
      const account = await this.drafts.delete(mail, draft, ifVersion ?? null);
      return new DeleteDraftPayload({ draft, integration: new IntegrationType(account.integration) });
    } catch (error) {
      return new DeleteDraftPayload(null, [userErrorOf(error)]);
    }
  }
}
