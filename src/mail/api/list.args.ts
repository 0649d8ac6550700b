import { ArgsType, Field, Int } from 'type-graphql';
import { allOf, isEverything } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { Cursor } from '../../graphql/scalars.ts';
import { requireShortText } from '../search/search-limits.ts';
import { parseSearch } from '../search/search-syntax.ts';
import { TimeZone, UTC } from '../search/time-zone.ts';
import { filterCondition, MessageFilter } from './list/message-filter.type.ts';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: 25, description: 'The size of the page, from 1 to 100.' })
  first!: number;

  @Field(() => Cursor, {
    nullable: true,
    description: 'Return the items after this cursor. Default: from the start of the list, the newest.',
  })
  after?: string | null;
}

@ArgsType()
export class ListArgs extends PageArgs {
  @Field(() => MessageFilter, {
    nullable: true,
    description: 'Only items that match this filter. When `search` is also given, both must match.',
  })
  filter?: MessageFilter | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A search. Words and "phrases" match whole words in the subject, names, addresses, the body and the file names of attachments, whatever their case and accents. These operators narrow it: from: to: subject: has:attachment is:read is:unread is:starred is:unstarred is:important is:unimportant in:inbox in:"a name or path" after:2026-11-20 before:2026-11-20T09:30:00Z. Terms side by side must all match; -a means not a, ( ) groups terms, and a b OR c means a and (b or c). Operators of other mail systems (label: cc:), invalid dates, and more than 2,000 characters or 100 different conditions are refused with BAD_USER_INPUT. The file docs/search.md of the gateway has the complete definition.',
  })
  search?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The time zone for dates without a time in after: and before: of `search`: such a day begins at midnight there. An IANA name such as Europe/Berlin. Default: UTC.',
  })
  timeZone?: string | null;
}

/**
 * Filter and search as one condition. Null when neither restricts the list. Throws BAD_USER_INPUT for a condition that is
 * invalid or too large.
 */
export function conditionOf({ filter, search, timeZone }: ListArgs): UserCondition | null {
  // An invalid time zone is reported even when no date depends on it.
  const zone = typeof timeZone === 'string' ? new TimeZone(timeZone) : UTC;
  const parts = [filter ? filterCondition(filter) : null, search ? parseSearch(search, zone) : null].filter(
    (part) => part !== null,
  );
  const condition = allOf(parts.flatMap((part) => (part.kind === 'and' ? part.of : [part])));
  return isEverything(condition) ? null : requireShortText(condition);
}
