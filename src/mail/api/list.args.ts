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
      'A search: words, "phrases", and the operators from: to: subject: has:attachment is:unread is:read is:starred is:unstarred is:important is:unimportant in:inbox in:"a name or path" after:2026-11-20 before:2026-11-20T09:30:00Z. Terms side by side must all match. OR joins the two terms next to it and takes precedence: a b OR c means a and (b or c). - negates the term directly after it; ( ) group terms. Only whole words match, without regard to case, accents, width and ligatures. Punctuation and symbols separate words and are otherwise ignored (C++ is c). Each character of Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese is a word. Pasted text is searched for as it is; operators of other mail systems, such as label: or cc:, are BAD_USER_INPUT. At most 2,000 characters and 100 different conditions.',
  })
  search?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The time zone in which the dates of after: and before: in `search` begin at midnight: an IANA name such as Europe/Berlin. Default: UTC. It has no effect on values with a time.',
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
