import { type DirectiveNode, type DocumentNode, GraphQLError, Kind, type SelectionSetNode } from 'graphql';

/**
 * GraphQL, September 2025, section 5.2.4.1: the root field of a subscription must not depend on a variable. graphql-js
 * 16 has no such rule. It fails at a subscription without a field, and evaluates a condition at the root without the
 * variables.
 * @throws GraphQLError GRAPHQL_VALIDATION_FAILED
 */
export function checkSubscriptions(document: DocumentNode): void {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION || definition.operation !== 'subscription') continue;
    const condition = conditionIn(document, definition.selectionSet, new Set());
    if (condition) {
      throw new GraphQLError(
        `"@${condition.name.value}" is not allowed on the field of a subscription, or around it.`,
        { nodes: condition, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
      );
    }
  }
}

/** Finds the first condition at the root, also inside fragments that are spread there. */
function conditionIn(
  document: DocumentNode,
  { selections }: SelectionSetNode,
  seen: Set<string>,
): DirectiveNode | undefined {
  for (const selection of selections) {
    const own = selection.directives?.find(({ name }) => name.value === 'skip' || name.value === 'include');
    if (own) return own;
    if (selection.kind === Kind.FIELD) continue;
    const inside =
      selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : named(document, selection.name.value, seen);
    const found = inside && conditionIn(document, inside, seen);
    if (found) return found;
  }
  return undefined;
}

/** Returns null for a fragment that was already visited or does not exist. */
function named(document: DocumentNode, name: string, seen: Set<string>): SelectionSetNode | null {
  if (seen.has(name)) return null;
  seen.add(name);
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) return definition.selectionSet;
  return null;
}
