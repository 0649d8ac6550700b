import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import { following } from '../../platform/abort.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Context } from '../context.ts';
import { createContext } from '../request-context.ts';
import type { EventSlots } from './event-slots.ts';
import { EventSource, UnsharedSource } from './event-source.ts';
import type { OperationResult } from './operation-result.ts';
import { type SharedRuns, Subscriber } from './subscriber.ts';
import type { Execution } from './subscription-run.ts';

/** The hooks by which a transport controls the events of a subscription. */
export interface EventExecution extends EventSlots {
  /** Limits how long an event waits for the store. */
  readonly limited: Database['limited'];
  /**
   * The cursor of the latest event that the client received, if the transport itself carries it. It takes precedence
   * over the argument `after` of the subscription.
   */
  readonly resumeAfter?: string | undefined;
}

interface Sharing {
  readonly runs: SharedRuns;
  /** What equal subscriptions have in common. Null: it shares nothing. */
  readonly key: string | null;
  /** The result of an event as clients may see it. Null: it is for several subscribers, so nothing of it names one of them. */
  readonly shown: (result: ExecutionResult, context: Context | null) => OperationResult;
}

/**
 * Does what `subscribe` of graphql-js does, but each event has its own context, so that its loaders do not reuse what
 * the previous event read, and equal subscriptions share the results of their events. The signal of the source aborts as soon as
 * the client is done or the operation is cancelled, so that a source that opens, or waits for the next event, can end.
 * If there are no events, the result says why.
 */
export async function subscribe(
  args: ExecutionArgs,
  events: EventExecution,
  { runs, key, shown }: Sharing,
): Promise<Subscriber | ExecutionResult> {
  const context = args.contextValue as Context;
  const done = new AbortController();
  const { signal, leave } = following(context.signal, done.signal);
  const opened = await createSourceEventStream({ ...args, contextValue: renewed(context, signal, events.resumeAfter) });
  if (!(Symbol.asyncIterator in opened)) {
    leave();
    return opened;
  }
  const opening = {
    leave,
    abort: () => {
      done.abort();
      leave();
    },
  };
  // A source without positions uses the signal as long as it is read.
  const isShareable = opened instanceof EventSource;
  const isShared = isShareable && key !== null;
  const source: EventSource<unknown, unknown> = isShareable
    ? opened
    : new UnsharedSource(opened as AsyncIterable<unknown>, opening.abort, signal);
  return new Subscriber(
    { runs, key: isShared ? key : null, slots: events, signal: context.signal },
    executionOf(source, args, events.limited, (result, ofEvent) => shown(result, isShared ? null : ofEvent)),
    isShareable ? opening : { leave: () => {}, abort: opening.abort },
  );
}

/**
 * How the events of a source are executed. A run keeps it as long as it has subscribers, so it holds nothing of the transport whose
 * subscription was the first.
 */
function executionOf(
  source: EventSource<unknown, unknown>,
  { contextValue, ...args }: ExecutionArgs,
  limited: Database['limited'],
  shown: (result: ExecutionResult, context: Context) => OperationResult,
): Execution {
  const first = renewed(contextValue as Context, new AbortController().signal);
  return {
    source,
    execute: (event, signal) => {
      const context = renewed(first, signal);
      return limited(async (end) => {
        try {
          return shown(await execute({ ...args, rootValue: event, contextValue: context }), context);
        } finally {
          end();
        }
      });
    },
  };
}

function renewed(context: Context, signal: AbortSignal, resumeAfter?: string): Context {
  const { principal, refusal, log, requestId, clientAddress, cost, noCache = false } = context;
  const kept = { principal, refusal: refusal ?? null, log, requestId, clientAddress, cost, noCache };
  return createContext({ ...kept, signal, resumeAfter });
}
