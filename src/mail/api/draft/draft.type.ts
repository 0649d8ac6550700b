import type { Logger } from 'pino';
import { Field, ObjectType } from 'type-graphql';
import { encodeId } from '../../../domain/global-id.ts';
import { connectionType, type EdgeOf, edgeType, type PageInfo } from '../../../graphql/connection.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import type { Draft } from '../../../providers/contract/mail-session.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import type { ListPage } from '../../list/unified-list.ts';
import { pageInfoOf } from '../page-info.ts';
import { SourceType } from '../source.type.ts';

@ObjectType('Draft', {
  implements: Node,
  simpleResolvers: true,
  description: 'A message that has not been sent yet. Its id stays the same when it is revised.',
})
export class DraftType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: MailAccount,
    readonly draft: Draft,
  ) {
    super(encodeId('Draft', account.id, draft.id));
  }

  @Field(() => String, {
    description:
      'Changes with every revision, whichever client made it. Pass it as `ifVersion` to avoid overwriting changes.',
  })
  get version(): string {
    return this.draft.version;
  }
}

const nullable = { nullableNodes: true };
const DraftEdge = edgeType('Draft', () => DraftType, nullable);

@ObjectType('DraftConnection', {
  simpleResolvers: true,
  description: 'A page of drafts, the most recently changed first.',
})
export class DraftConnection extends connectionType('Draft', () => DraftType, DraftEdge, nullable) {
  @ListSizeHint({ assumed: 1 })
  @Field(() => [SourceType], {
    description: 'Whether the account returned everything. Check this before you treat a short page as complete.',
  })
  readonly sources: readonly SourceType[];

  constructor(edges: readonly EdgeOf<DraftType>[], pageInfo: PageInfo, sources: readonly SourceType[]) {
    super(edges, pageInfo);
    this.sources = sources;
  }

  static of(page: ListPage<Draft>, hasPreviousPage: boolean, log: Logger): DraftConnection {
    const edges = page.entries.map(
      ({ account, item, cursor }) => new DraftEdge(item && new DraftType(account, item), cursor),
    );
    const sources = page.sources.map((source) => SourceType.of(source, log));
    return new DraftConnection(edges, pageInfoOf(page, hasPreviousPage), sources);
  }
}
