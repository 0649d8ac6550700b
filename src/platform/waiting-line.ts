import { setMaxListeners } from 'node:events';

interface Entry<T, R> {
  readonly waiter: T;
  readonly resolve: (value: R) => void;
  readonly reject: (reason: unknown) => void;
  /** Stops listening to the waiter's signal. */
  readonly stop: () => void;
}

interface JoinOptions {
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Makes the error of a wait that the signal ended. The default is the signal's reason. */
  readonly reasonOf?: (signal: AbortSignal) => unknown;
}

/**
 * Callers that wait for their turn, in the order in which they came. A waiter leaves the line when it is admitted or refused,
 * or when its signal aborts. Who is admitted, and when, is decided by the owner of the line.
 */
export class WaitingLine<T, R = void> {
  private entries: readonly Entry<T, R>[] = [];

  /** `onLeft` is called when a waiter's signal has ended its wait, because the next one may then be admitted. */
  constructor(private readonly onLeft: () => void = () => {}) {}

  get length(): number {
    return this.entries.length;
  }

  get first(): T | undefined {
    return this.entries[0]?.waiter;
  }

  find(isWanted: (waiter: T) => boolean): T | undefined {
    return this.entries.find(({ waiter }) => isWanted(waiter))?.waiter;
  }

  /** Resolves when the waiter is admitted. Rejects when it is refused or its signal aborts. */
  join(waiter: T, { signal, reasonOf = ({ reason }) => reason }: JoinOptions): Promise<R> {
    if (signal?.aborted) return Promise.reject(reasonOf(signal));
    return new Promise((resolve, reject) => {
      const abandon = () => {
        this.take(waiter)?.reject(signal && reasonOf(signal));
        this.onLeft();
      };
      // One signal can end any number of waits.
      if (signal) setMaxListeners(0, signal);
      signal?.addEventListener('abort', abandon, { once: true });
      const stop = () => signal?.removeEventListener('abort', abandon);
      this.entries = [...this.entries, { waiter, resolve, reject, stop }];
    });
  }

  admit(waiter: T, value: R): void {
    this.take(waiter)?.resolve(value);
  }

  refuse(waiter: T, reason: unknown): void {
    this.take(waiter)?.reject(reason);
  }

  private take(waiter: T): Entry<T, R> | undefined {
    const entry = this.entries.find((one) => one.waiter === waiter);
    this.entries = this.entries.filter((one) => one !== entry);
    entry?.stop();
    return entry;
  }
}
