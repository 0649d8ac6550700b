import type { EventReceiver, EventSlot, EventSlots } from './event-slots.ts';
import type { EventSource } from './event-source.ts';
import type { OperationResult } from './operation-result.ts';
import { type Execution, type RunEvent, SubscriptionRun } from './subscription-run.ts';

const DONE: IteratorResult<never, void> = { done: true, value: undefined };

/** The runs that subscribers share, by what they have in common. */
export class SharedRuns {
  private readonly runs = new Map<string, SubscriptionRun>();

  get(key: string | null): SubscriptionRun | null {
    return key === null ? null : (this.runs.get(key) ?? null);
  }

  /** Lets others join a run from now on, until it ends. */
  share(key: string, run: SubscriptionRun): void {
    if (run.isEnded) return;
    run.key = key;
    this.runs.set(key, run);
    run.onEnded = () => this.runs.delete(key);
  }
}

interface SubscriberOptions {
  /** What equal subscriptions have in common. Null: it shares nothing. */
  readonly key: string | null;
  readonly runs: SharedRuns;
  readonly slots: EventSlots;
  /** Aborts when the client is done. */
  readonly signal: AbortSignal;
}

/** The signal under which the source was opened. */
interface Opening {
  abort(): void;
  leave(): void;
}

/**
 * The results of one subscription. It takes them from a run that equal subscriptions share; one that begins before the present,
 * or has fallen behind the others, has a run of its own until it is where the others are.
 *
 * Thousands of subscribers may receive one event, so that between the event and the receiver of its result there is no promise,
 * except for the subscriber for whom it is executed.
 */
export class Subscriber implements AsyncGenerator<OperationResult, void, void> {
  /** The number of events of the run that it has taken. */
  taken = 0;
  private readonly runs: SharedRuns;
  private readonly slots: EventSlots;
  private key: string | null;
  private run: SubscriptionRun | null = null;
  private isShared = false;
  /** What it has had. */
  private position: unknown = null;
  /** What it had before it joined the run, as long as the run can repeat it, and where the run was. */
  private skipped: { readonly position: unknown; readonly joined: unknown } | null = null;
  /** Where it has to be before its run is shared with others. Null: it is there. */
  private present: { readonly position: unknown } | null = null;
  private isDone = false;
  /** True while its source is being opened, or while it waits for a slot or for what it has executed. */
  private isBusy = false;
  private slot: EventSlot | null = null;
  /** The event that it has taken and not sent yet. */
  private event: RunEvent | null = null;
  /** Who waits for the next result. */
  private receiver: EventReceiver | null = null;
  /** Null once its owner ends it by `return`. */
  private signal: AbortSignal | null = null;
  /** Called once, when it is no longer busy. */
  private onIdle: (() => void) | null = null;

  constructor(
    { runs, slots, key, signal }: SubscriberOptions,
    /** Null once it shares a run, which has an equal one. */
    private execution: Execution | null,
    /** Null once it has begun. */
    private opening: Opening | null,
  ) {
    this.runs = runs;
    this.slots = slots;
    this.key = key;
    if (signal.aborted) this.isDone = true;
    else {
      this.signal = signal;
      signal.addEventListener('abort', this, { once: true });
    }
  }

  /** Gives the receiver the next result, or the end. Whatever was given before has been sent. */
  take(receiver: EventReceiver): void {
    this.endSlot();
    this.receiver = receiver;
    this.advance();
  }

  /** From now on it follows no signal: its owner calls `return` when the client is done. */
  ignoreSignal(): void {
    this.signal?.removeEventListener('abort', this);
    this.signal = null;
  }

  /** Calls `fn` as soon as nothing is under way for it: what was begun goes on for a while after the client has left. */
  whenIdle(fn: () => void): void {
    if (this.isBusy) this.onIdle = fn;
    else fn();
  }

  next(): Promise<IteratorResult<OperationResult, void>> {
    return new Promise((resolve, reject) => {
      const next = (value: OperationResult) => resolve({ done: false, value });
      this.take({ next, complete: () => resolve(DONE), error: reject });
    });
  }

  async return(): Promise<IteratorResult<never, void>> {
    this.close();
    return DONE;
  }

  async throw(error: unknown): Promise<IteratorResult<never, void>> {
    this.close();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.close();
  }

  /** The run may have something new. */
  wake(): void {
    if (this.receiver && !this.isBusy) this.advance();
  }

  private close(): void {
    this.endSlot();
    const { receiver } = this;
    this.receiver = null;
    if (!this.isDone || this.run) {
      this.isDone = true;
      this.opening?.abort();
      this.ignoreSignal();
      this.run?.leave(this);
      this.run = null;
      this.runs.get(this.key)?.leave(this);
    }
    receiver?.complete();
  }

  private endSlot(): void {
    this.slot?.end();
    this.slot = null;
    this.event?.release();
    this.event = null;
  }

  /** Does what can be done for the receiver at present. */
  private advance(): void {
    if (this.isBusy || !this.receiver) return;
    try {
      if (this.isDone) this.close();
      else if (this.opening) this.begin(this.opening);
      else {
        this.event ??= this.nextEvent();
        if (this.event) this.deliver(this.event);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private deliver(event: RunEvent): void {
    if (event.executed && this.slots.hasRoom?.()) this.give(event.executed);
    // The run wakes it when there is a result.
    else if (!event.isExecuting) {
      const slot = this.slots.begin(event.event);
      if (slot instanceof Promise) this.executeLater(event, slot);
      else this.execute(event, slot);
    }
  }

  private executeLater(event: RunEvent, slot: Promise<EventSlot | null>): void {
    this.isBusy = true;
    slot.then(
      (begun) => this.execute(event, begun),
      (error) => this.fail(error),
    );
  }

  private execute(event: RunEvent, slot: EventSlot | null): void {
    if (slot && !this.isDone) {
      this.slot = slot;
      this.isBusy = true;
      event.result().then(
        (result) => this.give(result),
        (error) => this.fail(error),
      );
    } else {
      slot?.end();
      this.idle();
      this.close();
    }
  }

  private idle(): void {
    const { onIdle } = this;
    this.isBusy = false;
    this.onIdle = null;
    onIdle?.();
  }

  private give(result: OperationResult): void {
    this.idle();
    const { receiver } = this;
    this.receiver = null;
    receiver?.next(result);
  }

  /** What fails because the client has left concerns nobody. */
  private fail(error: unknown): void {
    const receiver = this.isDone ? null : this.receiver;
    if (receiver) this.receiver = null;
    this.idle();
    this.close();
    receiver?.error(error);
  }

  private begin(opening: Opening): void {
    this.isBusy = true;
    this.source.begin().then(
      ({ position, present }) => {
        this.idle();
        this.position = position;
        this.present = present === null ? null : { position: present };
        this.opening = null;
        opening.leave();
        this.advance();
      },
      (error) => this.fail(error),
    );
  }

  /** The next event that it has not had. Null while there is none; the run then wakes it. */
  private nextEvent(): RunEvent | null {
    for (;;) {
      const run = this.isShared && this.run ? this.run : this.attach();
      const event = run.at(this.taken);
      if (event === null) this.readAlone(run);
      else if (event && this.accept(event, run)) return event;
      if (event !== undefined) continue;
      run.pull();
      if (run.isEnded) this.close();
      return null;
    }
  }

  private get source(): EventSource<unknown, unknown> {
    return (this.execution ?? (this.run as SubscriptionRun).execution).source;
  }

  /** Joins the run of equal subscriptions, or has a run of its own. */
  private attach(): SubscriptionRun {
    const { runs, key } = this;
    const own = this.run;
    // What its own run has read is taken first. One that has ended is for nobody else.
    if (own && (own.isEnded || own.at(this.taken))) return own;
    const position = own ? own.position : this.position;
    const { source } = this;
    const shared = runs.get(key);
    const isPresent = !own && this.present === null;
    if (shared) {
      const passed = source.joins(position, isPresent, shared.kept);
      if (passed !== null) return this.join(shared, position, shared.first + passed);
      shared.candidates.add(this);
    }
    const run = own ?? this.open(position);
    if (key === null || shared || (this.present && !source.covers(position, this.present.position))) return run;
    this.isShared = true;
    runs.share(key, run);
    return run;
  }

  private open(position: unknown): SubscriptionRun {
    const run = new SubscriptionRun(this.execution as Execution, position);
    run.join(this);
    this.run = run;
    this.taken = 0;
    return run;
  }

  private join(shared: SubscriptionRun, position: unknown, taken: number): SubscriptionRun {
    const { source } = shared.execution;
    this.run?.leave(this);
    this.run = shared;
    this.isShared = true;
    this.execution = null;
    // Many subscribers have an equal key, so all keep the one of their run.
    this.key = shared.key;
    this.taken = taken;
    shared.join(this);
    const { before, events, reached } = shared.kept;
    const isThere = taken === shared.length && source.covers(reached, position) && source.covers(position, reached);
    this.position = isThere ? reached : position;
    this.skipped = isThere ? null : { position, joined: events[taken - shared.first - 1]?.position ?? before };
    return shared;
  }

  /** Goes on from its own position, because the run no longer keeps what it has not had. */
  private readAlone(run: SubscriptionRun): void {
    this.execution = run.execution;
    this.present = { position: run.position };
    run.leave(this);
    this.run = null;
    this.isShared = false;
    this.skipped = null;
  }

  /** Counts an event as taken. False: it has had it. */
  private accept(event: RunEvent, { execution: { source } }: SubscriptionRun): boolean {
    this.taken++;
    // A log that begins again, or that was replaced by an earlier one, has nothing that it has had.
    if (this.skipped) {
      const { position, joined } = this.skipped;
      this.skipped = { position: source.forget(position, joined, event), joined };
    }
    if (this.skipped && source.has(this.skipped.position, event)) {
      event.release();
      return false;
    }
    this.position = this.skipped ? source.union(event.position, this.skipped.position) : event.position;
    if (this.skipped && source.covers(event.position, this.skipped.position)) this.skipped = null;
    return true;
  }
}
