import { Field, Int, ObjectType } from 'type-graphql';
import type { Address } from '../../../domain/address.ts';
import { encodeId } from '../../../domain/global-id.ts';
import type { Thread } from '../../../domain/thread.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import { AddressType } from '../message/address.type.ts';

@ObjectType('Thread', {
  implements: Node,
  simpleResolvers: true,
  description: 'A conversation in one account: its messages that reply to each other.',
})
export class ThreadType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: MailAccount,
    readonly threadId: string,
    /** Null when the query selects only the id. */
    private readonly known: Thread | null,
  ) {
    super(encodeId('Thread', account.id, threadId));
  }

  get thread(): Thread {
    if (!this.known) throw new Error('only the id of this thread is known');
    return this.known;
  }

  @Field(() => String, { description: 'The subject of its first message.' })
  get subject(): string {
    return this.thread.subject;
  }

  @Field(() => String, { description: 'The snippet of its newest message. Plain text: escape it for HTML.' })
  get snippet(): string {
    return this.thread.snippet;
  }

  @ListSizeHint({ assumed: 10 })
  @Field(() => [AddressType], {
    description: 'The senders of its messages, in order of their first message, each address once.',
  })
  get participants(): readonly Address[] {
    return this.thread.participants;
  }

  @Field(() => Int, { description: 'The number of its messages, in all mailboxes of the account.' })
  get messageCount(): number {
    return this.thread.messageCount;
  }

  @Field(() => DateTime, {
    description:
      'When its newest message was received. Messages in the trash or junk do not count, unless all of its messages are in there. Lists of threads are ordered by this time, with or without a filter.',
  })
  get lastMessageAt(): Date {
    return this.thread.lastMessageAt;
  }

  @Field(() => Boolean, { description: 'Whether at least one of its messages is unread.' })
  get isUnread(): boolean {
    return this.thread.isUnread;
  }
}
