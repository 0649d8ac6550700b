import { Field, ObjectType } from 'type-graphql';
import { Cursor } from '../graphql/scalars.ts';
import { MessageType } from '../mail/api/message/message.type.ts';

@ObjectType({ simpleResolvers: true, description: 'A message that has just come in.' })
export class MessageReceived {
  @Field(() => Cursor, {
    description: 'Keep the last one you saw, and pass it as after when you subscribe again: nothing is missed.',
  })
  readonly cursor: string;

  @Field(() => MessageType, {
    nullable: true,
    description:
      'Null where it arrived but could not be read, though its account can be; its integration lists it when it can. While a provider is away its events wait, for ten minutes at most.',
  })
  readonly message: MessageType | null;

  constructor(cursor: string, message: MessageType | null) {
    this.cursor = cursor;
    this.message = message;
  }
}
