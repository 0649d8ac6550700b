import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import { following } from '../../platform/abort.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Context } from '../context.ts';
import { createContext } from '../request-context.ts';

/** The hooks by which a transport controls the events of a subscription. */
export interface EventExecution {
  /**
   * Waits until the next event may be executed. The slot that it returns ends when the client asks for the following
   * event, that is when the response is on its way. Until then no further event is read from the source. Null ends the
   * subscription.
   */
  begin(): Promise<{ end(): void } | null>;
  /** Limits how long an event waits for the store. */
  readonly limited: Database['limited'];
}

/**
 * Does what `subscribe` of graphql-js does, but each event has its own context, so that its loaders do not reuse what
 * the previous event read. The signal of the source aborts as soon as the client is done or the operation is cancelled, so
 * that a source that opens, or waits for the next event, can end. If there are no events, the result says why.
 */
export async function subscribe(
  args: ExecutionArgs,
  { begin, limited }: EventExecution,
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const context = args.contextValue as Context;
  const done = new AbortController();
  const { signal, leave } = following(context.signal, done.signal);
  const source = await createSourceEventStream({ ...args, contextValue: renewed(context, signal) });
  if (!(Symbol.asyncIterator in source)) {
    leave();
    return source;
  }
  const events = source[Symbol.asyncIterator]();

  let turn: { end(): void } | null = null;

  const results: AsyncGenerator<ExecutionResult, void, void> = {
    async next() {
      turn?.end();
      const event = await events.next();
      if (event.done) {
        leave();
        return { done: true, value: undefined };
      }
      turn = await begin();
      if (signal.aborted) turn?.end();
      if (!turn || signal.aborted) return { done: true, value: undefined };
      const contextValue = renewed(context, signal);
      const value = await limited(async (end) => {
        try {
          return await execute({ ...args, rootValue: event.value, contextValue });
        } finally {
          end();
        }
      });
      return { done: false, value };
    },
    async return() {
      done.abort();
      leave();
      turn?.end();
      await events.return?.();
      return { done: true, value: undefined };
    },
    async throw(error) {
      await results.return();
      throw error;
    },
    [Symbol.asyncIterator]: () => results,
  };
  return results;
}

function renewed(context: Context, signal: AbortSignal): Context {
  const { principal, refusal, log, requestId, clientAddress } = context;
  return createContext({ principal, refusal: refusal ?? null, log, requestId, clientAddress, signal });
}
