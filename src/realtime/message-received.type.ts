import { Field, ID, ObjectType } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import { Cursor } from '../graphql/scalars.ts';
import { MessageType } from '../mail/api/message/message.type.ts';

@ObjectType({ simpleResolvers: true, description: 'The event of a newly received message.' })
export class MessageReceived {
  @Field(() => Cursor, {
    description:
      "The position of this event. Keep the latest one, and pass it as `after` when you subscribe again: then no event is missed. Events are stored for as many days as the gateway's setting CHANGE_LOG_DAYS says (30 by default); an older cursor is refused with CONFLICT.",
  })
  readonly cursor: string;

  @Field(() => IntegrationType, { description: 'The account that received the message.' })
  readonly integration: IntegrationType;

  @Field(() => ID, { description: 'The id of the message, as in `Message.id` and `node(id:)`.' })
  readonly messageId: string;

  @Field(() => MessageType, {
    nullable: true,
    description:
      'The message. Null when it could not be read: as soon as it can be read, the event is sent again with the message and the same `messageId`. While its provider is unavailable, the event is held back for at most ten minutes. A message that Outlook reports before it can be found has its event when it is found.',
  })
  readonly message: MessageType | null;

  constructor(cursor: string, integration: IntegrationType, messageId: string, message: MessageType | null) {
    this.cursor = cursor;
    this.integration = integration;
    this.messageId = messageId;
    this.message = message;
  }
}
