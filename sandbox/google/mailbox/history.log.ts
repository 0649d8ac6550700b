import type { Spoil } from '../../change.spoil.ts';
import type { StoredMessage } from './message.ts';

/** One change of one message. */
export interface HistoryRecord {
  readonly id: number;
  readonly message: Pick<StoredMessage, 'id' | 'threadId'>;
  /** The message's labels after the change. */
  readonly labelIds: readonly string[];
  readonly added?: boolean;
  readonly deleted?: boolean;
  readonly labelsAdded?: readonly string[];
  readonly labelsRemoved?: readonly string[];
  readonly isMalformed?: boolean;
}

const MAX_RECORDS = 100_000;

/** The changes of a mailbox, for history.list. Each start of the sandbox uses a new, higher range of ids, so that older ids are too old. */
export class HistoryLog {
  #records: HistoryRecord[] = [];
  #floor: number;
  #current: number;

  constructor(now: Date) {
    this.#floor = now.getTime();
    this.#current = this.#floor;
  }

  get current(): number {
    return this.#current;
  }

  /** `as` is null for a change that is recorded as it was. */
  append(change: Omit<HistoryRecord, 'id'>, as: Spoil['as'] | null): number {
    this.#current += 1;
    if (as === 'omitted') return this.#current;
    this.#records.push({ ...change, id: this.#current, isMalformed: as === 'malformed' });
    if (this.#records.length > MAX_RECORDS * 1.1) {
      this.#records = this.#records.slice(-MAX_RECORDS);
      this.#floor = (this.#records[0]?.id ?? this.#current) - 1;
    }
    return this.#current;
  }

  /** Returns the changes after `start`, oldest first. Null: the id is too old or unknown. */
  since(start: number): readonly HistoryRecord[] | null {
    if (!(start >= this.#floor && start <= this.#current)) return null;
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#records[middle] as HistoryRecord).id <= start) low = middle + 1;
      else high = middle;
    }
    return this.#records.slice(low);
  }

  /** Makes every id that was issued so far too old. */
  expire(): void {
    this.#current += 1;
    this.#floor = this.#current;
    this.#records = [];
  }
}
