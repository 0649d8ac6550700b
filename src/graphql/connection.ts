import { type ClassType, Field, ObjectType } from 'type-graphql';
import { ListSizeHint } from './list-size.ts';
import { Cursor } from './scalars.ts';

/** Cursors are sealed one by one, so they are made only where a query selects them. */
type LazyCursor = () => string;

@ObjectType({ simpleResolvers: true, description: 'The position of a page in its list (Relay).' })
export class PageInfo {
  @Field(() => Boolean, {
    description:
      'Whether there are more items after `endCursor`. Also true while an account that failed may have more items.',
  })
  readonly hasNextPage: boolean;

  @Field(() => Boolean, { description: 'True when the page was requested with `after`.' })
  readonly hasPreviousPage: boolean;

  // These are not #private: the build would keep them in WeakMaps, whose values survive every minor collection, and with a
  // cursor the whole request that can make it.
  private readonly lazyStart: LazyCursor | null;
  private readonly lazyEnd: LazyCursor | null;

  constructor(page: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    start: LazyCursor | null;
    end: LazyCursor | null;
  }) {
    this.hasNextPage = page.hasNextPage;
    this.hasPreviousPage = page.hasPreviousPage;
    this.lazyStart = page.start;
    this.lazyEnd = page.end;
  }

  @Field(() => Cursor, { nullable: true, description: 'The cursor of the first edge. Null on an empty page.' })
  get startCursor(): string | null {
    return this.lazyStart?.() ?? null;
  }

  @Field(() => Cursor, {
    nullable: true,
    description:
      'Pass it as `after` to get the next page. An empty page has it too if there is a next page, otherwise it is null there.',
  })
  get endCursor(): string | null {
    return this.lazyEnd?.() ?? null;
  }
}

/** The shape of every edge and connection in code. The classes below give it GraphQL types. */
export interface EdgeOf<T> {
  readonly cursor: string;
  readonly node: T | null;
}
interface ConnectionOf<T> {
  readonly edges: readonly EdgeOf<T>[];
  readonly nodes: readonly (T | null)[];
  readonly pageInfo: PageInfo;
}

interface ConnectionOptions {
  /** Set for lists in which a single item can be unreadable. The node of such an item is null. */
  readonly nullableNodes?: boolean;
}

/** Creates the type NameEdge. Extend or use the class that it returns, and call it once for each name. */
export function edgeType<T extends object>(name: string, node: () => ClassType<T>, options: ConnectionOptions = {}) {
  const nullable = options.nullableNodes ?? false;

  @ObjectType(`${name}Edge`, { simpleResolvers: true, description: `One ${name} and its position in the list.` })
  class Edge implements EdgeOf<T> {
    @Field(node, {
      nullable,
      description: nullable
        ? 'The item. Null when it could not be read. The rest of the list is still valid.'
        : `The ${name}.`,
    })
    readonly node: T | null;
    readonly lazyCursor: LazyCursor;

    constructor(node: T | null, lazyCursor: LazyCursor) {
      this.node = node;
      this.lazyCursor = lazyCursor;
    }

    @Field(() => Cursor, { description: 'Pass it as `after` to get the items that follow this one.' })
    get cursor(): string {
      return this.lazyCursor();
    }
  }
  return Edge;
}

/** Creates the type NameConnection for the edges of an edgeType. */
export function connectionType<T extends object>(
  name: string,
  node: () => ClassType<T>,
  edge: ClassType<EdgeOf<T>>,
  options: ConnectionOptions = {},
) {
  // The class has no name in the schema. Only a class that extends it and gives it a name is built.
  @ObjectType({ simpleResolvers: true })
  class Connection implements ConnectionOf<T> {
    @ListSizeHint({ parentArgument: 'first' })
    @Field(() => [edge], { description: 'The items of the page, each with its cursor.' })
    readonly edges: readonly EdgeOf<T>[];

    @Field(() => PageInfo, { description: 'Whether there is a next page, and where it starts.' })
    readonly pageInfo: PageInfo;

    constructor(edges: readonly EdgeOf<T>[], pageInfo: PageInfo) {
      this.edges = edges;
      this.pageInfo = pageInfo;
    }

    @ListSizeHint({ parentArgument: 'first' })
    @Field(() => [node()], {
      nullable: options.nullableNodes ? 'items' : false,
      description: `The ${name} items of the page, without their cursors.`,
    })
    get nodes(): readonly (T | null)[] {
      return this.edges.map((e) => e.node);
    }
  }
  return Connection;
}
