import type { Message } from '../../../domain/message.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Batch } from '../../contract/provider.ts';
import type { ReadHeads } from './heads.ts';

/** What a list of threads is made of: lists of messages, of which no more than the thread is known, and whole threads. */
export interface ThreadSource {
  /** Names the list: a cursor of another one is refused. */
  readonly print: string;
  /** Messages that may meet the condition: all that do, and some that `meets` then sorts out. */
  readonly matches: ReadHeads;
  /**
   * All mail in which threads stand in their order: that outside of trash and junk, or simply all where mail in there may be
   * listed, since a thread may have no other. Null: `matches` is walked itself.
   */
  readonly order: ReadHeads | null;
  /** Whether mail in trash or junk may be listed; asked once the lists were read. */
  isHidden(): boolean;
  /** One slot per id. NOT_FOUND where nothing is left of a thread. */
  read(ids: readonly string[]): Promise<Batch<Thread>>;
  /** Whether a thread is listed by this message of it; `isFound`: it is one of `matches`. */
  meets(message: Message, isFound: boolean): boolean;
  /** Whether `meets` can tell of a message that `matches` did not come to yet. */
  readonly isDecidable: boolean;
  /** Whether each of `matches` meets the condition: its thread is listed, and read whatever the lists have cost. */
  readonly isFoundExact?: boolean;
  /** Whether the rest of `matches` is read before threads are, only to see whether they match. */
  readonly isFoundFirst?: boolean;
  /** The id of a thread's first message, where that is known of the thread's own id. */
  firstMessageOf?(threadId: string): string;
  /** What reading one thread adds to `spent`. */
  readonly threadCost: number;
  spent(): number;
}
