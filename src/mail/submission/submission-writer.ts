import type { Logger } from 'pino';
import type { SubmissionFeed } from './submission.feed.ts';
import type { SubmissionStore } from './submission.store.ts';
import type { Claim, SubmissionChange, SubmissionRecord } from './submission.ts';

interface SubmissionWriterOptions {
  readonly store: Pick<SubmissionStore, 'change' | 'release' | 'finish' | 'leave' | 'get'>;
  readonly feed: Pick<SubmissionFeed, 'changed'>;
  /** Puts it into the queue for then. */
  readonly requeue: (id: string, at: Date) => Promise<void>;
  readonly log: Logger;
}

/** The row as the one who has claimed it writes it: what is written is told, and what is left to do is queued. */
export class SubmissionWriter {
  constructor(private readonly options: SubmissionWriterOptions) {}

  async change(claim: Claim, change: SubmissionChange): Promise<Claim> {
    const changed = await this.options.store.change(claim, change);
    await this.notify(changed.record);
    return changed;
  }

  async release(claim: Claim, change: SubmissionChange & { readonly dueAt: Date }): Promise<SubmissionRecord> {
    // Queued first: a job too many finds nothing to do, and one too few would leave it lying.
    await this.options.requeue(claim.record.id, change.dueAt);
    return this.notify(await this.options.store.release(claim, change));
  }

  async finish(claim: Claim, change: SubmissionChange): Promise<SubmissionRecord> {
    return this.notify(await this.options.store.finish(claim, change));
  }

  /** As `finish`, to be looked at once more then. There is nothing to notify. */
  async leave(claim: Claim, dueAt: Date): Promise<SubmissionRecord> {
    await this.options.requeue(claim.record.id, dueAt);
    await this.options.store.leave(claim, dueAt);
    return claim.record;
  }

  get(id: string): Promise<SubmissionRecord | null> {
    return this.options.store.get(id);
  }

  private async notify(record: SubmissionRecord): Promise<SubmissionRecord> {
    await this.options.feed
      .changed(record)
      .catch((err: unknown) => this.options.log.warn({ err, submission: record.id }, 'a step was not told'));
    return record;
  }
}
