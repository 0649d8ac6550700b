import { Field, ID, InputType } from 'type-graphql';
import { MailboxRoleEnum } from '../../../accounts/integrations/mailbox-role.enum.ts';
import type { MailboxRole } from '../../../domain/mailbox.ts';
import { allOf } from '../../../domain/search/algebra.ts';
import type { UserCondition } from '../../../domain/search/condition.ts';
import { badUserInput } from '../../../graphql/bad-user-input.ts';
import { accountId } from '../../../graphql/global-id.ts';
import { DateTime } from '../../../graphql/scalars.ts';
import { MAX_VALUE_LENGTH, requireReasonable } from '../../search/search-limits.ts';

const option = { nullable: true } as const;

@InputType({
  description:
    'What a list is narrowed to. Fields side by side must all hold. A text is a phrase: its words, whole, side by side and in this order (cat is not in cats), compared without case, accents, width and ligatures; signs only separate words, and a text without any word matches nothing, and an empty one is BAD_USER_INPUT. At most 50 conditions, 10 deep.',
})
export class MessageFilter {
  @Field(() => MailboxRoleEnum, {
    ...option,
    description:
      'Has this role, in each account: lies in the mailbox for it (or in a folder inside of the trash or the junk), or, for STARRED, IMPORTANT, ALL and an ARCHIVE that is no mailbox, is what MailboxRole says. Only TRASH and JUNK bring in what lies there.',
  })
  role?: MailboxRole | null;

  @Field(() => ID, {
    ...option,
    description:
      'Lies in this mailbox; messages of other accounts do not match. Naming the trash or the junk, un-negated, brings in what lies there.',
  })
  mailbox?: string | null;

  @Field(() => String, {
    ...option,
    description:
      'A phrase in the name or in the address of From or Sender. A full address (ada@example.org, <ada@example.org>, Ada <ada@example.org>) means that address, without case but with its accents, and no longer one.',
  })
  from?: string | null;

  @Field(() => String, {
    ...option,
    description: 'A phrase in one name or in one address of To, Cc or Bcc; a full address as in from.',
  })
  to?: string | null;

  @Field(() => String, { ...option, description: 'A phrase in the subject.' })
  subject?: string | null;

  @Field(() => String, {
    ...option,
    description:
      'A phrase in the subject, a name or address of From, Sender, To, Cc or Bcc, the body as text, or the name of an attachment. The index of the provider decides (INDEXED).',
  })
  text?: string | null;

  @Field(() => Boolean, { ...option, description: 'Read, or (false) unread.' })
  isRead?: boolean | null;

  @Field(() => Boolean, { ...option, description: 'Starred or flagged, or (false) not.' })
  isStarred?: boolean | null;

  @Field(() => Boolean, {
    ...option,
    description: "Important by Gmail's label or Outlook's high importance, or (false) not.",
  })
  isImportant?: boolean | null;

  @Field(() => Boolean, {
    ...option,
    description: 'Has a file beside its body; images that its HTML shows do not count.',
  })
  hasAttachment?: boolean | null;

  @Field(() => DateTime, { ...option, description: 'Received (receivedAt, as it is shown) at this moment or later.' })
  receivedAfter?: Date | null;

  @Field(() => DateTime, { ...option, description: 'Received (receivedAt, as it is shown) before this moment.' })
  receivedBefore?: Date | null;

  @Field(() => String, {
    ...option,
    description: 'The whole Message-ID header, with or without its angle brackets, compared without case.',
  })
  internetMessageId?: string | null;

  @Field(() => [MessageFilter], { ...option, description: 'All of these hold. An empty list says nothing.' })
  and?: MessageFilter[] | null;

  @Field(() => [MessageFilter], {
    ...option,
    description: 'At least one of these holds. With an empty list nothing can match.',
  })
  or?: MessageFilter[] | null;

  @Field(() => MessageFilter, {
    ...option,
    description:
      'This does not hold: of the same list, the messages that are left without it (under FILTERED, but for what the search of the provider did not bring).',
  })
  not?: MessageFilter | null;
}

/** The filter as a condition. Throws BAD_USER_INPUT, naming the field, for what cannot be meant. */
export const filterCondition = (filter: MessageFilter): UserCondition => requireReasonable(conditionOf(filter));

function conditionOf(filter: MessageFilter): UserCondition {
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
  if (filter.and) parts.push(...filter.and.map(conditionOf));
  if (filter.or) parts.push({ kind: 'or', of: filter.or.map(conditionOf) });
  if (filter.not) parts.push({ kind: 'not', of: conditionOf(filter.not) });
  return allOf(parts);
}

function textOf(field: string, value: string): string {
  const text = field === 'internetMessageId' ? value.trim().replace(/^<|>$/g, '').trim() : value.trim();
  if (text === '') throw badUserInput(`filter.${field} is empty; leave it out instead.`);
  if (text.length > MAX_VALUE_LENGTH) {
    throw badUserInput(`filter.${field} may be at most ${MAX_VALUE_LENGTH} characters; it has ${text.length}.`);
  }
  return text;
}
