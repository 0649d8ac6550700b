import { Field, ObjectType } from 'type-graphql';
import { Cursor } from '../graphql/scalars.ts';
import { SubmissionType } from '../mail/api/submission/submission.type.ts';

@ObjectType({ simpleResolvers: true, description: 'A submission has come further.' })
export class SubmissionChanged {
  @Field(() => Cursor, {
    description: 'Keep the last one you saw, and pass it as after when you subscribe again: no outcome is missed.',
  })
  readonly cursor: string;

  @Field(() => SubmissionType, { description: 'As it is now.' })
  readonly submission: SubmissionType;

  constructor(cursor: string, submission: SubmissionType) {
    this.cursor = cursor;
    this.submission = submission;
  }
}
