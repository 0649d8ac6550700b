import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { listSizeOf } from '../../list-size.ts';
import { TYPICAL_BYTES, valueBytesOf } from '../../value-size.ts';
import { ArgumentValues, isLeftOut } from './argument-value.ts';
import { IntrospectionCount } from './introspection-count.ts';
import { FIRST, isListOfObjects, type ListFields, listFieldsOf } from './list-fields.ts';
import { type QueryLimits, tooComplex } from './query-limits.ts';
import { checkVariables } from './variables.ts';

/** The estimated size of a response, computed from the text of the operation. */
export interface AnswerSize {
  readonly bytes: number;
  /** The number of introspection fields. */
  readonly introspected: number;
}

/** What was counted for an operation whose size no variable decides. Its document is parsed once, so it is counted once. */
interface Counted {
  readonly schema: GraphQLSchema;
  readonly limits: QueryLimits;
  readonly size: AnswerSize;
}
const counted = new WeakMap<OperationDefinitionNode, Counted>();

/**
 * Checks the limits that depend on the variables.
 * @throws GraphQLError QUERY_TOO_COMPLEX, or BAD_USER_INPUT for a variable with a string that is not Unicode text
 */
export function checkSizes(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
  limits: QueryLimits,
): AnswerSize {
  checkVariables(variables ?? {}, limits);
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return { bytes: 0, introspected: 0 };
  const known = counted.get(operation);
  if (known?.schema === schema && known.limits === limits) return known.size;
  const values = new ArgumentValues(operation, variables ?? {});
  const count = new Count(schema, document, values, limits);
  const { bytes } = count.ofSet(operation.selectionSet, root).once;
  const size = { bytes, introspected: count.introspection.fields };
  if (!values.readsVariables) counted.set(operation, { schema, limits, size });
  return size;
}

/** The cost of a part of an operation, with the sizes of nested lists multiplied. */
interface Cost {
  /** Objects in lists that can have lists below them. */
  items: number;
  /** Lists that are read from a provider or from the store. */
  lists: number;
  /** Fields of the answer. */
  values: number;
  /** Bytes of the answer. */
  bytes: number;
}

/** The costs of a selection set: once, and for each item of the page from which it is selected. */
interface Costs {
  readonly once: Cost;
  readonly each: Cost;
}

const free = (): Cost => ({ items: 0, lists: 0, values: 0, bytes: 0 });
const nothing = (): Costs => ({ once: free(), each: free() });

function add(sum: Cost, more: Cost, times = 1): void {
  sum.items += times * more.items;
  sum.lists += times * more.lists;
  sum.values += times * more.values;
  sum.bytes += times * more.bytes;
}

/**
 * Refuses a page that is too long, and nested lists whose product is too large. The document is valid, so its fragments
 * have no cycles. Each fragment is counted once, so the time is linear in the document.
 */
class Count {
  private readonly lists: ListFields;
  private readonly fragments = new Map<string, FragmentDefinitionNode>();
  private readonly counted = new Map<string, Costs>();
  readonly introspection: IntrospectionCount;

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly values: ArgumentValues,
    private readonly limits: QueryLimits,
  ) {
    this.lists = listFieldsOf(schema);
    this.introspection = new IntrospectionCount(schema, this.fragments, values, limits);
    for (const node of document.definitions) {
      if (node.kind === Kind.FRAGMENT_DEFINITION) this.fragments.set(node.name.value, node);
    }
  }

  /** @throws GraphQLError QUERY_TOO_COMPLEX */
  ofSet(set: SelectionSetNode, type: GraphQLNamedType | undefined): Costs {
    const sum = nothing();
    for (const node of set.selections) {
      if (isLeftOut(node.directives)) continue;
      const costs = this.ofSelection(node, type);
      add(sum.once, costs.once);
      add(sum.each, costs.each);
    }
    this.check(sum.once);
    this.check(sum.each);
    return sum;
  }

  private ofSelection(node: SelectionNode, type: GraphQLNamedType | undefined): Costs {
    if (node.kind === Kind.FIELD) return this.ofField(node, type);
    if (node.kind === Kind.FRAGMENT_SPREAD) return this.ofFragment(node.name.value);
    const condition = node.typeCondition?.name.value;
    return this.ofSet(node.selectionSet, condition === undefined ? type : this.schema.getType(condition));
  }

  private ofFragment(name: string): Costs {
    const known = this.counted.get(name);
    if (known) return known;
    const fragment = this.fragments.get(name);
    const costs = fragment
      ? this.ofSet(fragment.selectionSet, this.schema.getType(fragment.typeCondition.name.value))
      : nothing();
    this.counted.set(name, costs);
    return costs;
  }

  private ofField(node: FieldNode, parent: GraphQLNamedType | undefined): Costs {
    const introspected = this.introspection.of(node);
    if (introspected !== null)
      return { ...nothing(), once: { ...free(), values: introspected, bytes: introspected * TYPICAL_BYTES } };
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    const type = field && getNamedType(field.type);
    const inner = node.selectionSet ? this.ofSet(node.selectionSet, type) : nothing();
    const bytes = field ? valueBytesOf(field) : TYPICAL_BYTES;
    const one: Cost = { ...inner.once, values: inner.once.values + 1, bytes: inner.once.bytes + bytes };
    if (!field || !type) return { ...nothing(), once: one };
    const argument = this.lists.pageArgument(type);
    if (argument !== null) {
      const size = this.pageSize(node, field, argument);
      add(one, inner.each, size);
      one.items += size;
    }
    const isRead = this.lists.isRead(field) ? 1 : 0;
    if (!isListOfObjects(field)) return { ...nothing(), once: { ...one, lists: one.lists + isRead } };

    const item: Cost = { ...one, items: one.items + (this.lists.leadsOn(type) ? 1 : 0) };
    const declared = listSizeOf(field);
    // The parent field knows the length of the page, and has counted its items.
    if (declared && 'parentArgument' in declared) return { once: free(), each: one };
    const list = free();
    add(list, item, this.lengthOf(node, field));
    return { ...nothing(), once: { ...list, lists: list.lists + isRead } };
  }

  private lengthOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    const declared = listSizeOf(field);
    if (declared && 'assumed' in declared) return declared.assumed;
    return this.sizeOf(node, field, declared && 'argument' in declared ? declared.argument : FIRST);
  }

  /** Returns the size of a page. Without a number it is the size that the field declares, if it declares one. */
  private pageSize(node: FieldNode, field: GraphQLField<unknown, unknown>, argument: string): number {
    const declared = listSizeOf(field);
    const assumed = declared && 'assumed' in declared ? declared.assumed : null;
    const isGiven = (node.arguments ?? []).some(({ name }) => name.value === argument);
    return assumed !== null && !isGiven ? assumed : this.sizeOf(node, field, argument);
  }

  /** Returns the size of a list. Without an argument it counts as a whole page. */
  private sizeOf(node: FieldNode, field: GraphQLField<unknown, unknown>, argument: string): number {
    const size = this.values.size(node.arguments ?? [], field, argument) ?? this.limits.pageSize;
    if (argument === FIRST && size > this.limits.pageSize) {
      throw tooComplex(
        `${node.name.value}(first: ${size}): a page has at most ${this.limits.pageSize} items. Page with after.`,
      );
    }
    return Math.max(size, 0);
  }

  private check({ items, lists, values }: Cost): void {
    const { limits } = this;
    if (items > limits.items) {
      throw tooComplex(
        `The query is too complex: its pages and lists hold up to ${items} items together, at most ${limits.items} are allowed. ` +
          'Request smaller pages with first, or fewer ids.',
      );
    }
    if (lists > limits.lists) {
      throw tooComplex(
        `The query is too complex: it reads up to ${lists} lists, at most ${limits.lists} are allowed. ` +
          'Request fewer lists of each item, smaller pages with first, or fewer ids.',
      );
    }
    if (values > limits.values) {
      throw tooComplex(
        `The query is too complex: its answer has up to ${values} fields, at most ${limits.values} are allowed. ` +
          'Request smaller pages with first, fewer fields, or fewer ids.',
      );
    }
  }
}
