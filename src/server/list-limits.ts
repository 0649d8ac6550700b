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
  type SelectionSetNode,
} from 'graphql';
import { type QueryLimits, tooComplex } from './limits.ts';

/** What can be told only with the variables at hand. @throws GraphQLError QUERY_TOO_COMPLEX */
export function checkSizes(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
  limits: QueryLimits,
): void {
  checkInputLists(variables ?? {}, limits);
  checkPages(schema, document, operationName, variables ?? {}, limits);
}

function checkInputLists(value: unknown, limits: QueryLimits, depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > limits.depth) throw tooComplex(`The variables are nested more than ${limits.depth} levels deep.`);
  if (Array.isArray(value) && value.length > limits.inputList) {
    throw tooComplex(`A list in the variables has ${value.length} values; at most ${limits.inputList} are taken.`);
  }
  for (const inner of Object.values(value)) checkInputLists(inner, limits, depth + 1);
}

/**
 * Refuses a page that is too long, and pages inside pages that multiply to too many items. The document is valid and
 * its fragments have no cycles. Each fragment is counted once.
 * @throws GraphQLError QUERY_TOO_COMPLEX
 */
function checkPages(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
  limits: QueryLimits,
): void {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return;
  const defaults = new Map(
    (operation.variableDefinitions ?? []).map((v) => [v.variable.name.value, v.defaultValue] as const),
  );
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const counted = new Map<string, number>();

  const countSet = (set: SelectionSetNode, type: GraphQLNamedType | undefined): number => {
    let items = 0;
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) items += countField(node, type);
      else if (node.kind === Kind.INLINE_FRAGMENT) {
        items += countSet(node.selectionSet, node.typeCondition ? schema.getType(node.typeCondition.name.value) : type);
      } else items += countFragment(node.name.value);
    }
    if (items > limits.items) {
      throw tooComplex(
        `The query is too complex: its pages hold up to ${items} items together, at most ${limits.items} are taken. ` +
          'Ask for smaller pages with first.',
      );
    }
    return items;
  };

  const countFragment = (name: string): number => {
    const known = counted.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    const items = fragment ? countSet(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value)) : 0;
    counted.set(name, items);
    return items;
  };

  const countField = (node: FieldNode, parent: GraphQLNamedType | undefined): number => {
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
    const size = field ? pageSize(node, field) : null;
    if (size !== null && size > limits.pageSize) {
      throw tooComplex(
        `${node.name.value}(first: ${size}): a page has at most ${limits.pageSize} items. Page with after.`,
      );
    }
    const inner = node.selectionSet && field ? countSet(node.selectionSet, getNamedType(field.type)) : 0;
    return size === null ? inner : Math.max(size, 0) * (1 + inner);
  };

  /** Null where the field is no page. What is no number is refused elsewhere, with its type. */
  const pageSize = (node: FieldNode, field: GraphQLField<unknown, unknown>): number | null => {
    const argument = field.args.find((a) => a.name === 'first');
    if (!argument) return null;
    const given = node.arguments?.find((a) => a.name.value === 'first')?.value;
    if (given?.kind === Kind.INT) return Number(given.value);
    if (given?.kind === Kind.VARIABLE) {
      const value = variables[given.name.value];
      if (typeof value === 'number') return value;
      const fallback = defaults.get(given.name.value);
      if (fallback?.kind === Kind.INT) return Number(fallback.value);
    }
    return typeof argument.defaultValue === 'number' ? argument.defaultValue : null;
  };

  countSet(operation.selectionSet, root);
}
