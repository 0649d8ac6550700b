import type { GraphQLFormattedError } from 'graphql';
import type { Context } from '../context.ts';
import type { ReadDocument } from './documents.ts';
import type { AnswerSize } from './limits/list-limits.ts';
import type { EventExecution } from './subscription.ts';

/** As a client sends it, whatever brought it. */
export interface OperationRequest {
  readonly query?: string | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** What a client may see: errors are masked. The order of the members is that of the answers over HTTP. */
export interface OperationResult {
  readonly errors?: readonly GraphQLFormattedError[];
  readonly data?: Record<string, unknown> | null;
}

export type Outcome =
  /** It was not executed: malformed, invalid, too large. */
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: 'result'; readonly result: OperationResult }
  /** A subscription that has begun. */
  | { readonly kind: 'events'; readonly events: AsyncGenerator<OperationResult, void, void> };

/** How a transport takes part in an operation. */
export interface OperationHooks {
  /** Called before the operation is executed, with how many bytes its answer may have. */
  onSize?(bytes: number): void;
  /** Absent: the transport takes no subscriptions. */
  readonly events?: EventExecution;
}

/** One operation on its way. */
export class Run {
  refused: ReadDocument['refused'];
  size: AnswerSize = { bytes: 0, introspected: 0 };
  /** It passed everything that refuses an operation by its text and its variables. */
  isExecuted = false;
  events: AsyncGenerator<OperationResult, void, void> | null = null;

  constructor(readonly hooks: OperationHooks) {}
}

/** Apollo hands its plugins and the resolvers a copy of the context; what a symbol names is copied with it. */
export const RUN = Symbol('the operation on its way');
export type OperationContext = Context & { readonly [RUN]: Run };
