import { GraphQLError, type GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, ID, Info, Resolver } from 'type-graphql';
import { ViewerType } from '../../../accounts/api/viewer/viewer.type.ts';
import { singleId } from '../../../domain/global-id.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { requireListSize } from '../../../graphql/limits.ts';
import { ListArgs } from '../list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { MessageConnection } from '../message/message.connection.ts';
import { ThreadConnection } from '../thread/thread.connection.ts';
import type { ListOf, MailLists } from './mail-lists.ts';

const ONLY = 'Only these accounts. Default: all of yours.';

/** The mail of all accounts of the viewer, merged. */
@Resolver(() => ViewerType)
export class ViewerMailResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly lists: MailLists,
  ) {}

  @Dated()
  @FieldResolver(() => MessageConnection, {
    description:
      'The messages of all accounts merged, newest first. Messages in the trash or junk are listed only when `filter` or `search` names these mailboxes. When an account fails, the messages of the others are still returned: see `sources`.',
  })
  async messages(
    @Args(() => ListArgs) args: ListArgs,
    @Arg('integrations', () => [ID], { nullable: true, description: ONLY }) integrations: string[] | null,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessageConnection> {
    return this.lists.messages(await this.listOf(context, integrations), args, context, info);
  }

  @Dated()
  @FieldResolver(() => ThreadConnection, {
    description:
      'The threads of all accounts merged, the one with the newest message first. A thread matches when at least one of its messages meets the whole condition. Messages in the trash or junk count only when `filter` or `search` names these mailboxes. When an account fails, the threads of the others are still returned: see `sources`.',
  })
  async threads(
    @Args(() => ListArgs) args: ListArgs,
    @Arg('integrations', () => [ID], { nullable: true, description: ONLY }) integrations: string[] | null,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ThreadConnection> {
    return this.lists.threads(await this.listOf(context, integrations), args, context, info);
  }

  private async listOf(context: Context, integrations: string[] | null | undefined): Promise<ListOf> {
    const mail = this.mailOf(context);
    if (!integrations) return { accounts: await mail.all(), scope: ['viewer'] };
    requireListSize('integrations', integrations);
    const ids = [...new Set(integrations)].sort();
    const accounts = await Promise.all(
      ids.map(async (id) => {
        const account = await mail.find(singleId(id, 'Integration'));
        if (account) return account;
        throw new GraphQLError(`There is no integration "${id}".`, { extensions: { code: 'NOT_FOUND' } });
      }),
    );
    return { accounts, scope: ['viewer', ...ids] };
  }
}
