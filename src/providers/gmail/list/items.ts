import { isMailError, isNotFound, type MailError } from '../../../domain/error.ts';
import { type Batch, isUnreadable, type Unreadable } from '../../contract/list.ts';

/** The list's item for one id. Null: the message was deleted between the list and the read, so it is no item. */
export function itemOf<T extends object>(id: string, item: T | MailError | undefined): T | Unreadable | null {
  if (item === undefined || isNotFound(item)) return null;
  return isMailError(item) ? { id, error: item } : item;
}

/** The error of a page of which no item could be read. Null: some items could be read, or there are none. */
export function pageError(items: readonly (object | null)[]): MailError | null {
  const existing = items.filter((item) => item !== null);
  const [first] = existing;
  return first && isUnreadable(first) && existing.every(isUnreadable) ? first.error : null;
}

/** The items of a page. Throws when none of them could be read. */
export function itemsOf<T extends object>(ids: readonly string[], batch: Batch<T>): (T | Unreadable)[] {
  const items = ids.map((id, index) => itemOf(id, batch[index])).filter((item) => item !== null);
  const error = pageError(items);
  if (error) throw error;
  return items;
}

/** An order for `sort`. Unreadable items have no date and keep the position at which they were listed. */
export function newestFirst<T extends object>(at: (item: T) => Date) {
  return (a: T | Unreadable, b: T | Unreadable): number =>
    isUnreadable(a) || isUnreadable(b) ? 0 : at(b).getTime() - at(a).getTime();
}
