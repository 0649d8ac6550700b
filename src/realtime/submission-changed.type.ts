import { Field, ObjectType } from 'type-graphql';
import { Cursor } from '../graphql/scalars.ts';
import { SubmissionType } from '../mail/api/submission/submission.type.ts';

@ObjectType({ simpleResolvers: true, description: 'The event of a submission whose state has changed.' })
export class SubmissionChanged {
  @Field(() => Cursor, {
    description:
      'The position of this event. Keep the latest one, and pass it as `after` when you subscribe again: then no outcome of a submission is missed, however long ago it was.',
  })
  readonly cursor: string;

  @Field(() => SubmissionType, { description: 'The submission in its current state.' })
  readonly submission: SubmissionType;

  constructor(cursor: string, submission: SubmissionType) {
    this.cursor = cursor;
    this.submission = submission;
  }
}
