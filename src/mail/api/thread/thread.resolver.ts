import { Arg, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Cursor } from '../../../graphql/scalars.ts';
import { MailboxType } from '../mailbox/mailbox.type.ts';
import { MessageConnection } from '../message/message.connection.ts';
import { localPage } from '../page-info.ts';
import { ThreadType } from './thread.type.ts';

/** The messages and mailboxes of a thread, and its account. */
@Resolver(() => ThreadType)
export class ThreadResolver {
  @Dated()
  @FieldResolver(() => IntegrationType, { description: 'The account that it belongs to.' })
  integration(@Root() { account }: ThreadType): IntegrationType {
    return new IntegrationType(account.integration);
  }

  @ListSizeHint({ assumed: 5 })
  @Dated()
  @FieldResolver(() => [MailboxType], {
    nullable: true,
    description: 'The mailboxes that contain at least one of its messages.',
  })
  async mailboxes(@Root() { account, thread }: ThreadType): Promise<MailboxType[]> {
    const mailboxes = await account.mailboxes.some(thread.mailboxIds);
    return mailboxes.map((mailbox) => new MailboxType(account, mailbox));
  }

  @Dated()
  @FieldResolver(() => MessageConnection, { nullable: true, description: 'The messages of the thread, oldest first.' })
  messages(
    @Root() { account, thread }: ThreadType,
    @Arg('first', () => Int, { defaultValue: 100, description: 'The size of the page, from 1 to 100.' }) first: number,
    @Arg('after', () => Cursor, {
      nullable: true,
      description: 'Return the items after this cursor. Default: from the start of the list, the oldest.',
    })
    after: string | null,
  ): MessageConnection {
    const page = localPage(thread.messages, (message) => message.id, first, after ?? null);
    return MessageConnection.ofThread(account, page);
  }
}
