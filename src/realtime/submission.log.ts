import type { EventLogs, LogFollower } from '../changes/event.logs.ts';
import { SUBMISSION_TOPIC, SubmissionWake } from '../mail/submission/submission.feed.ts';
import type { SubmissionStore } from '../mail/submission/submission.store.ts';
import type { SubmissionChangePosition, SubmissionRecord } from '../mail/submission/submission.ts';
import type { Bus } from '../platform/bus/bus.ts';

export interface SubmissionLogOptions {
  readonly store: Pick<SubmissionStore, 'changedAfter'>;
  readonly bus: Pick<Bus, 'subscribe' | 'onGap'>;
}

/** The state of a submission after a change. */
export interface ChangedSubmission {
  readonly record: SubmissionRecord;
  /** The time of the latest change read so far. It can be later than this change, because rows become visible out of order. */
  readonly position: Date;
}

/** Rows can become visible slightly out of order, and the clocks of instances differ: each read goes back by this overlap. */
const OVERLAP_MS = 10_000;
const PAGE_SIZE = 500;
const before = (position: Date): Date => new Date(Math.max(0, position.getTime() - OVERLAP_MS));

/** The state changes of submissions as a log for each user, read from the rows by the time of their last change. */
export class SubmissionLog implements EventLogs<ChangedSubmission, Date> {
  /** When the subscription began. The first read can be much later, when the database is unavailable. */
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
    const onWake = (payload: unknown) => {
      const wake = SubmissionWake.safeParse(payload);
      if (wake.success && wake.data.userId === userId && (id === null || id === wake.data.id)) grown();
    };
    const stops = [bus.subscribe(SUBMISSION_TOPIC, onWake), bus.onGap(grown)];
    // The changes that have been read: the time of the change by submission. Those older than the overlap are dropped.
    const known = new Map<string, number>();
    let isFromNow = start === null && id === null;
    return {
      start: start ?? (id === null ? beganAt : new Date(0)),
      after: async (position) => {
        if (isFromNow) {
          for await (const page of this.pages(userId, before(beganAt)))
            for (const { id: earlier, updatedAt } of page)
              if (updatedAt <= beganAt) known.set(earlier, updatedAt.getTime());
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
    for await (const page of this.pages(userId, before(position))) {
      const unread = page.filter(({ id, updatedAt }) => known.get(id) !== updatedAt.getTime());
      if (unread.length === 0) continue;
      let latest = position;
      const changed = unread.map((record) => {
        known.set(record.id, record.updatedAt.getTime());
        if (record.updatedAt > latest) latest = record.updatedAt;
        return { record, position: latest };
      });
      for (const [id, at] of known) if (at < latest.getTime() - 2 * OVERLAP_MS) known.delete(id);
      return changed;
    }
    return [];
  }

  /** All changes since a time. Each page starts behind the last row of the one before, so many rows of one time end too. */
  private async *pages(userId: string, since: Date): AsyncGenerator<readonly SubmissionRecord[], void, void> {
    let after: SubmissionChangePosition = { updatedAt: since, id: null };
    for (;;) {
      const page = await this.options.store.changedAfter(userId, this.id, after, PAGE_SIZE);
      yield page;
      const last = page.at(-1);
      if (!last || page.length < PAGE_SIZE) return;
      after = { updatedAt: last.updatedAt, id: last.id };
    }
  }
}
