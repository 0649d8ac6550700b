import { Field, ObjectType } from 'type-graphql';
import { Cursor } from '../graphql/scalars.ts';
import { MessageType } from '../mail/api/message/message.type.ts';

@ObjectType({ simpleResolvers: true, description: 'The event of a newly received message.' })
export class MessageReceived {
  @Field(() => Cursor, {
    description:
      'The position of this event. Keep the latest one, and pass it as `after` when you subscribe again: then no event of the last 14 days is missed.',
  })
  readonly cursor: string;

  @Field(() => MessageType, {
    nullable: true,
    description:
      'The message. Null when it could not be read. The message is in the lists of its account as soon as it can be read. While its provider is unavailable, the event is held back for at most ten minutes.',
  })
  readonly message: MessageType | null;

  constructor(cursor: string, message: MessageType | null) {
    this.cursor = cursor;
    this.message = message;
  }
}
