import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { encodeId } from '../../../domain/global-id.ts';
import { connectionType, edgeType } from '../../../graphql/connection.ts';
import { Problem } from '../../../graphql/errors/problem.type.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import type { MailAccount } from '../../account/mail-account.ts';
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
  description: 'The state of a submission.',
  valuesConfig: {
    SCHEDULED: { description: 'It is waiting for `sendAt`, and can be cancelled.' },
    SENDING: {
      description:
        'It is being sent, or waits to be tried again, for up to a day. While it waits, `problem` says why. `submissionChanged` reports the outcome.',
    },
    SENT: { description: 'The provider has accepted the message.' },
    FAILED: { description: 'It was not sent and will not be. `problem` says why.' },
    CANCELLED: { description: 'It was cancelled before the provider was asked to send it.' },
    UNKNOWN: {
      description:
        'It is not known whether the message was sent. Either the provider cannot say, or the gateway resumed the submission long after it was due and did not find the message. It is not sent again automatically, so that nobody receives it twice.',
    },
  },
});

@ObjectType('Submission', {
  implements: Node,
  simpleResolvers: true,
  description:
    'The sending of one message (EmailSubmission in JMAP). Its status is stored and survives restarts of the gateway.',
})
export class SubmissionType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: MailAccount,
    readonly record: SubmissionRecord,
  ) {
    super(encodeId('Submission', record.id));
  }

  @Field(() => SubmissionStatusEnum, { description: 'The state of the submission.' })
  get status(): SubmissionStatus {
    return this.record.status;
  }

  @Field(() => DateTime, { description: 'When it is, or was, due to be sent.' })
  get sendAt(): Date {
    return this.record.sendAt;
  }

  @Field(() => Int, { description: 'How many times the provider was asked to send it.' })
  get attempts(): number {
    return this.record.attempts;
  }

  @Field(() => Problem, {
    nullable: true,
    description:
      'Why the status is FAILED or UNKNOWN, or why the next attempt is delayed while the status is SENDING. Otherwise null.',
  })
  get problem(): Problem | null {
    const { problem, dueAt, status } = this.record;
    return problem && new Problem(problem.code, problem.message, status === 'SENDING' ? dueAt : null);
  }

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The message is held back until this time, so that it can be cancelled. Null when `undoSeconds` was not given.',
  })
  get undoUntil(): Date | null {
    return this.record.undoUntil;
  }
}

const SubmissionEdge = edgeType('Submission', () => SubmissionType);

@ObjectType('SubmissionConnection', {
  simpleResolvers: true,
  description: 'A page of submissions, the most recently created first.',
})
export class SubmissionConnection extends connectionType('Submission', () => SubmissionType, SubmissionEdge) {
  static edge(submission: SubmissionType, cursor: () => string) {
    return new SubmissionEdge(submission, cursor);
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `send` and `cancelSubmission`.' })
export class SubmissionPayload {
  @Field(() => SubmissionType, {
    nullable: true,
    description: 'The submission. Null when there are userErrors: then nothing was done.',
  })
  readonly submission: SubmissionType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input.' })
  readonly userErrors: readonly UserError[];

  constructor(submission: SubmissionType | null, userErrors: readonly UserError[] = []) {
    this.submission = submission;
    this.userErrors = userErrors;
  }
}
