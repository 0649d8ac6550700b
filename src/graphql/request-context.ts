import { setMaxListeners } from 'node:events';
import type { Context } from './context.ts';

/**
 * Creates the context of one request, or of one event of a subscription. `once` remembers its results as long as the
 * context lives.
 */
export function createContext(values: Omit<Context, 'once'>): Context {
  // Each deadline of each account adds a listener to this signal, and removes it when it is done.
  setMaxListeners(0, values.signal);
  const made = new Map<unknown, unknown>();
  const context: Context = {
    ...values,
    once<T>(factory: (context: Context) => T): T {
      if (!made.has(factory)) made.set(factory, factory(context));
      return made.get(factory) as T;
    },
  };
  return context;
}
