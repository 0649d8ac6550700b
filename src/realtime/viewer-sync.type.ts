import { Field, ObjectType } from 'type-graphql';
import { Cursor } from '../graphql/scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'The state of the change logs of all your accounts.' })
export class ViewerSync {
  @Field(() => Cursor, {
    description:
      'The position of the latest event in all your accounts. To keep a copy, read this cursor first, then the lists, then the events after the cursor, with `mailEvents` or `changes`. The log of an account that has not been synchronised yet is then read from its beginning.',
  })
  readonly cursor: string;

  constructor(cursor: string) {
    this.cursor = cursor;
  }
}
