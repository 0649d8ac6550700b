import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Query, Resolver } from 'type-graphql';
import { isGlobalId } from '../domain/global-id.ts';
import { requirePrincipal } from './caller.ts';
import type { Context } from './context.ts';
import { Dated } from './dated.ts';
import { requireListSize } from './limits.ts';
import { ListSizeHint } from './list-size.ts';
import { Node, type NodeRegistry } from './node.ts';

@Resolver()
export class NodeResolver {
  constructor(readonly registry: NodeRegistry) {}

  // The loader of each type notes what it reads.
  @Dated()
  @Query(() => Node, {
    nullable: true,
    description:
      'One object by its id. Null if it does not exist or belongs to another user. Fails with BAD_USER_INPUT if the value is not an id of this API.',
  })
  node(
    @Arg('id', () => ID, { description: 'The value of any field `id` of this API.' }) id: string,
    @Ctx() context: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Node | null> {
    requirePrincipal(context);
    return this.registry.load(context, id, info);
  }

  @Dated()
  @ListSizeHint({ argument: 'ids' })
  @Query(() => [Node], {
    nullable: 'items',
    description:
      'Several objects by their ids, in the order of the ids. An id that occurs several times is read once. An item is null if the object does not exist or belongs to another user, or if the value is not an id. If an object could not be read, its item is null and `errors` has the reason.',
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
      // An invalid id in the list is null, like an object that does not exist. A client that discards responses with
      // errors keeps this one.
      const known = loaded.get(id) ?? (isGlobalId(id) ? this.registry.load(context, id, info) : Promise.resolve(null));
      loaded.set(id, known);
      return known;
    };
    // Each object is read separately. If one cannot be read, it is null with an error, and the others are not affected.
    return ids.map(load);
  }
}
