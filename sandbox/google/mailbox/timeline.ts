import { byRecency, type Position, type StoredMessage } from './message.ts';

/** The messages of a mailbox, newest first, in one sorted array. */
export class Timeline {
  #sorted: StoredMessage[] = [];

  get length(): number {
    return this.#sorted.length;
  }

  /** Adds many messages with one sort. */
  addAll(messages: readonly StoredMessage[]): void {
    this.#sorted = this.#sorted.concat(messages).sort(byRecency);
  }

  add(message: StoredMessage): void {
    this.#sorted.splice(this.#firstNotBefore(message), 0, message);
  }

  remove(message: StoredMessage): void {
    const at = this.#firstNotBefore(message);
    if (this.#sorted[at] === message) this.#sorted.splice(at, 1);
  }

  /** Yields the messages after `position`, or all of them for null. Mail that arrives meanwhile moves nothing. */
  *after(position: Position | null): Generator<StoredMessage> {
    let at = position === null ? 0 : this.#firstNotBefore(position);
    if (position !== null && this.#sorted[at]?.id === position.id) at += 1;
    for (; at < this.#sorted.length; at += 1) yield this.#sorted[at] as StoredMessage;
  }

  #firstNotBefore(position: Position): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byRecency(this.#sorted[middle] as StoredMessage, position) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
