import type { GraphQLFormattedError } from 'graphql';
import type { Context } from '../context.ts';
import type { ReadDocument } from './documents.ts';
import type { AnswerSize } from './limits/list-limits.ts';
import type { EventExecution } from './subscription.ts';

/** A request as a client sends it over any transport. */
export interface OperationRequest {
  readonly query?: string | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * A response as a client may see it: its errors are masked. The order of the members is that of responses over HTTP.
 */
export interface OperationResult {
  readonly errors?: readonly GraphQLFormattedError[];
  readonly data?: Record<string, unknown> | null;
}

export type OperationOutcome =
  /** The operation was not executed, because it was malformed, invalid or too large. */
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: 'result'; readonly result: OperationResult }
  /** A subscription has begun. */
  | { readonly kind: 'events'; readonly events: AsyncGenerator<OperationResult, void, void> };

/** The hooks by which a transport takes part in an operation. */
export interface OperationHooks {
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
  events: AsyncGenerator<OperationResult, void, void> | null = null;

  constructor(readonly hooks: OperationHooks) {}
}

/**
 * The key of Run in the context. Apollo Server gives its plugins and the resolvers a copy of the context, and
 * properties with a symbol as key are copied too.
 */
export const RUN = Symbol('the operation on its way');
export type OperationContext = Context & { readonly [RUN]: Run };
