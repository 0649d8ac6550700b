import type { Logger } from 'pino';
import { Field, ObjectType } from 'type-graphql';
import type { Thread } from '../../../domain/thread.ts';
import { connectionType, type EdgeOf, edgeType, type PageInfo } from '../../../graphql/connection.ts';
import { ASSUMED_ACCOUNTS, ListSizeHint } from '../../../graphql/list-size.ts';
import type { ListPage } from '../../list/unified-list.ts';
import { pageInfoOf } from '../page-info.ts';
import { SourceType } from '../source.type.ts';
import { ThreadType } from './thread.type.ts';

const nullable = { nullableNodes: true };
const ThreadEdge = edgeType('Thread', () => ThreadType, nullable);

@ObjectType('ThreadConnection', {
  simpleResolvers: true,
  description: 'A page of threads, the one with the newest message first.',
})
export class ThreadConnection extends connectionType('Thread', () => ThreadType, ThreadEdge, nullable) {
  @ListSizeHint({ assumed: ASSUMED_ACCOUNTS })
  @Field(() => [SourceType], {
    description: 'Whether each account returned everything. Check this before you treat a short page as complete.',
  })
  readonly sources: readonly SourceType[];

  constructor(edges: readonly EdgeOf<ThreadType>[], pageInfo: PageInfo, sources: readonly SourceType[]) {
    super(edges, pageInfo);
    this.sources = sources;
  }

  static of(page: ListPage<Thread>, hasPreviousPage: boolean, log: Logger): ThreadConnection {
    const edges = page.entries.map(
      ({ account, item, cursor }) => new ThreadEdge(item && new ThreadType(account, item.id, item), cursor),
    );
    return new ThreadConnection(
      edges,
      pageInfoOf(page, hasPreviousPage),
      page.sources.map((source) => SourceType.of(source, log)),
    );
  }
}
