import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import { ViewerType } from '../accounts/api/viewer/viewer.type.ts';
import { singleId } from '../domain/global-id.ts';
import type { Context } from '../graphql/context.ts';
import { requireListSize } from '../graphql/limits.ts';
import { Cursor } from '../graphql/scalars.ts';
import { MailEventConnection } from './changes.connection.ts';
import type { EventConnections } from './event.connections.ts';

@ArgsType()
class ChangesArgs {
  @Field(() => Int, { defaultValue: 25, description: 'The size of the page, from 1 to 100.' })
  first!: number;

  @Field(() => Cursor, {
    nullable: true,
    description:
      'Return the events after this cursor: of an event, of a page, or of `sync`. Default: from the oldest event that is stored.',
  })
  after?: string | null;
}

@Resolver(() => ViewerType)
export class ViewerChangesResolver {
  constructor(private readonly connections: EventConnections) {}

  @FieldResolver(() => MailEventConnection, {
    description:
      'The events of `mailEvents` as a list, for clients that poll. Read a page, keep its `endCursor`, and pass it as `after` the next time: then no change is missed. The events of one account are in order; the order across accounts is not promised. Where events are missing there is a MailEventsReset.',
  })
  async changes(
    @Args(() => ChangesArgs) { first, after }: ChangesArgs,
    @Arg('integrations', () => [ID], {
      nullable: true,
      description: 'Only these accounts, at most 100, with any status. Default: all of yours, also disconnected ones.',
    })
    integrations: string[] | null | undefined,
    @Ctx() context: Context,
  ): Promise<MailEventConnection> {
    if (integrations) requireListSize('integrations', integrations);
    const integrationIds = integrations?.map((id) => singleId(id, 'Integration')) ?? null;
    return this.connections.page({ integrationIds, after: after ?? null }, first, context);
  }
}

@Resolver(() => IntegrationType)
export class IntegrationChangesResolver {
  constructor(private readonly connections: EventConnections) {}

  @FieldResolver(() => MailEventConnection, {
    description: 'The events of this account as a list, the oldest first, like `Viewer.changes`.',
  })
  async changes(
    @Root() { record }: IntegrationType,
    @Args(() => ChangesArgs) { first, after }: ChangesArgs,
    @Ctx() context: Context,
  ): Promise<MailEventConnection> {
    return this.connections.page({ integrationIds: [record.id], after: after ?? null }, first, context);
  }
}
