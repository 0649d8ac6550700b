import { Field, ID, InputType, Int } from 'type-graphql';
import { DateTime } from '../../../graphql/scalars.ts';
import { ComposeInput } from '../draft/compose.type.ts';

const optional = { nullable: true } as const;

@InputType({ description: 'What to send, once: exactly one of draft and message.' })
export class SendInput {
  @Field(() => ID, {
    ...optional,
    description:
      'A draft, sent as it stands when its time has come. It is sent once: CONFLICT when another idempotencyKey sends it or has sent it.',
  })
  draft?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'The version of that draft that was seen. When it was changed since, now or before its time has come, it is not sent: CONFLICT. Left out: send whatever it says by then.',
  })
  ifVersion?: string | null;

  @Field(() => ComposeInput, { ...optional, description: 'A message that is written for this.' })
  message?: ComposeInput | null;

  @Field(() => String, {
    description:
      'Yours, 1 to 200 visible characters, another one for each message. Repeating a call with the same key sends nothing again and answers with the same submission.',
  })
  idempotencyKey!: string;

  @Field(() => DateTime, {
    ...optional,
    description: 'Not before this, up to a year ahead. Left out, or in the past: now.',
  })
  sendAt?: Date | null;

  @Field(() => Int, {
    defaultValue: 0,
    description: 'Hold it back for so long, 0 to 120, in which cancelSubmission is sure to find it unsent.',
  })
  undoSeconds?: number | null;
}

@InputType({ description: 'Which submission.' })
export class SubmissionInput {
  @Field(() => ID, { description: 'One of yours.' })
  submission!: string;
}
