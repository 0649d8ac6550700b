import { ArgsType, Field, Int } from 'type-graphql';
import { allOf, isEverything } from '../../domain/search/algebra.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { Cursor } from '../../graphql/scalars.ts';
import { filterCondition, MessageFilter } from '../search/message-filter.type.ts';
import { parseSearch } from '../search/search-syntax.ts';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: 25, description: 'How many, from 1 to 100.' })
  first!: number;

  @Field(() => Cursor, { nullable: true, description: 'The cursor to read on behind. Absent: from the newest.' })
  after?: string | null;
}

@ArgsType()
export class ListArgs extends PageArgs {
  @Field(() => MessageFilter, {
    nullable: true,
    description: 'Narrows the list; together with search, both must hold.',
  })
  filter?: MessageFilter | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Words, "phrases" and from: to: subject: has:attachment is:unread is:read is:starred in: after: before:. Side by side all must hold; OR joins its two neighbours, - negates, ( ) group.',
  })
  search?: string | null;
}

/** Filter and search as one condition; null when neither narrows anything. */
export function conditionOf({ filter, search }: ListArgs): UserCondition | null {
  const parts = [filter ? filterCondition(filter) : null, search ? parseSearch(search) : null].filter(
    (part) => part !== null,
  );
  const condition = allOf(parts.flatMap((part) => (part.kind === 'and' ? part.of : [part])));
  return isEverything(condition) ? null : condition;
}
