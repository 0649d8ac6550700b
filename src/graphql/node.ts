import type { GraphQLResolveInfo } from 'graphql';
import { Field, ID, InterfaceType } from 'type-graphql';
import { decodeId } from '../domain/global-id.ts';
import type { Context } from './context.ts';

@InterfaceType({ description: 'An object that can be read again by its id (Relay).' })
export abstract class Node {
  @Field(() => ID, { description: 'The global id: opaque, and unique among all objects of this API (Relay).' })
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}

/**
 * Reads the node that the `parts` of a global id name. Returns null if it does not exist or belongs to another user.
 * `info` has the selected fields.
 */
type NodeLoader = (context: Context, parts: readonly string[], info: GraphQLResolveInfo) => Promise<Node | null>;

interface NodeOptions {
  /** Whether the loader notes all that it reads in `Context.reads`. Default: no, and an answer that loads such a node is not dated. */
  readonly isDated?: boolean;
}

/** Maps each type of node to the room that reads it. app.ts registers them. */
export class NodeRegistry {
  readonly #loaders = new Map<string, { readonly load: NodeLoader; readonly isDated: boolean }>();

  register(type: string, load: NodeLoader, { isDated = false }: NodeOptions = {}): this {
    if (this.#loaders.has(type)) throw new Error(`the node type ${type} is registered twice`);
    this.#loaders.set(type, { load, isDated });
    return this;
  }

  /** Throws BAD_USER_INPUT if `id` is not a global id. */
  async load(context: Context, id: string, info: GraphQLResolveInfo): Promise<Node | null> {
    const { type, parts } = decodeId(id);
    const loader = this.#loaders.get(type);
    if (loader && !loader.isDated) context.reads.undated(`the node type ${type}`);
    return (await loader?.load(context, parts, info)) ?? null;
  }
}
