import type { LoggedChange } from '../changes/change.store.ts';
import { whenStoreIsBack } from '../platform/store.patience.ts';
import { AutoResetEvent } from './auto-reset-event.ts';
import { Handover } from './handover.ts';
import type { Follower, Hub } from './hub.ts';

/** How far a subscriber has come in each integration: its cursor, in the open. */
export type Places = ReadonlyMap<string, bigint>;

export interface Streamed<T> {
  readonly value: T;
  /** Reading on from here misses nothing and repeats nothing. */
  readonly places: Places;
}

export interface StreamOptions<T> {
  readonly hub: Hub;
  /** Which integrations to follow; asked again whenever `changed` calls back, so that accounts come and go. */
  integrations(): Promise<readonly string[]>;
  changed(fn: () => void): () => void;
  /** Where to begin; an integration that it does not name begins at the end of its log. */
  readonly after: Places;
  /** What a subscriber is shown of a change; null for nothing. Must not reject. */
  show(change: LoggedChange): Promise<T | null>;
  /** Ends the stream at once, also while it waits. */
  readonly signal: AbortSignal;
}

/**
 * The changes of several integrations until the signal aborts, in order within each. They do not wait for each other:
 * a provider that hangs holds up its own events alone. At most one page of each log is in memory.
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

/** Reads one integration's log on and on until `gone` aborts. */
async function follow<T>(
  { hub, show }: StreamOptions<T>,
  integrationId: string,
  places: Map<string, bigint>,
  handover: Handover<{ readonly change: LoggedChange; readonly value: T }>,
  gone: AbortSignal,
): Promise<void> {
  const wakeUp = new AutoResetEvent();
  // The store may be away for a while: who has subscribed goes on after it, from the same place.
  const following = () => hub.follow(integrationId, places.get(integrationId) ?? null, wakeUp.set);
  const follower: Follower = await whenStoreIsBack(following, gone);
  let place = follower.place;
  places.set(integrationId, place);
  gone.addEventListener('abort', wakeUp.set, { once: true });
  try {
    while (!gone.aborted) {
      const page = await whenStoreIsBack(() => follower.after(place), gone);
      // Shown together, so that what must be read for them is read together; handed over one by one, in order.
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
