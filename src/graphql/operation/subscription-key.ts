import { createHash } from 'node:crypto';
import { type DocumentNode, Kind, type OperationDefinitionNode, visit } from 'graphql';
import type { Context } from '../context.ts';
import { asksForCost, type OperationRequest } from './operation.ts';

interface SubscriptionRequest {
  /** The text of the document. */
  readonly source: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly request: OperationRequest;
  readonly context: Pick<Context, 'principal' | 'noCache'>;
}

/**
 * Returns what equal subscriptions have in common: the document, the operation, its variables and extensions, and the viewer
 * with the grant. Where it begins is not part of it. Null for a subscription that is executed alone, because nobody is signed in
 * or because it counts its own cost.
 */
export function subscriptionKey({ source, document, operation, request, context }: SubscriptionRequest): string | null {
  const { principal, noCache = false } = context;
  if (!principal || asksForCost(request)) return null;
  const variables = { ...request.variables };
  const resuming = resumingVariable(document, operation);
  if (resuming !== null) delete variables[resuming];
  const { userId, kind, scopes } = principal;
  const asked = [source, request.operationName ?? null, variables, request.extensions ?? {}, noCache];
  try {
    const text = JSON.stringify(inOrder([...asked, userId, kind, [...scopes].sort()]));
    return createHash('sha256').update(text).digest('base64');
  } catch (error) {
    // Variables that are nested too deeply for the stack belong to no field, so they are not refused.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The variable that only says where the subscription begins: it is the argument `after` of its field and nothing else. */
function resumingVariable(document: DocumentNode, { selectionSet }: OperationDefinitionNode): string | null {
  const [field] = selectionSet.selections;
  if (field?.kind !== Kind.FIELD) return null;
  const value = field.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (value?.kind !== Kind.VARIABLE) return null;
  let count = 0;
  visit(document, {
    Variable: ({ name }) => {
      if (name.value === value.name.value) count++;
    },
  });
  // Its definition, and the argument.
  return count === 2 ? value.name.value : null;
}

/** A value with the keys of its objects in one order. */
function inOrder(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, inOrder(inner)]);
}
