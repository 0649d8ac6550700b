import { Field, ID, InputType } from 'type-graphql';
import { MailboxRoleEnum } from '../../accounts/mailbox-role.enum.ts';
import type { MailboxRole } from '../../domain/mailbox.ts';
import { allOf } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { badUserInput } from '../../graphql/bad-user-input.ts';
import { accountId } from '../../graphql/global-id.ts';
import { DateTime } from '../../graphql/scalars.ts';
import { LONGEST_VALUE, requireReasonable } from './search-limits.ts';

const option = { nullable: true } as const;

@InputType({
  description: 'What a list is narrowed to. Fields side by side must all hold; text is compared without case.',
})
export class MessageFilter {
  @Field(() => MailboxRoleEnum, {
    ...option,
    description: 'Lies in the mailbox with this role, in each account that has one.',
  })
  role?: MailboxRole | null;

  @Field(() => ID, { ...option, description: 'Lies in this mailbox; messages of other accounts do not match.' })
  mailbox?: string | null;

  @Field(() => String, { ...option, description: 'Part of the name or address of the sender.' })
  from?: string | null;

  @Field(() => String, { ...option, description: 'Part of a name or address in To, Cc or Bcc.' })
  to?: string | null;

  @Field(() => String, { ...option, description: 'Words of the subject.' })
  subject?: string | null;

  @Field(() => String, { ...option, description: 'Words anywhere: subject, body, names, addresses.' })
  text?: string | null;

  @Field(() => Boolean, { ...option, description: 'Read, or (false) unread.' })
  isRead?: boolean | null;

  @Field(() => Boolean, { ...option, description: 'Starred or flagged, or (false) not.' })
  isStarred?: boolean | null;

  @Field(() => Boolean, { ...option, description: 'Has a file beside its body; inline images do not count.' })
  hasAttachment?: boolean | null;

  @Field(() => DateTime, { ...option, description: 'Received at this moment or later.' })
  receivedAfter?: Date | null;

  @Field(() => DateTime, { ...option, description: 'Received before this moment.' })
  receivedBefore?: Date | null;

  @Field(() => String, { ...option, description: 'The Message-ID header, with or without its angle brackets.' })
  internetMessageId?: string | null;

  @Field(() => [MessageFilter], { ...option, description: 'All of these hold. An empty list says nothing.' })
  and?: MessageFilter[] | null;

  @Field(() => [MessageFilter], {
    ...option,
    description: 'At least one of these holds. With an empty list nothing can match.',
  })
  or?: MessageFilter[] | null;

  @Field(() => MessageFilter, { ...option, description: 'This does not hold.' })
  not?: MessageFilter | null;
}

/** The filter as a condition. Throws BAD_USER_INPUT, naming the field, for what cannot be meant. */
export const filterCondition = (filter: MessageFilter): UserCondition =>
  requireReasonable('filter', conditionOf(filter));

function conditionOf(filter: MessageFilter): UserCondition {
  const parts: UserCondition[] = [];
  if (filter.role) parts.push({ kind: 'role', role: filter.role });
  if (filter.mailbox) {
    accountId(filter.mailbox, 'Mailbox');
    parts.push({ kind: 'mailbox', id: filter.mailbox });
  }
  for (const kind of ['from', 'to', 'subject', 'text', 'internetMessageId'] as const) {
    const value = filter[kind];
    if (value !== undefined && value !== null) parts.push({ kind, value: textOf(kind, value) });
  }
  if (typeof filter.isRead === 'boolean') parts.push({ kind: 'read', value: filter.isRead });
  if (typeof filter.isStarred === 'boolean') parts.push({ kind: 'starred', value: filter.isStarred });
  if (typeof filter.hasAttachment === 'boolean') parts.push({ kind: 'hasAttachment', value: filter.hasAttachment });
  if (filter.receivedAfter) parts.push({ kind: 'receivedAfter', at: filter.receivedAfter });
  if (filter.receivedBefore) parts.push({ kind: 'receivedBefore', at: filter.receivedBefore });
  if (filter.and) parts.push(...filter.and.map(conditionOf));
  if (filter.or) parts.push({ kind: 'or', of: filter.or.map(conditionOf) });
  if (filter.not) parts.push({ kind: 'not', of: conditionOf(filter.not) });
  return allOf(parts);
}

function textOf(field: string, value: string): string {
  const text = field === 'internetMessageId' ? value.trim().replace(/^<|>$/g, '') : value.trim();
  if (text === '') throw badUserInput(`filter.${field} is empty; leave it out instead.`);
  if (text.length > LONGEST_VALUE) {
    throw badUserInput(`filter.${field} may be at most ${LONGEST_VALUE} characters; it has ${text.length}.`);
  }
  return text;
}
