import type { OperationResult } from './operation-result.ts';

/** The permission to execute one event. */
export interface EventSlot {
  end(): void;
}

/** Decides when an event may be sent. */
export interface EventSlots {
  /**
   * Waits until the next event may be executed. The slot that it returns ends when the client asks for the following
   * event, that is when the response is on its way. Until then this subscriber gets no further event. Null ends the
   * subscription. `event` is what the source gave, before anything is selected of it.
   */
  begin(event: unknown): EventSlot | null | Promise<EventSlot | null>;
  /**
   * Whether a result may be sent at once, without a slot, because it has been executed for another subscriber already. Absent:
   * never.
   */
  hasRoom?(): boolean;
}

/** Takes one result of a subscription. */
export interface EventReceiver {
  next(result: OperationResult): void;
  /** There are no more results. */
  complete(): void;
  /** The subscription has failed. */
  error(error: unknown): void;
}
