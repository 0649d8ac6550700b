import { hash } from 'node:crypto';
import type { Mail } from '../../mail/mail.ts';
import type { SearchEntry } from './search.entry.ts';

/** One message as the mailbox keeps it; the mail itself is only read when its content is asked for. */
export interface StoredMessage {
  readonly id: string;
  readonly threadId: string;
  readonly mail: Mail;
  readonly entry: SearchEntry;
  /** internalDate, in ms. */
  readonly receivedAt: number;
  /** Where it stands among the mails of its millisecond: any order, but always the same. */
  readonly order: number;
  /** When it came into the mailbox, in ms: what the search index is late by. -Infinity: it was there before. */
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

/** Newest first, by internalDate; among mails of one millisecond the order that Gmail does not document. */
export function byRecency(a: Position, b: Position): number {
  return b.receivedAt - a.receivedAt || a.order - b.order || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** A place in the timeline, whether or not a message is still there. */
export type Position = Pick<StoredMessage, 'receivedAt' | 'order' | 'id'>;
