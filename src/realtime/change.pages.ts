import type { ChangeStore, LoggedChange } from '../changes/change.store.ts';
import { type LogPosition, lossAfter } from '../changes/log-position.ts';
import type { Principal } from '../domain/principal.ts';
import type { FeedPosition } from './event.cursor.ts';
import { BEGINNING, entriesAfter, type FeedEntry, resetEntry } from './feed.logs.ts';
import type { FeedRequest, FeedStarts } from './feed.start.ts';

interface ChangePagesOptions {
  readonly store: Pick<ChangeStore, 'bounds' | 'readAll'>;
  readonly starts: FeedStarts;
}

interface ChangePage {
  readonly entries: readonly { readonly entry: FeedEntry; readonly reached: FeedPosition }[];
  /** The position behind the page, also of an empty one. */
  readonly end: FeedPosition;
  readonly hasNextPage: boolean;
}

/** The change logs of a user in pages, for clients that poll. A page costs two queries, whatever the number of accounts. */
export class ChangePages {
  constructor(private readonly options: ChangePagesOptions) {}

  /** Throws NOT_FOUND or BAD_USER_INPUT. */
  async page(principal: Principal, request: FeedRequest, first: number): Promise<ChangePage> {
    const { starts } = this.options;
    const given = await starts.check(principal, request);
    const start = given ? await starts.positions(principal, request, given) : await starts.oldest(principal, request);
    const logs = await this.read(await starts.accounts(principal, request), start.positions, first + 1);
    const merged = merge(logs).slice(0, first + 1);
    const positions = new Map(start.positions);
    const entries = merged.slice(0, first).map((entry) => {
      positions.set(entry.change.integrationId, entry.position);
      return { entry, reached: { all: start.all, positions: new Map(positions) } };
    });
    return { entries, end: entries.at(-1)?.reached ?? start, hasNextPage: merged.length > first };
  }

  /** The next entries of each log. Where a log does not have those after the position, its only entry is a reset. */
  private async read(
    ids: readonly string[],
    positions: FeedPosition['positions'],
    limit: number,
  ): Promise<readonly (readonly FeedEntry[])[]> {
    const { store } = this.options;
    const before = (id: string): LogPosition | null => (positions.has(id) ? (positions.get(id) ?? null) : BEGINNING);
    const after = new Map(ids.map((id) => [id, before(id)?.sequence ?? 0n]));
    const [bounds, changes] = await Promise.all([store.bounds(after), store.readAll(after, limit)]);
    const byLog = new Map<string, LoggedChange[]>(ids.map((id) => [id, []]));
    for (const change of changes) byLog.get(change.integrationId)?.push(change);
    return [...bounds].map(([id, found]) => {
      const position = before(id);
      if (!position) return [resetEntry(id, 'ACCOUNT_NOT_IN_CURSOR', found.end)];
      const read: readonly LoggedChange[] = byLog.get(id) ?? [];
      const loss = lossAfter(position, found);
      return loss ? [resetEntry(id, loss, found.end)] : entriesAfter(id, position, read);
    });
  }
}

/** Merges the logs by time. Within each log the order stays as it is, because the clocks of instances differ. */
function merge(logs: readonly (readonly FeedEntry[])[]): FeedEntry[] {
  const heads = logs.map((log) => ({ log, next: 0 }));
  const merged: FeedEntry[] = [];
  for (;;) {
    let earliest: { readonly log: readonly FeedEntry[]; next: number } | null = null;
    for (const head of heads) {
      const entry = head.log[head.next];
      const best = earliest?.log[earliest.next];
      if (entry && (!best || entry.change.at < best.change.at)) earliest = head;
    }
    const entry = earliest?.log[earliest.next];
    if (!earliest || !entry) return merged;
    earliest.next++;
    merged.push(entry);
  }
}
