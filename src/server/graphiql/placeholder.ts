import type { OperationDefinitionNode } from 'graphql';

/** Creates a placeholder for a value in the variables that is not known yet. It says where to find the value. */
export const placeholder = (what: string): string => `PASTE HERE: ${what}`;
const IS_PLACEHOLDER = /^PASTE HERE: /;

/** The placeholder that the page replaces when a response contains the value. */
export const SUBMISSION = placeholder('the id of the submission, which SendWithUndo fills in');

/**
 * Placeholders for values that the page knows as soon as there is an account with mail, even if it did not when its
 * tabs were created.
 */
export const INTEGRATION = placeholder(
  'the id of one of viewer.integrations; if there is none, use the tab Connect first',
);
export const ANSWERED = {
  message: placeholder('the id of a message, from WhatToAnswer'),
  integration: placeholder('the id of its account; if there is none, use the tab Connect first'),
  attachment: placeholder('the id of one of its attachments'),
};
export const MESSAGE = placeholder('the ids of messages and threads of any accounts');

/** Returns `variables` with the known values instead of their placeholders. */
export function fillIn(variables: unknown, known: ReadonlyMap<string, string>): unknown {
  if (typeof variables === 'string') return known.get(variables) ?? variables;
  if (Array.isArray(variables)) return variables.map((item) => fillIn(item, known));
  if (typeof variables !== 'object' || variables === null) return variables;
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, fillIn(value, known)]));
}

/** Returns the placeholders that an operation would send, with their positions and what belongs there. */
export function missingIn(operation: OperationDefinitionNode, variables: unknown): Record<string, string> {
  const names = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
  const values = (variables ?? {}) as Record<string, unknown>;
  return Object.fromEntries(names.flatMap((name) => [...placeholders(values[name], name)]));
}

function* placeholders(value: unknown, path: string): Generator<[path: string, what: string]> {
  if (typeof value === 'string' && IS_PLACEHOLDER.test(value)) yield [path, value.replace(IS_PLACEHOLDER, '')];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* placeholders(inner, `${path}.${key}`);
}
