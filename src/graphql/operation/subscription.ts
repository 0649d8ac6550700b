import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import type { Database } from '../../platform/database/database.ts';
import type { Context } from '../context.ts';
import { createContext } from '../request-context.ts';

/** How a transport executes the events of a subscription. */
export interface EventExecution {
  /**
   * Waits until the next event may be executed. What it returns is ended when the client asks for the event after it, which
   * is when the answer is on its way; until then no further event is taken from the source. Null ends the subscription.
   */
  begin(): Promise<{ end(): void } | null>;
  /** Limits what an event waits for the store. */
  readonly limited: Database['limited'];
}

/**
 * graphql-js's subscribe, but each event has a context of its own: its loaders must not remember what the last event
 * read. The source's signal aborts as soon as the client is done, so that one that waits for the next event can end.
 * A result instead of events says why there are none.
 */
export async function subscribe(
  args: ExecutionArgs,
  { begin, limited }: EventExecution,
): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult> {
  const context = args.contextValue as Context;
  const done = new AbortController();
  const source = await createSourceEventStream({ ...args, contextValue: renewed(context, done.signal) });
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();

  let turn: { end(): void } | null = null;

  const results: AsyncGenerator<ExecutionResult, void, void> = {
    async next() {
      turn?.end();
      const event = await events.next();
      if (event.done) return { done: true, value: undefined };
      turn = await begin();
      if (done.signal.aborted) turn?.end();
      if (!turn || done.signal.aborted) return { done: true, value: undefined };
      const contextValue = renewed(context, done.signal);
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
