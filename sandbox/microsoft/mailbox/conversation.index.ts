import type { Item } from './item.ts';
import { ItemList } from './item-list.ts';

/** A mailbox's messages by conversation, newest first. It is built at the first request, so that a start reads no mail for it. */
export class ConversationIndex {
  readonly #idOf: (item: Item) => string;
  #lists: Map<string, ItemList<Item>> | null = null;

  /** The value of `idOf` for an item may change only while the item is removed. */
  constructor(idOf: (item: Item) => string) {
    this.#idOf = idOf;
  }

  /** Ids are compared without regard to case, as in every filter. */
  find(id: string, mailbox: ItemList<Item>): readonly Item[] {
    this.#lists ??= this.#read(mailbox);
    return this.#lists.get(id.toLowerCase())?.all ?? [];
  }

  add(item: Item): void {
    if (this.#lists !== null) listOf(this.#lists, this.#keyOf(item)).add(item);
  }

  remove(item: Item): void {
    if (this.#lists === null) return;
    const key = this.#keyOf(item);
    const list = this.#lists.get(key);
    list?.remove(item);
    if (list?.size === 0) this.#lists.delete(key);
  }

  /** Discards the index, which is built again at the next request. */
  clear(): void {
    this.#lists = null;
  }

  #read(mailbox: ItemList<Item>): Map<string, ItemList<Item>> {
    const lists = new Map<string, ItemList<Item>>();
    // The oldest is added first, so that a reply finds its parent.
    for (const item of mailbox.all.toReversed()) listOf(lists, this.#keyOf(item)).add(item);
    return lists;
  }

  #keyOf(item: Item): string {
    return this.#idOf(item).toLowerCase();
  }
}

function listOf(lists: Map<string, ItemList<Item>>, key: string): ItemList<Item> {
  const known = lists.get(key);
  if (known) return known;
  const list = new ItemList<Item>();
  lists.set(key, list);
  return list;
}
