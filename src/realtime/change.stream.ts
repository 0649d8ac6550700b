import type { LoggedChange } from '../changes/change.store.ts';
import { whenStoreIsBack } from '../platform/database/store.patience.ts';
import { AutoResetEvent } from './auto-reset-event.ts';
import { Handover } from './handover.ts';
import type { Follower, Hub } from './hub.ts';

/** A subscriber's position in the log of each integration: its cursor, decoded. */
export type Places = ReadonlyMap<string, bigint>;

export interface Streamed<T> {
  readonly value: T;
  /** The position after this event: reading from it misses no event and repeats none. */
  readonly places: Places;
}

export interface StreamOptions<T> {
  readonly hub: Hub;
  /** The integrations to follow. Read again whenever `changed` calls back, because accounts are connected and disconnected. */
  integrations(): Promise<readonly string[]>;
  changed(fn: () => void): () => void;
  /** The start position; for an integration that it does not contain, the end of its log. */
  readonly after: Places;
  /** The event for a change, or null for none. Must not reject. */
  show(change: LoggedChange): Promise<T | null>;
  /** Ends the stream at once, also while it waits. */
  readonly signal: AbortSignal;
}

/**
 * The changes of several integrations until the signal aborts, in order within each. They do not wait for each other:
 * a provider that hangs delays only its own events. At most one page of each log is in memory.
 */
export async function* streamChanges<T>(options: StreamOptions<T>): AsyncGenerator<Streamed<T>, void, void> {
  const { signal } = options;
  const places = new Map<string, bigint>(options.after);
  const handover = new Handover<{ readonly change: LoggedChange; readonly value: T }>();
  const followed = new Map<string, AbortController>();
  const membership = new AutoResetEvent();
  const stop = options.changed(membership.set);
  signal.addEventListener('abort', handover.end, { once: true });
  if (signal.aborted) handover.end();

  const keepMembers = async () => {
    while (!signal.aborted) {
      const wanted = new Set(await whenStoreIsBack(options.integrations, signal));
      for (const [id, gone] of followed) {
        if (wanted.has(id)) continue;
        gone.abort();
        followed.delete(id);
      }
      for (const id of wanted) {
        if (followed.has(id) || signal.aborted) continue;
        const gone = new AbortController();
        followed.set(id, gone);
        follow(options, id, places, handover, gone.signal).catch((error: unknown) => handover.fail(error));
      }
      await membership.wait();
    }
  };
  signal.addEventListener('abort', membership.set, { once: true });
  keepMembers().catch((error: unknown) => handover.fail(error));

  try {
    for await (const { change, value } of handover.take()) {
      places.set(change.integrationId, change.sequence);
      yield { value, places: new Map(places) };
    }
  } finally {
    stop();
    handover.end();
    membership.set();
    for (const gone of followed.values()) gone.abort();
    signal.removeEventListener('abort', handover.end);
    signal.removeEventListener('abort', membership.set);
  }
}

/** Reads one integration's log until `gone` aborts. */
async function follow<T>(
  { hub, show }: StreamOptions<T>,
  integrationId: string,
  places: Map<string, bigint>,
  handover: Handover<{ readonly change: LoggedChange; readonly value: T }>,
  gone: AbortSignal,
): Promise<void> {
  const wakeUp = new AutoResetEvent();
  // The database may be unavailable for a while: the subscription then continues from the same position.
  const following = () => hub.follow(integrationId, places.get(integrationId) ?? null, wakeUp.set);
  const follower: Follower = await whenStoreIsBack(following, gone);
  let place = follower.place;
  places.set(integrationId, place);
  gone.addEventListener('abort', wakeUp.set, { once: true });
  try {
    while (!gone.aborted) {
      const page = await whenStoreIsBack(() => follower.after(place), gone);
      // Converted together, so that their messages are read in one batch; delivered one by one, in order.
      const shown = page.map((change) => ({ change, value: show(change) }));
      for (const { change, value: showing } of shown) {
        const value = await showing;
        if (gone.aborted) return;
        if (value === null) places.set(integrationId, change.sequence);
        else await handover.give({ change, value });
        place = change.sequence;
      }
      if (page.length === 0) await wakeUp.wait();
    }
  } finally {
    follower.leave();
  }
}
