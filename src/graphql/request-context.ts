import { setMaxListeners } from 'node:events';
import type { Context } from './context.ts';
import { OperationCost } from './cost.ts';
import { OperationReads } from './reads.ts';

/** The parts of a context that a transport knows. `cost` and `reads` are absent for a new operation. */
type ContextValues = Omit<Context, 'once' | 'cost' | 'reads'> & Partial<Pick<Context, 'cost' | 'reads'>>;

/** The signals whose listeners are not limited: all events of a subscription have the same one. */
const unlimited = new WeakSet<AbortSignal>();

/**
 * Creates the context of one request, or of one event of a subscription. `once` remembers its results as long as the
 * context lives.
 */
export function createContext(values: ContextValues): Context {
  const { signal } = values;
  if (!unlimited.has(signal)) {
    // Each deadline of each account adds a listener to this signal, and removes it when it is done.
    setMaxListeners(0, signal);
    unlimited.add(signal);
  }
  const made = new Map<unknown, unknown>();
  const context: Context = {
    ...values,
    cost: values.cost ?? new OperationCost(),
    reads: values.reads ?? new OperationReads(),
    once<T>(factory: (context: Context) => T): T {
      if (!made.has(factory)) made.set(factory, factory(context));
      return made.get(factory) as T;
    },
  };
  return context;
}
