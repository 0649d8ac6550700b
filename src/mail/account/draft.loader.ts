import DataLoader from 'dataloader';
import type { Draft } from '../../providers/contract/mail-session.ts';
import type { MessageLoader } from './message.loader.ts';
import type { Reader } from './reader.ts';

const BATCH = 100;

/** The drafts of one account in one request, each read once. A draft brings its message along. */
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

  /** Throws NOT_FOUND when it was sent or deleted. */
  load(id: string): Promise<Draft> {
    return this.drafts.load(id);
  }

  /** Takes in what a list has read. */
  prime(draft: Draft): void {
    this.drafts.prime(draft.id, draft);
    this.messages.prime(draft.message);
  }

  /** After a change: the next reader reads them again. */
  forget(): void {
    this.drafts.clearAll();
  }
}
