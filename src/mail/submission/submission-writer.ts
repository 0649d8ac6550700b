import type { Logger } from 'pino';
import type { SubmissionFeed } from './submission.feed.ts';
import type { SubmissionStore } from './submission.store.ts';
import type { Claim, SubmissionChange, SubmissionRecord } from './submission.ts';

interface SubmissionWriterOptions {
  readonly store: Pick<SubmissionStore, 'change' | 'release' | 'finish' | 'finishAwaitingCopy' | 'get'>;
  readonly feed: Pick<SubmissionFeed, 'changed'>;
  /** Enqueues the submission for that time. */
  readonly requeue: (id: string, at: Date) => Promise<void>;
  readonly log: Logger;
}

/** Writes the row of a claimed submission. It publishes each change, and enqueues the remaining work. */
export class SubmissionWriter {
  constructor(private readonly options: SubmissionWriterOptions) {}

  async change(claim: Claim, change: SubmissionChange): Promise<Claim> {
    const changed = await this.options.store.change(claim, change);
    await this.notify(changed.record);
    return changed;
  }

  async release(claim: Claim, change: SubmissionChange & { readonly dueAt: Date }): Promise<SubmissionRecord> {
    // The job is enqueued first. A job too many finds nothing to do, but without a job the submission would not continue.
    await this.options.requeue(claim.record.id, change.dueAt);
    return this.notify(await this.options.store.release(claim, change));
  }

  async finish(claim: Claim, change: SubmissionChange): Promise<SubmissionRecord> {
    return this.notify(await this.options.store.finish(claim, change));
  }

  /** Like `finish`, but the submission is processed once more at that time. No change is published. */
  async finishAwaitingCopy(claim: Claim, dueAt: Date): Promise<SubmissionRecord> {
    await this.options.requeue(claim.record.id, dueAt);
    await this.options.store.finishAwaitingCopy(claim, dueAt);
    return claim.record;
  }

  get(id: string): Promise<SubmissionRecord | null> {
    return this.options.store.get(id);
  }

  private async notify(record: SubmissionRecord): Promise<SubmissionRecord> {
    await this.options.feed
      .changed(record)
      .catch((err: unknown) =>
        this.options.log.warn({ err, submission: record.id }, 'a change of a submission could not be published'),
      );
    return record;
  }
}
