import type { GraphQLFormattedError } from 'graphql';
import type { EventReceiver, EventSlot } from '../../graphql/operation/event-slots.ts';
import type { OperationResult } from '../../graphql/operation/operation-result.ts';
import { resultText } from '../../graphql/operation/operation-result.ts';
import type { Subscriber } from '../../graphql/operation/subscriber.ts';
import type { EventExecution } from '../../graphql/operation/subscription.ts';
import type { DoorTools } from '../door.ts';
import type { OperationSlot } from '../operation-queue/client-connection.ts';
import type { SocketConnection } from './socket-connection.ts';

/** What all subscriptions over WebSocket need. */
export interface SubscriptionTools extends Pick<DoorTools, 'operationQueue' | 'limited'> {
  mask(error: unknown): GraphQLFormattedError;
}

/**
 * A subscription over WebSocket: the slots of its events, and how they are sent. graphql-ws would keep an asynchronous function, a
 * generator and a promise for each subscription, and resume them for each message. So it only begins a subscription; the messages
 * `next`, `error` and `complete` are sent from here. There may be many of them, so it keeps nothing of its request.
 */
export class SocketSubscription implements EventExecution, EventReceiver {
  /** The maximum size of an event in bytes. */
  answerBytes = 0;
  /** The client's id, as JSON. */
  private id: string | null = null;
  private subscriber: Subscriber | null = null;

  constructor(
    private readonly connection: SocketConnection,
    private readonly userId: string,
    private readonly tools: SubscriptionTools,
  ) {}

  get limited(): DoorTools['limited'] {
    return this.tools.limited;
  }

  begin(): EventSlot | null | Promise<EventSlot | null> {
    const { operationQueue } = this.tools;
    const { transport } = this.connection;
    const slot = operationQueue.beginNow(transport, this.userId, 'event');
    if (slot) return this.expecting(slot);
    return operationQueue
      .begin(transport, this.userId, { lane: 'event' })
      .then((begun) => begun && this.expecting(begun));
  }

  hasRoom(): boolean {
    return this.tools.operationQueue.hasRoom(this.connection.transport, this.userId);
  }

  /** Sends the results from now on, in the place of graphql-ws. `ours` is the id that graphql-ws knows. */
  push(ours: string, subscriber: Subscriber): void {
    const theirs = this.connection.ids.push(ours, this);
    if (theirs === null) {
      void subscriber.return();
      return;
    }
    this.id = JSON.stringify(theirs);
    this.subscriber = subscriber;
    this.connection.unfinished++;
    subscriber.ignoreSignal();
    subscriber.take(this);
  }

  /** The client needs no more of it. It counts as unfinished for as long as what was begun for it goes on. */
  cancel(): void {
    const { subscriber, connection } = this;
    if (!subscriber) return;
    // What it still says concerns nobody.
    this.id = null;
    this.subscriber = null;
    void subscriber.return();
    subscriber.whenIdle(() => connection.unfinished--);
  }

  next(result: OperationResult): void {
    const { connection, id } = this;
    if (connection.isOpen)
      connection.write(`{"id":${id},"type":"next","payload":${resultText(result)}}`, () => this.subscriber?.take(this));
    // Nobody reads what follows either.
    else this.cancel();
  }

  complete(): void {
    if (this.id !== null) this.finish('complete', '');
  }

  error(error: unknown): void {
    if (this.id !== null) this.finish('error', `,"payload":${JSON.stringify([this.tools.mask(error)])}`);
  }

  private finish(type: string, payload: string): void {
    const { id } = this;
    this.id = null;
    this.subscriber = null;
    this.connection.unfinished--;
    this.connection.ids.pushed(JSON.parse(`${id}`));
    this.connection.write(`{"id":${id},"type":"${type}"${payload}}`, () => {});
  }

  private expecting(slot: OperationSlot): OperationSlot {
    slot.expect(this.answerBytes);
    return slot;
  }
}
