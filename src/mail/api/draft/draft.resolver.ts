import { Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import type { Context } from '../../../graphql/context.ts';
import { requireFirst } from '../../../graphql/limits.ts';
import { DRAFTS } from '../../list/list-kind.ts';
import type { UnifiedList } from '../../list/unified-list.ts';
import { PageArgs } from '../list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { MessageType } from '../message/message.type.ts';
import { DraftConnection, DraftType } from './draft.type.ts';

@Resolver(() => DraftType)
export class DraftResolver {
  @FieldResolver(() => IntegrationType, { description: 'The account that it belongs to.' })
  integration(@Root() { account }: DraftType): IntegrationType {
    return new IntegrationType(account.integration);
  }

  @FieldResolver(() => MessageType, {
    nullable: true,
    description:
      'The content of the latest revision. At some providers the id of this message changes with each revision.',
  })
  message(@Root() { account, draft }: DraftType): MessageType {
    return new MessageType(account, draft.message);
  }
}

@Resolver(() => IntegrationType)
export class IntegrationDraftsResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly lists: UnifiedList,
  ) {}

  @FieldResolver(() => DraftConnection, {
    nullable: true,
    description: 'The drafts of the account, the most recently changed first.',
  })
  async drafts(
    @Root() { record }: IntegrationType,
    @Args(() => PageArgs) { first, after }: PageArgs,
    @Ctx() context: Context,
  ): Promise<DraftConnection> {
    const accounts = [this.mailOf(context).of(record)];
    const page = await this.lists.page(this.mailOf(context), DRAFTS, {
      accounts,
      condition: null,
      scope: ['integration', record.id],
      first: requireFirst(first),
      after: after ?? null,
    });
    // A page with some drafts is returned, as in every list. Without any, the field is null and has the error.
    if (page.failure && page.entries.length === 0) throw page.failure;
    return DraftConnection.of(page, Boolean(after), context.log);
  }
}
