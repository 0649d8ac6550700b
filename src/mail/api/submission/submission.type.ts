import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, edgeType } from '../../../graphql/connection.ts';
import { encodeId } from '../../../graphql/global-id.ts';
import { Sized } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import { Problem } from '../../../graphql/problem.type.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import { UserError } from '../../../graphql/user-error.type.ts';
import type { Account } from '../../account.ts';
import type { SubmissionRecord, SubmissionStatus } from '../../submission/submission.ts';

export const SubmissionStatusEnum = {
  SCHEDULED: 'SCHEDULED',
  SENDING: 'SENDING',
  SENT: 'SENT',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
  UNKNOWN: 'UNKNOWN',
} as const;
registerEnumType(SubmissionStatusEnum, {
  name: 'SubmissionStatus',
  description: 'How far a submission has come.',
  valuesConfig: {
    SCHEDULED: { description: 'It waits for sendAt, and can be cancelled.' },
    SENDING: {
      description:
        'Under way, or waiting to be tried again: then problem says why, for up to a day. submissionChanged tells how it ends.',
    },
    SENT: { description: 'The provider has taken it.' },
    FAILED: { description: 'It was not sent, and will not be; problem says why.' },
    CANCELLED: { description: 'It was cancelled before the provider was told to send it.' },
    UNKNOWN: {
      description:
        'The provider cannot say whether it went; so it ends too when it was taken up only long after it was due and is found nowhere. It is not sent again by itself, so that nobody gets it twice.',
    },
  },
});

@ObjectType('Submission', {
  implements: Node,
  simpleResolvers: true,
  description: 'One attempt to send, with a status that survives restarts.',
})
export class SubmissionType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: Account,
    readonly record: SubmissionRecord,
  ) {
    super(encodeId('Submission', record.id));
  }

  @Field(() => SubmissionStatusEnum, { description: 'How far it has come.' })
  get status(): SubmissionStatus {
    return this.record.status;
  }

  @Field(() => DateTime, { description: 'When it is, or was, due to be sent.' })
  get sendAt(): Date {
    return this.record.sendAt;
  }

  @Field(() => Int, { description: 'How often the provider was told to send it.' })
  get attempts(): number {
    return this.record.attempts;
  }

  @Field(() => Problem, {
    nullable: true,
    description: 'Why it is FAILED or UNKNOWN; while it is SENDING, what it waits for.',
  })
  get problem(): Problem | null {
    const { problem, dueAt, status } = this.record;
    return problem && new Problem(problem.code, problem.message, status === 'SENDING' ? dueAt : null);
  }

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until then it is held back for you to cancel; null when it was sent without undoSeconds.',
  })
  get undoUntil(): Date | null {
    return this.record.undoUntil;
  }
}

const SubmissionEdge = edgeType('Submission', () => SubmissionType);

@ObjectType('SubmissionConnection', {
  simpleResolvers: true,
  description: 'A page of submissions, the one made last first.',
})
export class SubmissionConnection extends connectionType('Submission', () => SubmissionType, SubmissionEdge) {
  static edge(submission: SubmissionType, place: () => string) {
    return new SubmissionEdge(submission, place);
  }
}

@ObjectType({ simpleResolvers: true, description: 'What became of the sending.' })
export class SubmissionPayload {
  @Field(() => SubmissionType, {
    nullable: true,
    description: 'Null when the input is at fault; then nothing was done.',
  })
  readonly submission: SubmissionType | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input.' })
  readonly userErrors: readonly UserError[];

  constructor(submission: SubmissionType | null, userErrors: readonly UserError[] = []) {
    this.submission = submission;
    this.userErrors = userErrors;
  }
}
