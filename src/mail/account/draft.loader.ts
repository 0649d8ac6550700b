import DataLoader from 'dataloader';
import type { Draft } from '../../providers/contract/mail-session.ts';
import type { MessageLoader } from './message.loader.ts';
import type { Reader } from './reader.ts';

const BATCH = 100;

/** Loads the drafts of one account in one request, each once. A loaded draft primes the loader of messages with its message. */
export class DraftLoader {
  private readonly drafts: DataLoader<string, Draft>;

  constructor(
    read: Reader,
    private readonly messages: MessageLoader,
  ) {
    this.drafts = new DataLoader<string, Draft>(
      async (ids) => {
        const batch = await read((session, call) => session.getDrafts(ids, call));
        for (const draft of batch) if (!(draft instanceof Error)) this.messages.prime(draft.message);
        return batch;
      },
      { maxBatchSize: BATCH },
    );
  }

  /** Throws NOT_FOUND when the draft was sent or deleted. */
  load(id: string): Promise<Draft> {
    return this.drafts.load(id);
  }

  /** Adds a draft that a list has read. */
  prime(draft: Draft): void {
    this.drafts.prime(draft.id, draft);
    this.messages.prime(draft.message);
  }

  /** Drops all drafts after a change, so that they are read again. */
  forget(): void {
    this.drafts.clearAll();
  }
}
