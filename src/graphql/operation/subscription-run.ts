import { setMaxListeners } from 'node:events';
import type { EventReader, EventSource, KeptEvents, ReadEvent } from './event-source.ts';
import type { OperationResult } from './operation-result.ts';
import { resultText } from './operation-result.ts';

/** The source of a subscription, and how its events are executed. Those of equal subscriptions are alike. */
export interface Execution<Event = unknown, Position = unknown> {
  readonly source: EventSource<Event, Position>;
  execute(event: Event, signal: AbortSignal): Promise<OperationResult>;
}

/** A subscriber of a run. */
interface RunSubscriber {
  /** The number of events of the run that it has taken. */
  readonly taken: number;
  /** The run may have something new. */
  wake(): void;
}

/** The events that are kept for subscribers who are behind the others. One who is further behind reads on alone. */
const MAX_KEPT_EVENTS = 100;
const MAX_KEPT_CHARACTERS = 1_000_000;
/** The events that are kept for subscribers who read alone and are about to join. */
const KEPT_TO_JOIN = 16;

/** An event that is executed once, for all subscribers of a run. */
export class RunEvent<Event = unknown, Position = unknown> implements ReadEvent<Event, Position> {
  readonly event: Event;
  readonly log: string;
  readonly position: Position;
  readonly isReset: boolean;
  /** The length of its result as JSON. 0 while there is none. */
  length = 0;
  /** The number of subscribers who still have to take it, or to send its result. */
  private awaiting = 0;
  private executing: Promise<OperationResult> | null = null;
  private known: OperationResult | null = null;
  /** `result` rejects. */
  private hasFailed = false;

  constructor(
    { event, log, position, isReset }: ReadEvent<Event, Position>,
    private readonly execute: () => Promise<OperationResult>,
    /** Called when there is a result, or none because it failed. */
    private readonly onExecuted: () => void,
  ) {
    this.event = event;
    this.log = log;
    this.position = position;
    this.isReset = isReset;
  }

  result(): Promise<OperationResult> {
    if (this.executing) return this.executing;
    const executing = this.execute();
    this.executing = executing;
    executing.then(
      (result) => {
        // Nobody waits for it any more.
        if (this.executing !== executing) return;
        this.known = result;
        this.length = resultText(result).length;
        this.onExecuted();
      },
      () => {
        if (this.executing !== executing) return;
        this.hasFailed = true;
        this.onExecuted();
      },
    );
    return executing;
  }

  /** Its result, if there is one. */
  get executed(): OperationResult | null {
    return this.known;
  }

  /** Whether its result is awaited. */
  get isExecuting(): boolean {
    return this.executing !== null && this.known === null && !this.hasFailed;
  }

  /** A subscriber has to take it. */
  await(): void {
    this.awaiting++;
  }

  /** A subscriber has sent it, or leaves. After the last one its result is dropped: who needs it later executes it again. */
  release(): void {
    if (--this.awaiting > 0) return;
    this.executing = null;
    this.known = null;
    this.hasFailed = false;
    this.length = 0;
  }
}

/**
 * One reader of a source, with the subscribers who get its events. The one who is ahead of the others has the next event read,
 * so that nobody waits for a subscriber who does not read.
 */
export class SubscriptionRun<Event = unknown, Position = unknown> {
  /** Called when it has ended, of itself or because no subscriber is left. */
  onEnded: (() => void) | null = null;
  /** What its subscriptions have in common. Null: it is not shared. */
  key: string | null = null;
  /** Those who read alone, and join as soon as the run is where they are. */
  readonly candidates = new Set<RunSubscriber>();
  private readonly subscribers = new Set<RunSubscriber>();
  /** Aborts when no subscriber is left: until then the events that are kept can be executed. */
  private readonly done = new AbortController();
  private readonly reader: EventReader<Event, Position>;
  private events: RunEvent<Event, Position>[] = [];
  /** The number of events that are no longer kept. */
  private dropped = 0;
  private before: Position;
  private last: Position;
  private isReading = false;
  private hasEnded = false;
  private failure: { readonly error: unknown } | null = null;

  constructor(
    readonly execution: Execution<Event, Position>,
    from: Position,
  ) {
    this.before = from;
    this.last = from;
    setMaxListeners(0, this.done.signal);
    this.reader = execution.source.read(from, this.done.signal);
  }

  /** Nothing more is read. Subscribers may still be behind. */
  get isEnded(): boolean {
    return this.hasEnded;
  }

  /** The number of events so far. */
  get length(): number {
    return this.dropped + this.events.length;
  }

  /** Where a subscriber is who has taken all events. */
  get position(): Position {
    if (!this.isReading) return this.last;
    const { source } = this.execution;
    const { position } = this.reader;
    // Subscribers keep their positions, so equal ones are one object.
    return source.covers(position, this.last) && source.covers(this.last, position) ? this.last : position;
  }

  get kept(): KeptEvents<Event, Position> {
    return { before: this.before, events: this.events, reached: this.position };
  }

  /** The number of the first event that is still kept. */
  get first(): number {
    return this.dropped;
  }

  join(subscriber: RunSubscriber): void {
    this.candidates.delete(subscriber);
    this.subscribers.add(subscriber);
    for (const event of this.untaken(subscriber)) event.await();
  }

  leave(subscriber: RunSubscriber): void {
    this.candidates.delete(subscriber);
    if (!this.subscribers.delete(subscriber)) return;
    for (const event of this.untaken(subscriber)) event.release();
    if (this.subscribers.size === 0) this.end();
  }

  private untaken({ taken }: RunSubscriber): readonly RunEvent<Event, Position>[] {
    return this.events.slice(Math.max(0, taken - this.dropped));
  }

  /** An event by its number. Undefined: it has not come yet. Null: it is no longer kept. */
  at(number: number): RunEvent<Event, Position> | undefined | null {
    return number < this.dropped ? null : this.events[number - this.dropped];
  }

  /** Reads the next event, unless that is under way. Throws what has ended the run. */
  pull(): void {
    if (this.failure) throw this.failure.error;
    if (this.isReading || this.isEnded) return;
    this.isReading = true;
    this.reader.next().then(
      (read) => (read ? this.append(read) : this.end()),
      (error: unknown) => {
        this.failure = { error };
        this.end();
      },
    );
  }

  private append(read: ReadEvent<Event, Position>): void {
    this.isReading = false;
    this.last = read.position;
    const execute = () => this.execution.execute(read.event, this.done.signal);
    const event = new RunEvent(read, execute, this.wake);
    for (const _ of this.subscribers) event.await();
    this.events.push(event);
    this.trim();
    this.wake();
  }

  /** Drops the events that all subscribers have, and those that only the slowest ones have not. */
  private trim(): void {
    let taken = this.length - 1 - (this.candidates.size > 0 ? KEPT_TO_JOIN : 0);
    for (const subscriber of this.subscribers) taken = Math.min(taken, subscriber.taken);
    let from = Math.max(taken, this.length - MAX_KEPT_EVENTS) - this.dropped;
    let characters = 0;
    for (let n = this.events.length - 1; n >= Math.max(0, from); n--) {
      characters += this.events[n]?.length ?? 0;
      if (characters > MAX_KEPT_CHARACTERS) from = n + 1;
    }
    const last = this.events[from - 1];
    if (!last) return;
    this.before = last.position;
    this.events = this.events.slice(from);
    this.dropped += from;
  }

  private end(): void {
    if (this.subscribers.size === 0) this.done.abort();
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.reader.close().catch(() => {});
    this.onEnded?.();
    this.wake();
  }

  private readonly wake = (): void => {
    for (const subscriber of this.subscribers) subscriber.wake();
    for (const candidate of this.candidates) candidate.wake();
  };
}
