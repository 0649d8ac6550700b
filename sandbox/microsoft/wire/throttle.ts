import { type GraphError, throttled } from './errors.ts';

const MAX_CONCURRENT = 4;
const MAX_REQUESTS = 10_000;
const REQUEST_WINDOW_MS = 10 * 60_000;
const MAX_UPLOAD_BYTES = 150 * 1024 * 1024;
const UPLOAD_WINDOW_MS = 5 * 60_000;

/** Outlook's limits per application and mailbox. */
export class Throttle {
  readonly #now: () => Date;
  readonly #inFlight = new Map<string, number>();
  readonly #requests = new Map<string, Window>();
  readonly #uploads = new Map<string, Window>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** Takes a slot and returns a function that releases it, which may be called more than once. Returns the refusal when there is none. */
  enter(mailbox: string): (() => void) | GraphError {
    const now = this.#now().getTime();
    const window = windowOf(this.#requests, mailbox, REQUEST_WINDOW_MS);
    if (window.total(now) >= MAX_REQUESTS) return throttled('RequestRate', window.secondsUntilRoom(now));
    window.add(now, 1);
    const busy = this.#inFlight.get(mailbox) ?? 0;
    if (busy >= MAX_CONCURRENT) return throttled('MailboxConcurrency', 1);
    this.#inFlight.set(mailbox, busy + 1);
    let isOut = false;
    return () => {
      if (isOut) return;
      isOut = true;
      this.#inFlight.set(mailbox, (this.#inFlight.get(mailbox) ?? 1) - 1);
    };
  }

  /** Counts received bytes. Returns null when they are within the limit, and the refusal otherwise. */
  upload(mailbox: string, bytes: number): GraphError | null {
    const now = this.#now().getTime();
    const window = windowOf(this.#uploads, mailbox, UPLOAD_WINDOW_MS);
    if (window.total(now) + bytes > MAX_UPLOAD_BYTES) return throttled('IncomingBytes', window.secondsUntilRoom(now));
    window.add(now, bytes);
    return null;
  }
}

/** A sliding window of amounts. */
class Window {
  readonly #lengthMs: number;
  #entries: { readonly at: number; readonly amount: number }[] = [];
  #first = 0;
  #sum = 0;

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  add(at: number, amount: number): void {
    this.#entries.push({ at, amount });
    this.#sum += amount;
  }

  total(now: number): number {
    for (
      let entry = this.#entries[this.#first];
      entry && entry.at <= now - this.#lengthMs;
      entry = this.#entries[this.#first]
    ) {
      this.#sum -= entry.amount;
      this.#first++;
    }
    if (this.#first > 1000) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return this.#sum;
  }

  secondsUntilRoom(now: number): number {
    const oldest = this.#entries[this.#first];
    return oldest ? Math.max(1, Math.ceil((oldest.at + this.#lengthMs - now) / 1000)) : 1;
  }
}

function windowOf(windows: Map<string, Window>, mailbox: string, lengthMs: number): Window {
  const known = windows.get(mailbox) ?? new Window(lengthMs);
  windows.set(mailbox, known);
  return known;
}
