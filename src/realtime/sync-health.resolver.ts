import { FieldResolver, Resolver, Root } from 'type-graphql';
import { IntegrationType } from '../accounts/api/integration/integration.type.ts';
import type { ChangeStore } from '../changes/change.store.ts';
import { BEHIND_TIMEOUT_MS } from '../changes/sync/sync.job.ts';
import type { WatchStore } from '../changes/watch/watch.store.ts';
import type { ChangeCursors } from './event.cursor.ts';
import { SyncHealth } from './sync-health.type.ts';

@Resolver(() => IntegrationType)
export class SyncHealthResolver {
  constructor(
    private readonly changes: Pick<ChangeStore, 'position'>,
    private readonly watches: Pick<WatchStore, 'expiry'>,
    private readonly cursors: ChangeCursors,
    /** Announced changes are normally read within this time; an account that takes longer is not live. */
    private readonly behindMs: number = BEHIND_TIMEOUT_MS,
  ) {}

  @FieldResolver(() => SyncHealth, {
    description:
      "How up to date the gateway is with the account. Reading this queries the gateway's database, not the provider.",
  })
  async sync(@Root() { record }: IntegrationType): Promise<SyncHealth> {
    const [position, watchExpiresAt] = await Promise.all([
      this.changes.position(record.id),
      this.watches.expiry(record.id),
    ]);
    const { lastEventAt, lastReconciledAt, sequence, dueSince } = position;
    const now = Date.now();
    const isWatched = watchExpiresAt !== null && watchExpiresAt.getTime() > now;
    const isBehind = dueSince !== null && now - dueSince.getTime() > this.behindMs;
    return {
      live: record.status === 'CONNECTED' && isWatched && !isBehind,
      // A message that arrives during the first sync may be recorded as one that was there before.
      cursor: lastReconciledAt === null ? null : this.cursors.seal(record.userId, new Map([[record.id, sequence]])),
      lastEventAt,
      lastReconciledAt,
      lagSeconds: lastReconciledAt && Math.max(0, Math.round((now - lastReconciledAt.getTime()) / 1_000)),
      watchExpiresAt,
    };
  }
}
