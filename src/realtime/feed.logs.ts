import type { ChangeStore, LoggedChange } from '../changes/change.store.ts';
import type { EventLogs, LogFollower } from '../changes/event.logs.ts';
import type { Hub } from '../changes/hub.ts';
import { type LogPosition, lossAfter, type PositionLoss } from '../changes/log-position.ts';

/** An entry of a change log, or a reset where entries before it cannot be read. */
export interface FeedEntry {
  readonly change: LoggedChange;
  /** The position behind it. */
  readonly position: LogPosition;
}

/** Why a reset is reported that no log contains. */
type FeedReset = PositionLoss | 'ACCOUNT_NOT_IN_CURSOR' | 'LOG_INCOMPLETE';

interface FeedLogsOptions {
  readonly hub: Pick<Hub, 'follow'>;
  readonly store: Pick<ChangeStore, 'bounds'>;
}

/**
 * The change logs as subscriptions follow them. Where the log does not have the entries after a position, the next entry is a
 * reset, and reading continues behind the end of the log, because a client that has received the reset reads its account again.
 */
export class FeedLogs implements EventLogs<FeedEntry, LogPosition | null> {
  constructor(
    private readonly options: FeedLogsOptions,
    /** The accounts of which the reader's position is unknown. Every other one without a position begins with its first entry. */
    private readonly unknown: ReadonlySet<string>,
  ) {}

  async follow(
    integrationId: string,
    start: LogPosition | null,
    grown: () => void,
  ): Promise<LogFollower<FeedEntry, LogPosition | null>> {
    const { hub, store } = this.options;
    const position = start ?? (this.unknown.has(integrationId) ? null : BEGINNING);
    const log = await hub.follow(integrationId, position?.sequence ?? null, grown);
    let checked = -1;
    /** Returns a reset where the log does not have the entries after the position. */
    const lost = async (reached: LogPosition): Promise<FeedEntry | null> => {
      checked = log.replacements;
      const bounds = (await store.bounds(new Map([[integrationId, reached.sequence]]))).get(integrationId);
      const loss = bounds && lossAfter(reached, bounds);
      if (!loss) return null;
      // Otherwise entries of the log before could follow the reset.
      log.refresh();
      return resetEntry(integrationId, loss, bounds.end);
    };
    return {
      start: position,
      after: async (reached) => {
        if (reached === null) return [await this.reset(integrationId, 'ACCOUNT_NOT_IN_CURSOR')];
        const loss = checked === -1 ? await lost(reached) : null;
        if (loss) return [loss];
        const changes = await log.after(reached.sequence);
        const isReplaced = log.replacements !== checked;
        // Entries may have been pruned while a slow subscriber was on its way to them.
        const isCut = changes[0] !== undefined && changes[0].sequence !== reached.sequence + 1n;
        const later = isReplaced || isCut ? await lost(reached) : null;
        return later ? [later] : entriesAfter(integrationId, reached, changes);
      },
      leave: () => log.leave(),
    };
  }

  private async reset(integrationId: string, reason: FeedReset): Promise<FeedEntry> {
    const bounds = (await this.options.store.bounds(new Map([[integrationId, 0n]]))).get(integrationId);
    return resetEntry(integrationId, reason, bounds?.end ?? BEGINNING);
  }
}

/** The position before the first entry of a log. */
export const BEGINNING: LogPosition = { sequence: 0n, at: null };

/**
 * The entries of a page that was read after a position, which the log has. Entries that are missing between them were lost,
 * and a reset is in their place, because sequences have no gaps. Its position stays valid when the hole is filled: the entries
 * that fill it get the time of the one that follows (`LogHolesStore`).
 */
export function entriesAfter(
  integrationId: string,
  { sequence }: LogPosition,
  changes: readonly LoggedChange[],
): readonly FeedEntry[] {
  let last = sequence;
  return changes.flatMap((change) => {
    const isNext = change.sequence === last + 1n;
    last = change.sequence;
    if (isNext) return [entryOf(change)];
    const hole = { sequence: change.sequence - 1n, at: change.at.getTime() };
    return [resetEntry(integrationId, 'LOG_INCOMPLETE', hole), entryOf(change)];
  });
}

const entryOf = (change: LoggedChange): FeedEntry => ({
  change,
  position: { sequence: change.sequence, at: change.at.getTime() },
});

export const resetEntry = (integrationId: string, reason: FeedReset, end: LogPosition): FeedEntry => ({
  change: {
    integrationId,
    sequence: end.sequence,
    kind: 'reset',
    subject: reason,
    detail: null,
    at: new Date(),
    writtenAt: performance.now(),
  },
  position: end,
});
