import { Ctx, FieldResolver, Resolver } from 'type-graphql';
import { ViewerType } from '../accounts/api/viewer/viewer.type.ts';
import { requirePrincipal } from '../graphql/caller.ts';
import type { Context } from '../graphql/context.ts';
import type { ChangeCursors } from './event.cursor.ts';
import type { FeedStarts } from './feed.start.ts';
import { ViewerSync } from './viewer-sync.type.ts';

@Resolver(() => ViewerType)
export class ViewerSyncResolver {
  constructor(
    private readonly starts: Pick<FeedStarts, 'present'>,
    private readonly cursors: ChangeCursors,
  ) {}

  @FieldResolver(() => ViewerSync, {
    description: "The position of the latest event. Reading it queries the gateway's database, not the providers.",
  })
  async sync(@Ctx() context: Context): Promise<ViewerSync> {
    const principal = requirePrincipal(context);
    return new ViewerSync(this.cursors.seal(principal.userId, await this.starts.present(principal)));
  }
}
