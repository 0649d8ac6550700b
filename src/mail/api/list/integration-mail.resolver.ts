import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, Info, Int, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { MailboxKindEnum } from '../../../accounts/api/integration/mailbox-kind.enum.ts';
import { MailboxRoleEnum } from '../../../accounts/api/integration/mailbox-role.enum.ts';
import type { MailboxKind, MailboxRole } from '../../../domain/mailbox.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Cursor } from '../../../graphql/scalars.ts';
import type { Identity } from '../../../providers/contract/mail-session.ts';
import { IdentityType } from '../draft/compose.type.ts';
import { ListArgs } from '../list.args.ts';
import type { MailOf } from '../mail-of.ts';
import { MailboxConnection } from '../mailbox/mailbox.connection.ts';
import { MailboxType } from '../mailbox/mailbox.type.ts';
import { MessageConnection } from '../message/message.connection.ts';
import { localPage } from '../page-info.ts';
import { ThreadConnection } from '../thread/thread.connection.ts';
import type { MailLists } from './mail-lists.ts';

/** The mail of one account. */
@Resolver(() => IntegrationType)
export class IntegrationMailResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly lists: MailLists,
  ) {}

  // The mailboxes of a well-filled account on a page without `first`. A longer page is counted while it is read.
  @ListSizeHint({ assumed: 50 })
  @Dated()
  @FieldResolver(() => MailboxConnection, {
    nullable: true,
    description: "The folders and labels of the account, in the provider's order.",
  })
  async mailboxes(
    @Root() { record }: IntegrationType,
    @Arg('kind', () => MailboxKindEnum, {
      nullable: true,
      description: 'Only mailboxes of this kind. Default: both folders and labels.',
    })
    kind: MailboxKind | null,
    @Arg('first', () => Int, { defaultValue: 100, description: 'The size of the page, from 1 to 100.' }) first: number,
    @Arg('after', () => Cursor, {
      nullable: true,
      description: 'Return the items after this cursor. Default: from the start of the list.',
    })
    after: string | null,
    @Ctx() context: Context,
  ): Promise<MailboxConnection> {
    const account = this.mailOf(context).of(record);
    const all = (await account.mailboxes.all()).filter((mailbox) => !kind || mailbox.kind === kind);
    return new MailboxConnection(
      account,
      localPage(all, (mailbox) => mailbox.id, first, after ?? null),
    );
  }

  @Dated()
  @FieldResolver(() => MailboxType, {
    nullable: true,
    description: 'The mailbox with this role. Null when the account has none.',
  })
  async mailbox(
    @Root() { record }: IntegrationType,
    @Arg('role', () => MailboxRoleEnum, { description: 'The role to look for.' }) role: MailboxRole,
    @Ctx() context: Context,
  ): Promise<MailboxType | null> {
    const account = this.mailOf(context).of(record);
    const found = (await account.mailboxes.all()).find((mailbox) => mailbox.role === role);
    return found ? new MailboxType(account, found) : null;
  }

  @Dated()
  @FieldResolver(() => MessageConnection, {
    description:
      'The messages of the account, newest first. Messages in the trash or junk are listed only when `filter` or `search` names these mailboxes.',
  })
  messages(
    @Root() { record }: IntegrationType,
    @Args(() => ListArgs) args: ListArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessageConnection> {
    const account = this.mailOf(context).of(record);
    return this.lists.messages({ accounts: [account], scope: ['integration', account.id] }, args, context, info);
  }

  @Dated()
  @FieldResolver(() => ThreadConnection, {
    description:
      'The threads of the account, the one with the newest message first. A thread matches when at least one of its messages meets the whole condition. Messages in the trash or junk count only when `filter` or `search` names these mailboxes.',
  })
  threads(
    @Root() { record }: IntegrationType,
    @Args(() => ListArgs) args: ListArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ThreadConnection> {
    const account = this.mailOf(context).of(record);
    return this.lists.threads({ accounts: [account], scope: ['integration', account.id] }, args, context, info);
  }

  @ListSizeHint({ assumed: 10, isRead: true })
  @Dated()
  @FieldResolver(() => [IdentityType], {
    nullable: true,
    description:
      'The addresses that the account can send from. No provider announces a change of them, so they may be up to five minutes old.',
  })
  identities(@Root() { record }: IntegrationType, @Ctx() context: Context): Promise<readonly Identity[]> {
    return this.mailOf(context).of(record).identities();
  }
}
