import type { GraphQLFormattedError } from 'graphql';
import type { Cost } from '../cost.ts';

/**
 * A response as a client may see it: its errors are masked. The order of the members is that of responses over HTTP.
 */
export interface OperationResult {
  readonly errors?: readonly GraphQLFormattedError[];
  readonly data?: Record<string, unknown> | null;
  /** Present when the request asked for the cost. */
  readonly extensions?: { readonly cost: Cost };
}

/** The texts of results. Subscribers who share an event have the same result, which is written as JSON once. */
const texts = new WeakMap<OperationResult, string>();

/** Returns a result as JSON. */
export function resultText(result: OperationResult): string {
  const known = texts.get(result);
  if (known !== undefined) return known;
  const text = JSON.stringify(result);
  texts.set(result, text);
  return text;
}
