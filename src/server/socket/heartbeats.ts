/** The interval between two signs of life on a connection: a ping of a WebSocket, a comment of an event stream. */
export const HEARTBEAT_INTERVAL_MS = 15_000;
/** In how many parts the connections have their turns, so that not all of them are written to at once. */
const MAX_PARTS = 15;

/** What needs a sign of life at regular intervals. */
export interface Beating {
  beat(): void;
}

/** One timer for all connections, each of which beats once in an interval. */
export class Heartbeats {
  private readonly parts: readonly Set<Beating>[];
  private readonly intervalMs: number;
  private timer: NodeJS.Timeout | null = null;
  private turn = 0;
  private count = 0;

  constructor(intervalMs: number) {
    this.parts = Array.from({ length: MAX_PARTS }, () => new Set());
    this.intervalMs = intervalMs / MAX_PARTS;
  }

  /** The first beat is after one interval. */
  add(one: Beating): void {
    // The part whose turn was last is the one that is farthest from its next turn.
    this.parts[this.turn]?.add(one);
    this.count++;
    this.timer ??= setInterval(() => this.next(), this.intervalMs).unref();
  }

  delete(one: Beating): void {
    for (const part of this.parts) {
      if (!part.delete(one)) continue;
      this.count--;
      break;
    }
    if (this.count > 0 || !this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  private next(): void {
    this.turn = (this.turn + 1) % MAX_PARTS;
    for (const one of this.parts[this.turn] ?? []) one.beat();
  }
}
