import { GraphQLError } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../../graphql/context.ts';
import { singleId } from '../../graphql/global-id.ts';
import { ASSUMED_ACCOUNTS, Sized } from '../../graphql/list-size.ts';
import type { NodeRegistry } from '../../graphql/node.ts';
import { requirePrincipal } from '../../graphql/principal.ts';
import { EmailAddress } from '../../graphql/scalars.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import { IntegrationType } from '../integrations/integration.type.ts';
import type { UserStore } from './user.store.ts';
import { ViewerType } from './viewer.type.ts';

@Resolver(() => ViewerType)
export class ViewerResolver {
  constructor(
    private readonly users: UserStore,
    private readonly directory: IntegrationDirectory,
  ) {}

  @Query(() => ViewerType, {
    description: 'Everything that is yours hangs here. UNAUTHENTICATED without an access token.',
  })
  viewer(@Ctx() context: Context): ViewerType {
    return new ViewerType(requirePrincipal(context).userId);
  }

  @FieldResolver(() => EmailAddress, { description: 'What you sign in with, in lower case.' })
  async email(@Root() viewer: ViewerType): Promise<string> {
    const email = await this.users.emailOf(viewer.userId);
    if (email) return email;
    throw new GraphQLError('This user no longer exists.', { extensions: { code: 'UNAUTHENTICATED' } });
  }

  @Sized({ assumed: ASSUMED_ACCOUNTS })
  @FieldResolver(() => [IntegrationType], {
    description:
      'Your accounts, the first connected first. One that you disconnected is left out, and still found by its id.',
  })
  async integrations(@Root() viewer: ViewerType): Promise<IntegrationType[]> {
    return (await this.directory.forUser(viewer.userId)).map((record) => new IntegrationType(record));
  }

  @FieldResolver(() => IntegrationType, {
    nullable: true,
    description: 'One of your accounts, whatever its status; null when there is no such account of yours.',
  })
  async integration(
    @Root() viewer: ViewerType,
    @Arg('id', () => ID, { description: 'The global id of an Integration.' }) id: string,
  ): Promise<IntegrationType | null> {
    const record = await this.directory.find(viewer.userId, singleId(id, 'Integration'));
    return record && new IntegrationType(record);
  }
}

/** Viewer and Integration by their global ids: your own only. */
export function registerAccountNodes(nodes: NodeRegistry, directory: IntegrationDirectory): NodeRegistry {
  return nodes
    .register('Viewer', async (context, [userId]) => {
      const principal = requirePrincipal(context);
      return userId === principal.userId ? new ViewerType(principal.userId) : null;
    })
    .register('Integration', async (context, [id = '']) => {
      const record = await directory.find(requirePrincipal(context).userId, id);
      return record && new IntegrationType(record);
    });
}
