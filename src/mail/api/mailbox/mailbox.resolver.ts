import type { GraphQLResolveInfo } from 'graphql';
import { Args, Ctx, FieldResolver, Info, Int, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import type { ListOf, MailLists } from '../list/mail-lists.ts';
import { ListArgs } from '../list.args.ts';
import { MessageConnection } from '../message/message.connection.ts';
import { ThreadConnection } from '../thread/thread.connection.ts';
import { MailboxType } from './mailbox.type.ts';

/** The messages of a mailbox, and its relations to other mailboxes. */
@Resolver(() => MailboxType)
export class MailboxResolver {
  constructor(readonly lists: MailLists) {}

  @Dated()
  @FieldResolver(() => IntegrationType, { description: 'The account that it belongs to.' })
  integration(@Root() { account }: MailboxType): IntegrationType {
    return new IntegrationType(account.integration);
  }

  @Dated()
  @FieldResolver(() => MailboxType, {
    nullable: true,
    description: 'The mailbox that contains this one. Null at the top level.',
  })
  async parent(@Root() { account, mailbox }: MailboxType): Promise<MailboxType | null> {
    const parent = mailbox.parentId === null ? null : await account.mailboxes.find(mailbox.parentId);
    return parent && new MailboxType(account, parent);
  }

  // Each mailbox has at most one parent, so few mailboxes of a page have many children.
  @ListSizeHint({ assumed: 5 })
  @Dated()
  @FieldResolver(() => [MailboxType], { nullable: true, description: 'The mailboxes directly inside this one.' })
  async children(@Root() { account, mailbox }: MailboxType): Promise<MailboxType[]> {
    const all = await account.mailboxes.all();
    return all.filter(({ parentId }) => parentId === mailbox.id).map((child) => new MailboxType(account, child));
  }

  @Dated()
  @FieldResolver(() => Int, {
    nullable: true,
    description:
      'The number of messages in it. Null where the provider does not count them. Some providers need an additional request for this.',
  })
  async totalMessages(@Root() { account, mailbox }: MailboxType): Promise<number | null> {
    return mailbox.totalMessages ?? (await account.mailboxes.counts(mailbox.id))?.total ?? null;
  }

  @Dated()
  @FieldResolver(() => Int, {
    nullable: true,
    description:
      'The number of unread messages in it. Null where the provider does not count them. Some providers need an additional request for this.',
  })
  async unreadMessages(@Root() { account, mailbox }: MailboxType): Promise<number | null> {
    return mailbox.unreadMessages ?? (await account.mailboxes.counts(mailbox.id))?.unread ?? null;
  }

  @Dated()
  @FieldResolver(() => MessageConnection, { description: 'The messages in this mailbox, newest first.' })
  messages(
    @Root() root: MailboxType,
    @Args(() => ListArgs) args: ListArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<MessageConnection> {
    return this.lists.messages(inMailbox(root), args, context, info);
  }

  @Dated()
  @FieldResolver(() => ThreadConnection, {
    description: 'The threads with at least one message in this mailbox, the one with the newest message first.',
  })
  threads(
    @Root() root: MailboxType,
    @Args(() => ListArgs) args: ListArgs,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ThreadConnection> {
    return this.lists.threads(inMailbox(root), args, context, info);
  }
}

const inMailbox = ({ account, mailbox }: MailboxType): ListOf => ({
  accounts: [account],
  scope: ['mailbox', account.id],
  within: mailbox,
});
