import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { type ArgumentValues, isLeftOut } from './argument-value.ts';
import { type QueryLimits, tooComplex } from './query-limits.ts';

/** Parts of the schema, each with the number of times that it occurs at one position of the response. */
type Parts = ReadonlyMap<object, number>;

/**
 * Counts the introspection fields of the response by means of the schema itself, so that each list counts with its real
 * length. A part that occurs several times is counted once and multiplied, and the count ends at the limit. Therefore
 * counting takes less time than the response would.
 */
export class IntrospectionCount {
  /** The total so far. */
  fields = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    private readonly values: ArgumentValues,
    private readonly limits: QueryLimits,
  ) {}

  /**
   * Returns how many fields `__schema` or `__type` contributes, or null if the field is neither.
   * @throws GraphQLError QUERY_TOO_COMPLEX
   */
  of(node: FieldNode): number | null {
    const field = [SchemaMetaFieldDef, TypeMetaFieldDef].find(({ name }) => name === node.name.value);
    if (!field) return null;
    const before = this.fields;
    const name = this.values.text(node.arguments ?? [], 'name');
    const part = field === SchemaMetaFieldDef ? this.schema : name === null ? null : this.schema.getType(name);
    this.add(1);
    if (part && node.selectionSet) this.ofSet(node.selectionSet, getNamedType(field.type), new Map([[part, 1]]));
    return this.fields - before;
  }

  private ofSet(set: SelectionSetNode, type: GraphQLNamedType, parts: Parts): void {
    if (parts.size === 0) return;
    for (const node of set.selections) {
      if (isLeftOut(node.directives)) continue;
      if (node.kind === Kind.FIELD) this.ofField(node, type, parts);
      else if (node.kind === Kind.INLINE_FRAGMENT) this.ofSet(node.selectionSet, type, parts);
      else {
        const fragment = this.fragments.get(node.name.value);
        if (fragment) this.ofSet(fragment.selectionSet, type, parts);
      }
    }
  }

  private ofField(node: FieldNode, parent: GraphQLNamedType, parts: Parts): void {
    for (const times of parts.values()) this.add(times);
    const field = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined;
    const type = field && getNamedType(field.type);
    if (!field || !type || !node.selectionSet || isLeafType(type)) return;
    const inner = new Map<object, number>();
    for (const [part, times] of parts) {
      for (const one of this.partsOf(field, part)) inner.set(one, (inner.get(one) ?? 0) + times);
    }
    this.ofSet(node.selectionSet, type, inner);
  }

  /** Returns the parts that graphql-js itself resolves, including deprecated ones. */
  private partsOf(field: GraphQLField<unknown, unknown>, part: object): readonly object[] {
    const info = { schema: this.schema } as GraphQLResolveInfo;
    const found: unknown = field.resolve?.(part, { includeDeprecated: true }, undefined, info);
    if (Array.isArray(found)) return found as object[];
    return typeof found === 'object' && found !== null ? [found] : [];
  }

  private add(times: number): void {
    this.fields += times;
    if (this.fields <= this.limits.introspection) return;
    throw tooComplex(
      `The query is too complex: it selects more than ${this.limits.introspection} fields of the schema itself, which is the limit. ` +
        'Select __schema once, and each of its lists once.',
    );
  }
}
