import type { LogPosition } from '../changes/log-position.ts';
import {
  type Beginning,
  type EventReader,
  EventSource,
  type KeptEvents,
  type ReadEvent,
} from '../graphql/operation/event-source.ts';
import type { FeedPosition } from './event.cursor.ts';
import { BEGINNING, type FeedEntry } from './feed.logs.ts';

/** An event of a change log, with the positions of its reader. */
export interface FedEvent<Event> {
  readonly event: Event;
  readonly entry: FeedEntry;
  readonly positions: ReadonlyMap<string, LogPosition | null>;
}

/** Where reading begins, the positions that it has reached (`StreamOptions.positions`), and what ends it. */
export type Reading = readonly [from: FeedPosition, reached: Map<string, LogPosition | null>, signal: AbortSignal];

interface FeedSourceOptions<Event> {
  readonly begin: () => Promise<Beginning<FeedPosition>>;
  readonly events: (...reading: Reading) => AsyncGenerator<FedEvent<Event>, void, void>;
}

/** The events of change logs, which subscribers share who are at the same position. */
export class FeedSource<Event> extends EventSource<Event, FeedPosition> {
  constructor(
    private readonly options: FeedSourceOptions<Event>,
    signal: AbortSignal,
  ) {
    super(signal);
  }

  begin(): Promise<Beginning<FeedPosition>> {
    return this.options.begin();
  }

  read(from: FeedPosition, signal: AbortSignal): EventReader<Event, FeedPosition> {
    const { all } = from;
    const positions = new Map(from.positions);
    const events = this.options.events(from, positions, signal);
    return {
      next: async () => {
        const { done, value } = await events.next();
        if (done || !value) return null;
        const { event, entry, positions: reached } = value;
        const { integrationId, kind } = entry.change;
        return { event, log: integrationId, position: { all, positions: reached }, isReset: kind === 'reset' };
      },
      get position() {
        return { all, positions: new Map(positions) };
      },
      close: async () => {
        await events.return();
      },
    };
  }

  has(position: FeedPosition, { log, position: behind }: ReadEvent<Event, FeedPosition>): boolean {
    return sequenceIn(position, log) >= sequenceIn(behind, log);
  }

  forget({ all, positions }: FeedPosition, joined: FeedPosition, event: ReadEvent<Event, FeedPosition>): FeedPosition {
    const isOther = (id: string) =>
      (event.isReset && id === event.log) || sequenceIn(event.position, id) < sequenceIn(joined, id);
    return { all, positions: new Map([...positions].map(([id, position]) => [id, isOther(id) ? null : position])) };
  }

  covers(position: FeedPosition, other: FeedPosition): boolean {
    return [...other.positions.keys()].every((id) => sequenceIn(position, id) >= sequenceIn(other, id));
  }

  union({ all, positions }: FeedPosition, other: FeedPosition): FeedPosition {
    const both = new Map(positions);
    for (const [id, position] of other.positions)
      if (sequenceIn({ all, positions }, id) < sequenceIn(other, id)) both.set(id, position);
    return { all, positions: both };
  }

  /**
   * A position is compared with the time of its entry too, because a log may have been replaced since. Only where it has just
   * been read from the log itself may the run be behind it: what the run then finds is reported to all.
   */
  joins(position: FeedPosition, isPresent: boolean, kept: KeptEvents<Event, FeedPosition>): number | null {
    const { reached } = kept;
    if (position.all !== reached.all) return null;
    // Before a reset, positions are those of another log, or of a part of it that is lost.
    const first = kept.events.findLastIndex(({ isReset }) => isReset) + 1;
    const events = kept.events.slice(first);
    const before = kept.events[first - 1]?.position ?? kept.before;
    let passed = isPresent ? kept.events.length : first;
    for (const id of new Set([...position.positions.keys(), ...reached.positions.keys()])) {
      const own = positionIn(position, id);
      if (own === null) return null;
      // The run begins to follow such a log with its first entry.
      if (!reached.positions.has(id)) continue;
      const end = positionIn(reached, id);
      if (end === null) return null;
      if (isPresent && (end.sequence < own.sequence || isSame(own, end))) continue;
      // The run has read on meanwhile, so what it keeps may be new.
      passed = first;
      const known = [end, positionIn(before, id), ...events.filter(({ log }) => log === id).map(behind)];
      if (!known.some((one) => one !== null && isSame(own, one))) return null;
    }
    return passed;
  }
}

/** A log without a position is read from its beginning. Null: the position is unknown. */
function positionIn({ positions }: FeedPosition, id: string): LogPosition | null {
  const position = positions.get(id);
  return position === undefined ? BEGINNING : position;
}

/** Nothing is known of a log before its Reset. */
const sequenceIn = (position: FeedPosition, id: string): bigint => positionIn(position, id)?.sequence ?? -1n;

const behind = ({ log, position }: ReadEvent<unknown, FeedPosition>): LogPosition | null => positionIn(position, log);

const isSame = (one: LogPosition, other: LogPosition): boolean =>
  one.sequence === other.sequence && one.at === other.at;
