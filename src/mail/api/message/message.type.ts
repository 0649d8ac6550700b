import { Field, Int, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import type { Address } from '../../../domain/address.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Message } from '../../../domain/message.ts';
import { encodeId } from '../../../graphql/global-id.ts';
import { Sized } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import type { Account } from '../../account.ts';
import { MailboxType } from '../mailbox/mailbox.type.ts';
import { AddressType } from './address.type.ts';

const optional = { nullable: true } as const;

@ObjectType('Message', {
  implements: Node,
  simpleResolvers: true,
  description: 'One mail. Nothing in it changes but its mailboxes and flags.',
})
export class MessageType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: Account,
    readonly message: Message,
  ) {
    super(encodeId('Message', account.id, message.id));
  }

  @Field(() => String, {
    description:
      'Decoded, on one line: control characters are blanks, and what changes the direction of text is left out. Empty when the sender wrote none.',
  })
  get subject(): string {
    return this.message.subject;
  }

  @Field(() => String, {
    description:
      "The first words, on one line, for a list: the provider's own preview, which may begin with a preheader that the mail hides. Where the body is read too and that preview is empty or shows what is hidden, it is made of the text. Plain text: escape it for HTML.",
  })
  get snippet(): string {
    return this.message.snippet;
  }

  @Field(() => AddressType, { ...optional, description: 'Whom it claims to be from. Null when the header is missing.' })
  get from(): Address | null {
    return this.message.from;
  }

  @Field(() => AddressType, { ...optional, description: 'Who sent it on behalf of from; often null or the same.' })
  get sender(): Address | null {
    return this.message.sender;
  }

  @Sized({ assumed: 10 })
  @Field(() => [AddressType], { description: 'Those it is addressed to.' })
  get to(): readonly Address[] {
    return this.message.to;
  }

  @Sized({ assumed: 10 })
  @Field(() => [AddressType], { description: 'Those who get a copy for everyone to see.' })
  get cc(): readonly Address[] {
    return this.message.cc;
  }

  @Sized({ assumed: 10 })
  @Field(() => [AddressType], {
    description: 'Those who get a hidden copy; known only of mail that the account itself sent.',
  })
  get bcc(): readonly Address[] {
    return this.message.bcc;
  }

  @Sized({ assumed: 10 })
  @Field(() => [AddressType], { description: 'Where a reply should go, when not to from.' })
  get replyTo(): readonly Address[] {
    return this.message.replyTo;
  }

  @Field(() => DateTime, {
    ...optional,
    description:
      'The Date header: what the sender claims. When it is absent or unreadable: null, or what the provider put in its place.',
  })
  get sentAt(): Date | null {
    return this.message.sentAt;
  }

  @Field(() => DateTime, { description: 'When the provider took it in. Lists are ordered by it.' })
  get receivedAt(): Date {
    return this.message.receivedAt;
  }

  @Field(() => Boolean, { description: 'Seen by the user, here or in any other client.' })
  get isRead(): boolean {
    return this.message.isRead;
  }

  @Field(() => Boolean, { description: 'Starred, or flagged for follow-up, in the words of the provider.' })
  get isStarred(): boolean {
    return this.message.isStarred;
  }

  @Field(() => Boolean, { description: 'Not sent yet.' })
  get isDraft(): boolean {
    return this.message.isDraft;
  }

  @Field(() => Boolean, {
    description: 'Marked as important, by the sender, the provider or the user: whom, differs by provider.',
  })
  get isImportant(): boolean {
    return this.message.isImportant;
  }

  @Field(() => Boolean, { ...optional, description: 'Null where the provider does not tell.' })
  get isAnswered(): boolean | null {
    return this.message.isAnswered;
  }

  @Field(() => Boolean, {
    ...optional,
    description:
      'For the paper clip in a list; null where only reading the whole message would tell. A null takes back nothing: let a store keep the value that it has, as Apollo Client does with merge: (known, told) => told ?? known; or select attachments instead, which are the same wherever they are read.',
  })
  get hasAttachments(): boolean | null {
    return this.message.content
      ? this.message.content.attachments.some((attachment) => !attachment.isInline)
      : this.message.hasAttachments;
  }

  @Field(() => String, {
    ...optional,
    description: 'The Message-ID header, without angle brackets. Not an id of this API.',
  })
  get internetMessageId(): string | null {
    return this.message.internetMessageId;
  }

  @Field(() => Int, { ...optional, description: 'About what it takes at the provider, in bytes.' })
  get sizeBytes(): number | null {
    const { sizeBytes } = this.message;
    return sizeBytes === null ? null : Math.min(sizeBytes, 2 ** 31 - 1);
  }

  // These two are here and not in the resolver: a list asks them of each message, and a getter costs the least.

  @Field(() => IntegrationType, { description: 'The account that it is in.' })
  get integration(): IntegrationType {
    return new IntegrationType(this.account.integration);
  }

  @Sized({ assumed: 5 })
  @Field(() => [MailboxType], { ...optional, description: 'Where it lies: one folder, or any number of labels.' })
  get mailboxes(): readonly MailboxType[] | Promise<readonly MailboxType[]> {
    const mailboxes = this.account.mailboxes.some(this.message.mailboxIds);
    return mailboxes instanceof Promise
      ? mailboxes.then((known) => typed(this.account, known))
      : typed(this.account, mailboxes);
  }
}

const typed = (account: Account, mailboxes: readonly Mailbox[]): readonly MailboxType[] =>
  mailboxes.map((mailbox) => MailboxType.of(account, mailbox));
