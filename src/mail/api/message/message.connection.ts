import type { Logger } from 'pino';
import { Field, ObjectType } from 'type-graphql';
import type { Message } from '../../../domain/message.ts';
import { connectionType, type EdgeOf, edgeType, type PageInfo } from '../../../graphql/connection.ts';
import { ASSUMED_ACCOUNTS, ListSizeHint } from '../../../graphql/list-size.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import type { ListPage } from '../../list/unified-list.ts';
import type { LocalPage } from '../page-info.ts';
import { pageInfoOf } from '../page-info.ts';
import { SourceType } from '../source.type.ts';
import { MessageType } from './message.type.ts';

const nullable = { nullableNodes: true };
const MessageEdge = edgeType('Message', () => MessageType, nullable);

@ObjectType('MessageConnection', {
  simpleResolvers: true,
  description: 'A page of messages, the newest first. In a thread, the oldest is first.',
})
export class MessageConnection extends connectionType('Message', () => MessageType, MessageEdge, nullable) {
  @ListSizeHint({ assumed: ASSUMED_ACCOUNTS })
  @Field(() => [SourceType], {
    description: 'Whether each account returned everything. Check this before you treat a short page as complete.',
  })
  readonly sources: readonly SourceType[];

  constructor(edges: readonly EdgeOf<MessageType>[], pageInfo: PageInfo, sources: readonly SourceType[]) {
    super(edges, pageInfo);
    this.sources = sources;
  }

  static of(page: ListPage<Message>, hasPreviousPage: boolean, log: Logger): MessageConnection {
    const edges = page.entries.map(
      ({ account, item, cursor }) => new MessageEdge(item && new MessageType(account, item), cursor),
    );
    return new MessageConnection(
      edges,
      pageInfoOf(page, hasPreviousPage),
      page.sources.map((source) => SourceType.of(source, log)),
    );
  }

  /** A page of the messages of a thread, which was read completely and belongs to one account. */
  static ofThread(account: MailAccount, { items, pageInfo }: LocalPage<Message>): MessageConnection {
    const edges = items.map(({ item, cursor }) => new MessageEdge(new MessageType(account, item), cursor));
    const source = new SourceType(account, 'COMPLETE', null, null);
    return new MessageConnection(edges, pageInfo, [source]);
  }
}
