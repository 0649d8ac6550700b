import { Field, Int, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import type { Address } from '../../../domain/address.ts';
import { encodeId } from '../../../domain/global-id.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Message } from '../../../domain/message.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import { MailboxType } from '../mailbox/mailbox.type.ts';
import { AddressType } from './address.type.ts';

const optional = { nullable: true } as const;

@ObjectType('Message', {
  implements: Node,
  simpleResolvers: true,
  description:
    'One message (RFC 5322). Only its mailboxes and flags can change. The content of a draft also changes, with each revision.',
})
export class MessageType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: MailAccount,
    readonly message: Message,
  ) {
    super(encodeId('Message', account.id, message.id));
  }

  @Field(() => String, {
    description:
      'The Subject header, decoded, on one line. Control characters are replaced by spaces, and characters that change the direction of text are removed. Empty when there is no subject.',
  })
  get subject(): string {
    return this.message.subject;
  }

  @Field(() => String, {
    description:
      "The beginning of the message on one line, for lists. Plain text: escape it for HTML. It is the provider's preview, which may begin with preheader text that the message hides. If you also select the body, and the preview is empty or shows hidden text, the snippet is made from the body's text instead.",
  })
  get snippet(): string {
    return this.message.snippet;
  }

  @Field(() => AddressType, {
    ...optional,
    description: 'The From header, as the sender claims. Null when the header is missing.',
  })
  get from(): Address | null {
    return this.message.from;
  }

  @Field(() => AddressType, {
    ...optional,
    description: 'The Sender header: who sent the message on behalf of `from`. Often null, or equal to `from`.',
  })
  get sender(): Address | null {
    return this.message.sender;
  }

  @ListSizeHint({ assumed: 10 })
  @Field(() => [AddressType], { description: 'The To recipients.' })
  get to(): readonly Address[] {
    return this.message.to;
  }

  @ListSizeHint({ assumed: 10 })
  @Field(() => [AddressType], { description: 'The Cc recipients.' })
  get cc(): readonly Address[] {
    return this.message.cc;
  }

  @ListSizeHint({ assumed: 10 })
  @Field(() => [AddressType], {
    description: 'The Bcc recipients. Known only for messages that the account itself sent.',
  })
  get bcc(): readonly Address[] {
    return this.message.bcc;
  }

  @ListSizeHint({ assumed: 10 })
  @Field(() => [AddressType], {
    description: 'The Reply-To header: where replies should go. Empty when they should go to `from`.',
  })
  get replyTo(): readonly Address[] {
    return this.message.replyTo;
  }

  @Field(() => DateTime, {
    ...optional,
    description:
      'The Date header, as the sender claims. When the header is missing or unreadable: null, or the value that the provider uses instead.',
  })
  get sentAt(): Date | null {
    return this.message.sentAt;
  }

  @Field(() => DateTime, { description: 'When the provider received the message. Lists are ordered by it.' })
  get receivedAt(): Date {
    return this.message.receivedAt;
  }

  @Field(() => Boolean, { description: 'Whether the user has read it, in this or any other client.' })
  get isRead(): boolean {
    return this.message.isRead;
  }

  @Field(() => Boolean, { description: 'Whether it is starred (Gmail) or flagged for follow-up (Outlook).' })
  get isStarred(): boolean {
    return this.message.isStarred;
  }

  @Field(() => Boolean, { description: 'Whether it is a draft, a message that has not been sent yet.' })
  get isDraft(): boolean {
    return this.message.isDraft;
  }

  @Field(() => Boolean, {
    description:
      'Whether it is marked as important. At Gmail: whether Gmail or the user has given it the label Important. At Outlook: whether it has high importance, which the sender chooses and the user can change.',
  })
  get isImportant(): boolean {
    return this.message.isImportant;
  }

  @Field(() => Boolean, {
    ...optional,
    description:
      'Whether it has been replied to. Null where the provider does not say. No provider announces it, so it may be up to five minutes old.',
  })
  get isAnswered(): boolean | null {
    return this.message.isAnswered;
  }

  @Field(() => Boolean, {
    ...optional,
    description:
      'Whether to show an attachment icon in a list. Null when it is not known without reading the whole message. Keep your cached value when this is null: in Apollo Client, with merge: (existing, incoming) => incoming ?? existing. Or select `attachments`, which has the same value in lists and elsewhere.',
  })
  get hasAttachments(): boolean | null {
    return this.message.content
      ? this.message.content.attachments.some((attachment) => !attachment.isInline)
      : this.message.hasAttachments;
  }

  @Field(() => String, {
    ...optional,
    description:
      'The Message-ID header, without angle brackets. It is not an id of this API. Null when the header is missing.',
  })
  get internetMessageId(): string | null {
    return this.message.internetMessageId;
  }

  @Field(() => Int, {
    ...optional,
    description: 'The approximate size at the provider, in bytes. Null where the provider does not report it.',
  })
  get sizeBytes(): number | null {
    const { sizeBytes } = this.message;
    return sizeBytes === null ? null : Math.min(sizeBytes, 2 ** 31 - 1);
  }

  // These two are getters and not in the resolver because a list resolves them for each message, and a getter is the
  // fastest way.

  @Field(() => IntegrationType, { description: 'The account that it belongs to.' })
  get integration(): IntegrationType {
    return new IntegrationType(this.account.integration);
  }

  @ListSizeHint({ assumed: 5 })
  @Field(() => [MailboxType], {
    ...optional,
    description:
      'The mailboxes that it is in: one folder, or any number of labels. Outlook keeps the name of a category on messages that the list of categories does not have, for example because it was deleted there. It is a label without a color here and in `node(id:)`, and is not among `Integration.mailboxes`.',
  })
  get mailboxes(): readonly MailboxType[] | Promise<readonly MailboxType[]> {
    const mailboxes = this.account.mailboxes.some(this.message.mailboxIds);
    return mailboxes instanceof Promise
      ? mailboxes.then((known) => typed(this.account, known))
      : typed(this.account, mailboxes);
  }
}

const typed = (account: MailAccount, mailboxes: readonly Mailbox[]): readonly MailboxType[] =>
  mailboxes.map((mailbox) => MailboxType.of(account, mailbox));
