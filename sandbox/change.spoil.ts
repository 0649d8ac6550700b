/** What the list of changes says of a change that the vendor loses: nothing, or a record that no client can read. */
export const SPOILT = ['omitted', 'malformed'] as const;

export interface Spoil {
  /** The number of the next changes of messages that are spoilt. */
  readonly next: number;
  readonly as: (typeof SPOILT)[number];
  /** Whether watches are notified of them all the same. */
  readonly isNotified: boolean;
}

/** Decides which changes of a mailbox its vendor loses. */
export class ChangeSpoil {
  #spoil: Spoil = { next: 0, as: 'omitted', isNotified: false };

  set(spoil: Spoil): void {
    this.#spoil = spoil;
  }

  /** Returns how the change that happens now is spoilt. Null: it is not. */
  take(): Spoil | null {
    const spoil = this.#spoil;
    if (spoil.next === 0) return null;
    this.#spoil = { ...spoil, next: spoil.next - 1 };
    return spoil;
  }
}
