import { GraphQLError, type GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Query, Resolver } from 'type-graphql';
import type { Context } from './context.ts';
import { requireListSize } from './limits.ts';
import { Sized } from './list-size.ts';
import { Node, type NodeRegistry } from './node.ts';
import { requirePrincipal } from './principal.ts';

@Resolver()
export class NodeResolver {
  constructor(readonly registry: NodeRegistry) {}

  @Query(() => Node, {
    nullable: true,
    description:
      'One thing by its id. Null when there is no such thing, or when it is not yours; BAD_USER_INPUT for what is no id.',
  })
  node(
    @Arg('id', () => ID, { description: 'From any field named id of this API.' }) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Node | null> {
    requirePrincipal(context);
    return this.registry.load(context, id, info);
  }

  @Sized({ argument: 'ids' })
  @Query(() => [Node], {
    nullable: 'items',
    description:
      'Several things by their ids, in the order asked, each read once however often it is asked for; null where there is no such thing, as of what is no id, or, with an error, where it could not be read.',
  })
  nodes(
    @Arg('ids', () => [ID], { description: 'At most 100.' }) ids: string[],
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Node | null>[] {
    requirePrincipal(context);
    requireListSize('ids', ids);
    const loaded = new Map<string, Promise<Node | null>>();
    const load = (id: string): Promise<Node | null> => {
      const known = loaded.get(id) ?? this.registry.load(context, id, info).catch(nullForNoId);
      loaded.set(id, known);
      return known;
    };
    // Each for itself: one that cannot be read is null with its error, and takes nothing from the others.
    return ids.map(load);
  }
}

/** In a list it is nothing, as what is not there: the others are answered, and clients that drop an answer with errors keep it. */
function nullForNoId(error: unknown): null {
  if (error instanceof GraphQLError && error.extensions.code === 'BAD_USER_INPUT') return null;
  throw error;
}
