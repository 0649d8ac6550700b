import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Query, Resolver } from 'type-graphql';
import { isGlobalId } from '../domain/global-id.ts';
import type { Context } from './context.ts';
import { requireListSize } from './limits.ts';
import { ListSizeHint } from './list-size.ts';
import { Node, type NodeRegistry } from './node.ts';
import { requirePrincipal } from './principal.ts';

@Resolver()
export class NodeResolver {
  constructor(readonly registry: NodeRegistry) {}

  @Query(() => Node, {
    nullable: true,
    description:
      'One object by its id. Null when it does not exist or belongs to another user. BAD_USER_INPUT when the value is not an id of this API.',
  })
  node(
    @Arg('id', () => ID, { description: 'The value of any field `id` of this API.' }) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Node | null> {
    requirePrincipal(context);
    return this.registry.load(context, id, info);
  }

  @ListSizeHint({ argument: 'ids' })
  @Query(() => [Node], {
    nullable: 'items',
    description:
      'Several objects by their ids, in the order of the ids. An id that occurs several times is read once. An item is null when the object does not exist, belongs to another user, or the value is not an id; and, with an error, when the object could not be read.',
  })
  nodes(
    @Arg('ids', () => [ID], { description: 'The ids, at most 100.' }) ids: string[],
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Node | null>[] {
    requirePrincipal(context);
    requireListSize('ids', ids);
    const loaded = new Map<string, Promise<Node | null>>();
    const load = (id: string): Promise<Node | null> => {
      // In a list an invalid id is null, like an object that does not exist: clients that discard a response with errors keep this one.
      const known = loaded.get(id) ?? (isGlobalId(id) ? this.registry.load(context, id, info) : Promise.resolve(null));
      loaded.set(id, known);
      return known;
    };
    // Each is read separately: one that cannot be read is null, with an error, and does not affect the others.
    return ids.map(load);
  }
}
