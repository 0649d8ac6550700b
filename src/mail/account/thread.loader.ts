import DataLoader from 'dataloader';
import type { Thread } from '../../domain/thread.ts';
import type { MessageLoader } from './message.loader.ts';
import type { Reader } from './reader.ts';

const BATCH = 50;

/** Loads the threads of one account in one request. A loaded thread primes the loader of messages with its envelopes. */
export class ThreadLoader {
  private readonly threads: DataLoader<string, Thread>;

  constructor(
    read: Reader,
    private readonly messages: MessageLoader,
  ) {
    this.threads = new DataLoader<string, Thread>(
      async (ids) => {
        const batch = await read((session, call) => session.getThreads(ids, call));
        for (const thread of batch) if (!(thread instanceof Error)) this.primeMessages(thread);
        return batch;
      },
      { maxBatchSize: BATCH },
    );
  }

  load(id: string): Promise<Thread> {
    return this.threads.load(id);
  }

  /** Adds a thread that a list has read. */
  prime(thread: Thread): void {
    this.threads.prime(thread.id, thread);
    this.primeMessages(thread);
  }

  /** Drops all threads after a change, so that they are read again. */
  forget(): void {
    this.threads.clearAll();
  }

  private primeMessages(thread: Thread): void {
    for (const message of thread.messages) this.messages.prime(message);
  }
}
