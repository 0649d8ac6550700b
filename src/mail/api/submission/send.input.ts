import { Field, ID, InputType, Int } from 'type-graphql';
import { DateTime } from '../../../graphql/scalars.ts';
import type { SendParameters } from '../../submission/send-request.ts';
import { ComposeInput } from '../draft/compose.type.ts';

const optional = { nullable: true } as const;

@InputType({ description: 'The input of `send`: the message to send. Give exactly one of `draft` and `message`.' })
export class SendInput implements SendParameters {
  @Field(() => ID, {
    ...optional,
    description:
      'The draft to send, in the revision that is current at `sendAt`. A draft is sent only once: the code is CONFLICT when it is being sent, or was sent, with another `idempotencyKey`.',
  })
  draft?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'The `Draft.version` that the user has seen. If the draft is changed before it is sent, it is not sent, and the code is CONFLICT. Default: send the revision that is current at `sendAt`.',
  })
  ifVersion?: string | null;

  @Field(() => ComposeInput, { ...optional, description: 'The message to send, when it is not a stored draft.' })
  message?: ComposeInput | null;

  @Field(() => String, {
    description:
      'A string of your choice, different for each message: 1 to 200 visible characters. When the call is repeated with the same key, nothing is sent again, and the same submission is returned.',
  })
  idempotencyKey!: string;

  @Field(() => DateTime, {
    ...optional,
    description: 'When to send the message, at most a year ahead. A time in the past means now. Default: now.',
  })
  sendAt?: Date | null;

  @Field(() => Int, {
    defaultValue: 0,
    description:
      'Hold the message back for this many seconds, 0 to 120. During this time `cancelSubmission` always succeeds.',
  })
  undoSeconds?: number | null;
}

@InputType({ description: 'The input of `cancelSubmission`: the submission to cancel.' })
export class SubmissionInput {
  @Field(() => ID, { description: 'The id of a Submission of yours.' })
  submission!: string;
}
