/** The key by which a list of messages is sorted. */
interface Sorted {
  readonly receivedAt: Date;
  /** The order of arrival in the mailbox. */
  readonly serial: number;
}

/** Items, newest first. They are kept sorted, so that a page of a mailbox of 50,000 costs no more than one of 50. */
export class ItemList<Item extends Sorted> {
  #items: Item[] = [];

  get all(): readonly Item[] {
    return this.#items;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    this.#items.splice(this.#place(item), 0, item);
  }

  addAll(items: readonly Item[]): void {
    this.#items = [...this.#items, ...items].sort(newestFirst);
  }

  /** Removes an item, whose sort key must not have changed since it was added. */
  remove(item: Item): void {
    const at = this.#place(item);
    if (this.#items[at] === item) this.#items.splice(at, 1);
  }

  /** Returns the first index whose item does not sort before the given one. */
  #place(item: Item): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (newestFirst(this.#items[middle] as Item, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function newestFirst(a: Sorted, b: Sorted): number {
  return b.receivedAt.getTime() - a.receivedAt.getTime() || b.serial - a.serial;
}
