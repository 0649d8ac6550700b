import { hash } from 'node:crypto';
import type { Mail } from '../../mail/mail.ts';
import type { SearchEntry } from './search.entry.ts';

/** One message as the mailbox stores it. The mail itself is read only when its content is requested. */
export interface StoredMessage {
  readonly id: string;
  readonly threadId: string;
  readonly mail: Mail;
  readonly entry: SearchEntry;
  /** The internalDate, in milliseconds. */
  readonly receivedAt: number;
  /** Orders messages of the same millisecond, in an arbitrary but stable way. */
  readonly order: number;
  /** When it arrived, in milliseconds, from which the lag of the search index is counted. -Infinity: it was there at the start. */
  readonly arrivedAt: number;
  /** The history id it was added with. */
  addedWith: number;
  historyId: number;
  labels: ReadonlySet<string>;
}

/** Gmail's ids are 16 hexadecimal digits. The same mail gets the same id at each start. */
export function hexId(seed: string): string {
  return `1${hash('sha256', seed, 'hex').slice(0, 15)}`;
}

/** Sorts newest first by internalDate. Gmail does not document the order within a millisecond. */
export function byRecency(a: Position, b: Position): number {
  return b.receivedAt - a.receivedAt || a.order - b.order || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** A position in the timeline, even if its message has been deleted. */
export type Position = Pick<StoredMessage, 'receivedAt' | 'order' | 'id'>;
