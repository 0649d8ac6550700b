import { Field, ID, ObjectType } from 'type-graphql';
import { encodeId } from '../domain/global-id.ts';
import type { ChangeDetail } from '../providers/contract/change-detail.ts';

@ObjectType({
  simpleResolvers: true,
  description:
    'What has changed about a message. A field is null when the provider did not report it as changed. Some of the reported values may be unchanged.',
})
export class MessageUpdate {
  @Field(() => Boolean, { nullable: true, description: '`Message.isRead` after the change.' })
  readonly isRead: boolean | null;

  @Field(() => Boolean, { nullable: true, description: '`Message.isStarred` after the change.' })
  readonly isStarred: boolean | null;

  @Field(() => Boolean, { nullable: true, description: '`Message.isImportant` after the change.' })
  readonly isImportant: boolean | null;

  @Field(() => Boolean, { nullable: true, description: '`Message.isDraft` after the change.' })
  readonly isDraft: boolean | null;

  @Field(() => [ID], {
    nullable: true,
    description:
      'The ids of all mailboxes that the message is in after the change, where the provider reports the result of a change.',
  })
  readonly mailboxIds: readonly string[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'The ids of the mailboxes that it was added to, where the provider reports the difference.',
  })
  readonly mailboxIdsAdded: readonly string[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'The ids of the mailboxes that it was removed from, where the provider reports the difference.',
  })
  readonly mailboxIdsRemoved: readonly string[] | null;

  constructor(integrationId: string, detail: ChangeDetail) {
    const idsOf = (ids: readonly string[] | undefined) =>
      ids?.map((id) => encodeId('Mailbox', integrationId, id)) ?? null;
    this.isRead = detail.isRead ?? null;
    this.isStarred = detail.isStarred ?? null;
    this.isImportant = detail.isImportant ?? null;
    this.isDraft = detail.isDraft ?? null;
    this.mailboxIds = idsOf(detail.mailboxIds);
    this.mailboxIdsAdded = idsOf(detail.mailboxIdsAdded);
    this.mailboxIdsRemoved = idsOf(detail.mailboxIdsRemoved);
  }
}
