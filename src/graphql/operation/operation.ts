import type { GraphQLFormattedError, OperationTypeNode } from 'graphql';
import type { Context } from '../context.ts';
import type { ReadDocument } from './documents.ts';
import type { AnswerSize } from './limits/list-limits.ts';
import type { OperationResult } from './operation-result.ts';
import type { Subscriber } from './subscriber.ts';
import type { EventExecution } from './subscription.ts';

/** A request as a client sends it over any transport. */
export interface OperationRequest {
  readonly query?: string | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

export type OperationOutcome =
  /** The operation was not executed, because it was malformed, invalid or too large. */
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: 'result'; readonly result: OperationResult }
  /** A subscription has begun. */
  | { readonly kind: 'events'; readonly events: Subscriber };

/** Whether the request has `extensions: { cost: true }`. Any other value is one of another gateway's extensions, and ignored. */
export const asksForCost = ({ extensions }: Pick<OperationRequest, 'extensions'>): boolean => extensions?.cost === true;

/** The hooks by which a transport takes part in an operation. */
export interface OperationHooks {
  /**
   * Called when the document is valid, before the operation is executed. A GraphQLError that it throws refuses the
   * operation.
   */
  onOperation?(type: OperationTypeNode): void;
  /** Called before the operation is executed, with the maximum size of its response in bytes. */
  onSize?(bytes: number): void;
  /** Absent if the transport has no subscriptions. */
  readonly events?: EventExecution;
}

/** The state of one operation on the path. */
export class Run {
  refused: ReadDocument['refused'];
  size: AnswerSize = { bytes: 0, introspected: 0 };
  /** True once the operation has passed every check of its text and its variables. */
  isExecuted = false;
  events: Subscriber | null = null;
  /** Call it when the mutation has been executed. Null for any other operation. */
  mutated: (() => void) | null = null;

  constructor(readonly hooks: OperationHooks) {}
}

/**
 * The key of Run in the context. Apollo Server gives its plugins and the resolvers a copy of the context, and
 * properties with a symbol as key are copied too.
 */
export const RUN = Symbol('the operation on its way');
export type OperationContext = Context & { readonly [RUN]: Run };
