import { LRUCache } from 'lru-cache';
import type { AccountHandles } from '../accounts/handles/account-handles.ts';
import type { Cache } from '../cache/open.ts';
import type { ChangeStore } from '../changes/change.store.ts';
import type { ChangesWake } from '../changes/change.topic.ts';
import type { LogBounds, LogPosition } from '../changes/log-position.ts';
import { noSuchIntegration } from '../domain/error.ts';
import type { Principal } from '../domain/principal.ts';
import type { Beginning } from '../graphql/operation/event-source.ts';
import type { ChangeCursors, FeedPosition } from './event.cursor.ts';
import { BEGINNING } from './feed.logs.ts';

interface FeedStartsOptions {
  readonly handles: Pick<AccountHandles, 'ofAnyStatus' | 'find'>;
  readonly store: Pick<ChangeStore, 'bounds' | 'hasAltered'>;
  readonly cursors: ChangeCursors;
  readonly cache: Pick<Cache, 'applied'>;
  /** Announces the entries of a log to all instances. */
  readonly announce: (wake: ChangesWake) => Promise<void>;
}

const MAX_ANNOUNCED = 100_000;

/** Behind what a reader of the lists of an account has seen. */
interface ReachedPosition extends Pick<LogBounds, 'isSynchronised'> {
  readonly position: LogPosition;
}

export interface FeedRequest {
  /** Internal ids of integrations. Null: all accounts of the viewer, including those connected later. */
  readonly integrationIds: readonly string[] | null;
  readonly after: string | null;
}

/** Where a reader of a user's change logs begins. */
export class FeedStarts {
  /** The ends of logs that were announced from here. */
  private readonly announced = new LRUCache<string, { readonly end: bigint; readonly sent: Promise<void> }>({
    max: MAX_ANNOUNCED,
  });

  constructor(private readonly options: FeedStartsOptions) {}

  /** The ids of the accounts to follow, with any status: the end of an account is an event too. */
  async accounts(principal: Principal, { integrationIds }: FeedRequest): Promise<readonly string[]> {
    const all = (await this.options.handles.ofAnyStatus(principal)).map(({ integration }) => integration.id);
    return integrationIds === null ? all : all.filter((id) => integrationIds.includes(id));
  }

  /** Throws NOT_FOUND for an account that is not the principal's, and BAD_USER_INPUT for a cursor of another user. */
  async check(principal: Principal, { integrationIds, after }: FeedRequest): Promise<FeedPosition | null> {
    const position = after === null ? null : this.options.cursors.open(principal.userId, after);
    for (const id of integrationIds ?? []) {
      if (!(await this.options.handles.find(principal, id))) throw noSuchIntegration();
    }
    return position;
  }

  /**
   * The positions from which the accounts are read: those of the cursor, or the ends of the logs. An account that the cursor
   * was not made for has null, and one that was connected later has none: it begins with its first entry. A request that names
   * accounts has the positions of these alone, as one without a cursor has, so that both can be read together, and a cursor has no
   * more than is followed.
   */
  async positions(principal: Principal, request: FeedRequest, given: FeedPosition | null): Promise<FeedPosition> {
    const ids = await this.accounts(principal, request);
    const all = request.integrationIds === null;
    if (!given) return { all, positions: await this.ends(ids) };
    if (given.all) {
      const begun = await this.begun(ids.filter((id) => !given.positions.has(id)));
      const from = begun.size === 0 ? given : { all: true, positions: new Map([...given.positions, ...begun]) };
      return all ? from : only(ids, from);
    }
    const positions = new Map(given.positions);
    for (const id of ids) if (!positions.has(id)) positions.set(id, null);
    return all ? { all, positions } : only(ids, { all, positions });
  }

  /**
   * The same, with the ends of the logs for a request that begins before them. `followed` are the accounts whose logs are read: of
   * another one no position is ever reached.
   */
  async beginning(
    principal: Principal,
    request: FeedRequest,
    given: FeedPosition | null,
    followed: () => Promise<readonly string[]> = () => this.accounts(principal, request),
  ): Promise<Beginning<FeedPosition>> {
    const position = await this.positions(principal, request, given);
    if (!given) return { position, present: null };
    return { position, present: { all: position.all, positions: await this.ends(await followed()) } };
  }

  /**
   * Where the logs of accounts begin that were never synchronised, and have lost entries by their age. An account that was connected
   * after the cursor has no position in it, so its reader would otherwise be sent a gap each time. They miss no mail: there is none of it
   * before the reset with which the first synchronisation ends.
   */
  private async begun(ids: readonly string[]): Promise<ReadonlyMap<string, LogPosition>> {
    if (ids.length === 0) return new Map();
    const bounds = [...(await this.bounds(ids))].filter(([, { isSynchronised }]) => !isSynchronised);
    const starts = bounds.map(([id, found]) => [id, beforeOldest(found)] as const);
    return new Map(starts.filter(([, { sequence }]) => sequence > BEGINNING.sequence));
  }

  /** The ends of the logs. */
  async ends(ids: readonly string[]): Promise<ReadonlyMap<string, LogPosition>> {
    const bounds = await this.bounds(ids);
    return new Map([...bounds].map(([id, { end }]) => [id, end]));
  }

  /**
   * The position of a reader who reads all accounts now. What changes before the first synchronisation of an account is in no log,
   * and the reset with which that ends is behind the end of its log now. Without that position, its reader would begin with the
   * first entry, which may be pruned long before the cursor is too old.
   */
  async present(principal: Principal): Promise<FeedPosition> {
    const ids = await this.accounts(principal, { integrationIds: null, after: null });
    const reached = await this.reached(ids);
    return { all: true, positions: new Map([...reached].map(([id, { position }]) => [id, position])) };
  }

  /**
   * The positions behind which a reader misses nothing who reads the accounts' lists now: the ends of the logs, but not beyond
   * what the cache of this instance has applied of them, because lists may be answered from it. Another instance may answer them
   * too, and the announcement of the last entries may have been lost with the process that made them: they are announced again.
   *
   * One race is left. The bus has accepted the announcement when the cursor is given (`publish` is awaited), but another instance may
   * be sent a request for a list before the announcement. It then answers from memory, without the entries, if it trusts what it
   * has of the account: for at most LEASE_MS (`cache/account-log.ts`) after these were committed, because a lease begins with the
   * position of the log and with everything before it applied. A client that reads lists from such an answer and events after
   * this cursor misses those entries. To exclude it, each instance would have to acknowledge announcements, or each hit of
   * the cache to query the log.
   */
  async shown(ids: readonly string[]): Promise<ReadonlyMap<string, LogPosition>> {
    const known = [...(await this.reached(ids))].filter(([, { isSynchronised }]) => isSynchronised);
    return new Map(known.map(([id, { position }]) => [id, position]));
  }

  private async reached(ids: readonly string[]): Promise<ReadonlyMap<string, ReachedPosition>> {
    const applied = this.options.cache.applied(ids);
    const bounds = await this.options.store.bounds(new Map(ids.map((id) => [id, applied.get(id) ?? 0n])));
    const positionOf = (id: string, { end, at, isSynchronised }: LogBounds): LogPosition => {
      const sequence = applied.get(id);
      return isSynchronised && sequence !== undefined && sequence < end.sequence ? { sequence, at } : end;
    };
    await Promise.all([...bounds].map(([id, found]) => found.isSynchronised && this.announce(id, found)));
    return new Map(
      [...bounds].map(([id, found]) => [id, { position: positionOf(id, found), isSynchronised: found.isSynchronised }]),
    );
  }

  /** Once for each end of a log: an older one is known to every instance. */
  private async announce(id: string, { end, isRecent }: LogBounds): Promise<void> {
    if (!isRecent) return;
    const known = this.announced.get(id);
    if (known?.end === end.sequence) return known.sent;
    // A log that was restored from a backup may be shorter than what was announced.
    const after = known && known.end < end.sequence ? known.end : 0n;
    const announced = { end: end.sequence, sent: this.announceAfter(id, after) };
    this.announced.set(id, announced);
    await announced.sent.catch((error: unknown) => {
      if (this.announced.get(id) === announced) this.announced.delete(id);
      throw error;
    });
  }

  /** New mail alone ends nothing of what the instances keep for the next pages of lists. */
  private async announceAfter(integrationId: string, announced: bigint): Promise<void> {
    const altered = await this.options.store.hasAltered(integrationId, announced);
    await this.options.announce({ integrationId, altered });
  }

  /** The positions before the oldest entries that are kept. */
  async oldest(principal: Principal, request: FeedRequest): Promise<FeedPosition> {
    const bounds = await this.bounds(await this.accounts(principal, request));
    const positions = new Map([...bounds].map(([id, found]) => [id, beforeOldest(found)]));
    return { all: request.integrationIds === null, positions };
  }

  private bounds(ids: readonly string[]): Promise<ReadonlyMap<string, LogBounds>> {
    return this.options.store.bounds(new Map(ids.map((id) => [id, 0n])));
  }
}

/** A position in the logs of some accounts. One that was connected after a cursor for all accounts begins with its first entry. */
function only(ids: readonly string[], { positions }: FeedPosition): FeedPosition {
  const at = (id: string) => (positions.has(id) ? (positions.get(id) ?? null) : BEGINNING);
  return { all: false, positions: new Map(ids.map((id) => [id, at(id)])) };
}

const beforeOldest = ({ oldest, end }: LogBounds): LogPosition =>
  oldest === null ? end : { sequence: oldest - 1n, at: null };
