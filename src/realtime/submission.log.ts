import { SUBMISSION_TOPIC, SubmissionWake } from '../mail/submission/submission.feed.ts';
import type { SubmissionStore } from '../mail/submission/submission.store.ts';
import type { SubmissionRecord } from '../mail/submission/submission.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { EventLogs, LogFollower } from './event.stream.ts';

export interface SubmissionLogOptions {
  readonly store: Pick<SubmissionStore, 'changedSince'>;
  readonly bus: Pick<Bus, 'subscribe' | 'onGap'>;
}

/** A submission as it became. */
interface ChangedSubmission {
  readonly record: SubmissionRecord;
  /** The latest change that has been read by then, since the rows do not come quite in order. */
  readonly position: Date;
}

/** Rows can become visible slightly out of order, and the clocks of instances differ: each read goes back by this overlap. */
const OVERLAP_MS = 10_000;
const PAGE = 500;
const before = (position: Date): Date => new Date(Math.max(0, position.getTime() - OVERLAP_MS));

/** The state changes of submissions as a log for each user, read from the rows by the time of their last change. */
export class SubmissionLog implements EventLogs<ChangedSubmission, Date> {
  /** When the subscription began: the database may be away for long before it is first read. */
  private readonly beganAt = new Date();

  constructor(
    private readonly options: SubmissionLogOptions,
    /** Only this submission; null: all. */
    private readonly id: string | null,
  ) {}

  /** The log of one submission begins with its current state. */
  async follow(userId: string, start: Date | null, grown: () => void): Promise<LogFollower<ChangedSubmission, Date>> {
    const { bus } = this.options;
    const { id, beganAt } = this;
    const heard = (payload: unknown) => {
      const wake = SubmissionWake.safeParse(payload);
      if (wake.success && wake.data.userId === userId && (id === null || id === wake.data.id)) grown();
    };
    const stops = [bus.subscribe(SUBMISSION_TOPIC, heard), bus.onGap(grown)];
    // What has been read, by the time of the change; what is older than the overlap is dropped.
    const known = new Map<string, number>();
    let isFromNow = start === null && id === null;
    return {
      start: start ?? (id === null ? beganAt : new Date(0)),
      after: async (position) => {
        if (isFromNow) {
          for (const { id: old, updatedAt } of await this.read(userId, before(beganAt)))
            if (updatedAt <= beganAt) known.set(old, updatedAt.getTime());
          isFromNow = false;
        }
        return this.unread(userId, position, known);
      },
      leave: () => {
        for (const stop of stops) stop();
      },
    };
  }

  private async unread(userId: string, position: Date, known: Map<string, number>): Promise<ChangedSubmission[]> {
    let reached = position;
    for (let from = before(position); ; ) {
      const page = await this.read(userId, from);
      const unread = page.filter(({ id, updatedAt }) => known.get(id) !== updatedAt.getTime());
      const last = page.at(-1);
      if (unread.length === 0 && page.length === PAGE && last) {
        from = last.updatedAt;
        continue;
      }
      const changed = unread.map((record) => {
        known.set(record.id, record.updatedAt.getTime());
        if (record.updatedAt > reached) reached = record.updatedAt;
        return { record, position: reached };
      });
      for (const [id, at] of known) if (at < reached.getTime() - 2 * OVERLAP_MS) known.delete(id);
      return changed;
    }
  }

  private read(userId: string, since: Date): Promise<SubmissionRecord[]> {
    return this.options.store.changedSince(userId, this.id, since, PAGE);
  }
}
