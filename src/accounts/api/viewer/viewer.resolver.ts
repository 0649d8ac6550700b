import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { unauthenticated } from '../../../domain/error.ts';
import { singleId } from '../../../domain/global-id.ts';
import { requirePrincipal } from '../../../graphql/caller.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ASSUMED_ACCOUNTS, ListSizeHint } from '../../../graphql/list-size.ts';
import type { NodeRegistry } from '../../../graphql/node.ts';
import { EmailAddress } from '../../../graphql/scalars.ts';
import type { IntegrationDirectory } from '../../integrations/integration.directory.ts';
import type { UserStore } from '../../users/user.store.ts';
import { IntegrationType } from '../integration/integration.type.ts';
import { ViewerType } from './viewer.type.ts';

@Resolver(() => ViewerType)
export class ViewerResolver {
  constructor(
    private readonly users: UserStore,
    private readonly directory: IntegrationDirectory,
  ) {}

  @Dated()
  @Query(() => ViewerType, {
    description:
      'The signed-in user, with everything that belongs to them. UNAUTHENTICATED without a valid access token.',
  })
  viewer(@Ctx() context: Context): ViewerType {
    return new ViewerType(requirePrincipal(context).userId);
  }

  @Dated()
  @FieldResolver(() => EmailAddress, { description: 'The address that the user signs in with, in lower case.' })
  async email(@Root() viewer: ViewerType): Promise<string> {
    const email = await this.users.emailOf(viewer.userId);
    if (email) return email;
    throw unauthenticated('This user no longer exists.');
  }

  @Dated()
  @ListSizeHint({ assumed: ASSUMED_ACCOUNTS })
  @FieldResolver(() => [IntegrationType], {
    description:
      'Your accounts, in the order in which they were first connected. Disconnected accounts are left out. They can still be read by id.',
  })
  async integrations(@Root() viewer: ViewerType): Promise<IntegrationType[]> {
    return (await this.directory.forUser(viewer.userId)).map((record) => new IntegrationType(record));
  }

  @Dated()
  @FieldResolver(() => IntegrationType, {
    nullable: true,
    description: 'One of your accounts, with any status. Null when you have no such account.',
  })
  async integration(
    @Root() viewer: ViewerType,
    @Arg('id', () => ID, { description: 'The id of an Integration.' }) id: string,
  ): Promise<IntegrationType | null> {
    const record = await this.directory.find(viewer.userId, singleId(id, 'Integration'));
    return record && new IntegrationType(record);
  }
}

/** Registers the look-up of a user's own Viewer and Integrations by global id. */
export function registerAccountNodes(nodes: NodeRegistry, directory: IntegrationDirectory): NodeRegistry {
  // Their rows are dated by the revision of the user.
  const dated = { isDated: true };
  return nodes
    .register(
      'Viewer',
      async (context, [userId]) => {
        const principal = requirePrincipal(context);
        return userId === principal.userId ? new ViewerType(principal.userId) : null;
      },
      dated,
    )
    .register(
      'Integration',
      async (context, [id = '']) => {
        const record = await directory.find(requirePrincipal(context).userId, id);
        return record && new IntegrationType(record);
      },
      dated,
    );
}
