import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { accountId, singleId } from '../../../domain/global-id.ts';
import { requirePrincipal } from '../../../graphql/caller.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { userErrorOf } from '../../../graphql/errors/user-error.type.ts';
import { withErrorField } from '../../account/input-error.ts';
import type { SubmissionRecord } from '../../submission/submission.ts';
import type { Submissions } from '../../submission/submissions.ts';
import type { MailOf } from '../mail-of.ts';
import { MessageType } from '../message/message.type.ts';
import { SendInput, SubmissionInput } from './send.input.ts';
import { SubmissionPayload, SubmissionType } from './submission.type.ts';

@Resolver(() => SubmissionType)
export class SubmissionResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly submissions: Submissions,
  ) {}

  @Dated()
  @FieldResolver(() => IntegrationType, { description: 'The account that it is sent from.' })
  integration(@Root() { account }: SubmissionType): IntegrationType {
    return new IntegrationType(account.integration);
  }

  @Dated()
  @FieldResolver(() => MessageType, {
    nullable: true,
    description:
      'The copy in the sent mailbox. Null before the message is sent. At Outlook it can also be null for some minutes afterwards, until the copy is found. A `submissionChanged` without `id` then reports it.',
  })
  async message(@Root() { account, record }: SubmissionType): Promise<MessageType | null> {
    return record.messageId === null
      ? null
      : new MessageType(account, await account.messages.envelope(record.messageId));
  }

  @Mutation(() => SubmissionPayload, {
    description:
      'Sends a message exactly once, now or later. When you did not get the answer, repeat the call with the same `idempotencyKey`. A message that is sent now has its final status in the answer, if that is known within seconds. Otherwise the status is SENDING, and `submissionChanged` reports the outcome.',
  })
  send(
    @Arg('input', () => SendInput, { description: 'The message, and when to send it.' }) input: SendInput,
    @Ctx() context: Context,
  ): Promise<SubmissionPayload> {
    if (input.message?.draft != null) requireDraftId(context, input.message.draft);
    return this.payload(context, async () => {
      return this.submissions.send(this.mailOf(context), input);
    });
  }

  @Mutation(() => SubmissionPayload, {
    description:
      'Cancels a submission that has not been sent yet, and deletes what was stored for it at the provider. The code is CONFLICT when sending has begun: a submission is either sent or cancelled, never both. Cancelling again has no further effect.',
  })
  cancelSubmission(
    @Arg('input', () => SubmissionInput, { description: 'The submission to cancel.' }) { submission }: SubmissionInput,
    @Ctx() context: Context,
  ): Promise<SubmissionPayload> {
    return this.payload(context, async () => {
      const { userId } = this.mailOf(context);
      const id = await withErrorField(['input', 'submission'], () => singleId(submission, 'Submission'));
      return this.submissions.cancel(userId, id);
    });
  }

  private async payload(context: Context, work: () => Promise<SubmissionRecord>): Promise<SubmissionPayload> {
    try {
      const record = await work();
      const account = await this.mailOf(context).find(record.integrationId);
      return new SubmissionPayload(account && new SubmissionType(account, record));
    } catch (error) {
      return new SubmissionPayload(null, [userErrorOf(error)]);
    }
  }
}

/** An invalid id of the draft to revise is an error of the field, and not a userError. */
function requireDraftId(context: Context, id: string): void {
  requirePrincipal(context);
  accountId(id, 'Draft');
}
