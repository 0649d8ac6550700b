import { AutoResetEvent } from './auto-reset-event.ts';

/** An unbuffered channel of several producers and one consumer: a producer waits until its value is taken. */
export class Handover<T> {
  private readonly offers: { readonly value: T; readonly taken: () => void }[] = [];
  private readonly wakeUp = new AutoResetEvent();
  private ended = false;
  private failure: { readonly error: unknown } | null = null;

  /** Resolves when the value is taken, or when the consumer has ended. */
  give(value: T): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise((taken) => {
      this.offers.push({ value, taken });
      this.wakeUp.set();
    });
  }

  /** The consumer receives the error at once, before any value that is waiting. */
  fail(error: unknown): void {
    this.failure ??= { error };
    this.wakeUp.set();
  }

  readonly end = (): void => {
    this.ended = true;
    for (const { taken } of this.offers.splice(0)) taken();
    this.wakeUp.set();
  };

  async *take(): AsyncGenerator<T, void, void> {
    while (!this.ended) {
      if (this.failure) throw this.failure.error;
      const offer = this.offers.shift();
      if (!offer) {
        await this.wakeUp.wait();
        continue;
      }
      yield offer.value;
      offer.taken();
    }
  }
}
