import { Field, ID, InputType } from 'type-graphql';
import { MailboxRoleEnum } from '../../../accounts/api/integration/mailbox-role.enum.ts';
import { badInput } from '../../../domain/error.ts';
import { accountId } from '../../../domain/global-id.ts';
import type { MailboxRole } from '../../../domain/mailbox.ts';
import { allOf } from '../../../domain/search/algebra.ts';
import type { UserCondition } from '../../../domain/search/condition.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import { MAX_VALUE_LENGTH, requireReasonable } from '../../search/search-limits.ts';

const option = { nullable: true } as const;

@InputType({
  description:
    'A condition on messages. When several fields are given, all of them must match. A text value is a phrase: its words must occur as whole words, adjacent and in this order (cat does not match cats). Words are compared without regard to case, accents, width and ligatures. Punctuation and symbols only separate words. A text without any word matches nothing. An empty text is refused with BAD_USER_INPUT, as are more than 50 conditions and a nesting deeper than 10.',
})
export class MessageFilter {
  @Field(() => MailboxRoleEnum, {
    ...option,
    description:
      'The message is in the mailbox with this role, in any account. TRASH and JUNK also match messages in folders inside the trash or junk. STARRED, IMPORTANT and ALL are not mailboxes in every account: MailboxRole says which messages they match. It says the same for ARCHIVE in an account without an archive mailbox. Messages in the trash or junk are listed only for TRASH and JUNK.',
  })
  role?: MailboxRole | null;

  @Field(() => ID, {
    ...option,
    description:
      'The message is in this mailbox. Messages of other accounts do not match. If the mailbox is the trash or junk, its messages are listed, unless the condition is negated.',
  })
  mailbox?: string | null;

  @Field(() => String, {
    ...option,
    description:
      'A phrase in the name or in the address of From or Sender. A full address matches only this address, without regard to case but with its accents. It can be written as ada@example.org, <ada@example.org> or Ada <ada@example.org>.',
  })
  from?: string | null;

  @Field(() => String, {
    ...option,
    description: 'A phrase in one name or in one address of To, Cc or Bcc. A full address matches as in `from`.',
  })
  to?: string | null;

  @Field(() => String, { ...option, description: 'A phrase in the subject.' })
  subject?: string | null;

  @Field(() => String, {
    ...option,
    description:
      "A phrase in the subject, in a name or address of From, Sender, To, Cc or Bcc, in the text of the body, or in the file name of an attachment. The provider's search index decides which messages match: the evaluation is INDEXED.",
  })
  text?: string | null;

  @Field(() => Boolean, { ...option, description: 'True: the message is read. False: it is unread.' })
  isRead?: boolean | null;

  @Field(() => Boolean, { ...option, description: 'True: the message is starred or flagged. False: it is not.' })
  isStarred?: boolean | null;

  @Field(() => Boolean, {
    ...option,
    description: "Whether the message is important: Gmail's Important label, Outlook's high importance.",
  })
  isImportant?: boolean | null;

  @Field(() => Boolean, {
    ...option,
    description: 'Whether the message has an attachment. Images that its HTML shows do not count.',
  })
  hasAttachment?: boolean | null;

  @Field(() => DateTime, { ...option, description: '`receivedAt` is at or after this time.' })
  receivedAfter?: Date | null;

  @Field(() => DateTime, { ...option, description: '`receivedAt` is before this time.' })
  receivedBefore?: Date | null;

  @Field(() => String, {
    ...option,
    description: 'The complete Message-ID header, with or without angle brackets, compared case-insensitively.',
  })
  internetMessageId?: string | null;

  @Field(() => [MessageFilter], { ...option, description: 'All of these must match. An empty list has no effect.' })
  and?: MessageFilter[] | null;

  @Field(() => [MessageFilter], {
    ...option,
    description: 'At least one of these must match. An empty list matches nothing.',
  })
  or?: MessageFilter[] | null;

  @Field(() => MessageFilter, {
    ...option,
    description:
      "Only messages that do not match this condition. When the evaluation is FILTERED, messages that the provider's search should have returned and did not are missing here too.",
  })
  not?: MessageFilter | null;
}

/** The filter as a condition. Throws BAD_USER_INPUT, naming the field, for an invalid value. */
export const filterCondition = (filter: MessageFilter): UserCondition => requireReasonable(conditionOfFilter(filter));

function conditionOfFilter(filter: MessageFilter): UserCondition {
  const parts: UserCondition[] = [];
  if (filter.role) parts.push({ kind: 'role', role: filter.role });
  if (typeof filter.mailbox === 'string') {
    accountId(filter.mailbox, 'Mailbox');
    parts.push({ kind: 'mailbox', id: filter.mailbox });
  }
  for (const kind of ['from', 'to', 'subject', 'text', 'internetMessageId'] as const) {
    const value = filter[kind];
    if (value !== undefined && value !== null) parts.push({ kind, value: textOf(kind, value) });
  }
  if (typeof filter.isRead === 'boolean') parts.push({ kind: 'read', value: filter.isRead });
  if (typeof filter.isStarred === 'boolean') parts.push({ kind: 'starred', value: filter.isStarred });
  if (typeof filter.isImportant === 'boolean') parts.push({ kind: 'important', value: filter.isImportant });
  if (typeof filter.hasAttachment === 'boolean') parts.push({ kind: 'hasAttachment', value: filter.hasAttachment });
  if (filter.receivedAfter) parts.push({ kind: 'receivedAfter', at: filter.receivedAfter });
  if (filter.receivedBefore) parts.push({ kind: 'receivedBefore', at: filter.receivedBefore });
  if (filter.and) parts.push(...filter.and.map(conditionOfFilter));
  if (filter.or) parts.push({ kind: 'or', of: filter.or.map(conditionOfFilter) });
  if (filter.not) parts.push({ kind: 'not', of: conditionOfFilter(filter.not) });
  return allOf(parts);
}

function textOf(field: string, value: string): string {
  const text = field === 'internetMessageId' ? value.trim().replace(/^<|>$/g, '').trim() : value.trim();
  if (text === '') throw badInput(`filter.${field} is empty; leave it out instead.`);
  if (text.length > MAX_VALUE_LENGTH) {
    throw badInput(`filter.${field} may be at most ${MAX_VALUE_LENGTH} characters; it has ${text.length}.`);
  }
  return text;
}
