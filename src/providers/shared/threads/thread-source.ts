import type { Message } from '../../../domain/message.ts';
import type { Thread } from '../../../domain/thread.ts';
import type { Batch } from '../../contract/list.ts';
import type { ReadHeads } from './heads.ts';

/** The data that a list of threads is built from: lists of message heads, and whole threads. */
export interface ThreadSource {
  /** Identifies the list. A cursor of another list is refused. */
  readonly fingerprint: string;
  /** Messages that may meet the condition: all that do, and others that `meets` then sorts out. */
  readonly matches: ReadHeads;
  /**
   * The mail that decides the order of threads: all mail outside trash and junk, or all mail when messages in there may
   * be listed, because a thread may have no others. Null means that `matches` decides the order itself.
   */
  readonly order: ReadHeads | null;
  /** Returns whether mail in trash or junk may be listed. It is called after the lists were read. */
  isHidden(): boolean;
  /** Reads threads, with one result per id. The result is NOT_FOUND when no message of a thread is left. */
  read(ids: readonly string[]): Promise<Batch<Thread>>;
  /** Returns whether a thread is listed because of this message. `isFound` means that the message is in `matches`. */
  meets(message: Message, isFound: boolean): boolean;
  /** True when `meets` can decide about a message that `matches` has not reached yet. */
  readonly isDecidable: boolean;
  /**
   * True when every message of `matches` meets the condition. Its thread is then listed, and read whatever the lists
   * have cost.
   */
  readonly isFoundExact?: boolean;
  /** True when the rest of `matches` is read before any thread is read only to see whether it matches. */
  readonly isFoundFirst?: boolean;
  /** Returns the id of a thread's first message if it follows from the thread's id. */
  firstMessageOf?(threadId: string): string;
  /** The amount that reading one thread adds to `spent`. */
  readonly threadCost: number;
  spent(): number;
}
