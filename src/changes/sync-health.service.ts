import type { IntegrationRecord } from '../accounts/integrations/integration.ts';
import type { Hub } from './hub.ts';
import { BEHIND_TIMEOUT_MS, type SyncTimes } from './sync/sync-times.ts';
import type { Liveness, LivenessStore } from './watch/liveness.store.ts';

/** How up to date the gateway is with an account. */
interface AccountSync {
  /** True only where it is known that every change of the account is read at once. */
  readonly live: boolean;
  readonly position: Liveness['position'];
  /** How long ago it was last known that no change was missing. Null before the first sync. */
  readonly confirmedAgoMs: number | null;
  /** See Liveness. */
  readonly dueForMs: number | null;
  /** See Liveness. */
  readonly changedAgoMs: number | null;
  readonly watchExpiresAt: Date | null;
}

/** A silent account is asked or read at least every 104 seconds, so two minutes without a confirmation mean that it does not answer. */
const LIVE_TIMEOUT_MS = 120_000;

/** Says whether an account is live, for clients and for what may be shown again without asking the provider. */
export class SyncHealthService {
  constructor(
    private readonly liveness: Pick<LivenessStore, 'read'>,
    private readonly times: Pick<SyncTimes, 'behindMs' | 'liveMs'> = {},
    private readonly hub: Pick<Hub, 'isLooking'> = { isLooking: true },
  ) {}

  /**
   * All that it says is in the database, so that every instance says the same, except that nothing is live on an instance that
   * would not notice the loss of an announcement.
   */
  async of({ id, status }: Pick<IntegrationRecord, 'id' | 'status'>): Promise<AccountSync> {
    const { isWatched, ...known } = await this.liveness.read(id);
    const { position, confirmedAgoMs, dueForMs } = known;
    const { behindMs = BEHIND_TIMEOUT_MS, liveMs = LIVE_TIMEOUT_MS } = this.times;
    // Announced changes are normally read within this time; an account that takes longer is not live.
    const isBehind = dueForMs !== null && dueForMs > behindMs;
    const isConfirmed = confirmedAgoMs !== null && confirmedAgoMs <= liveMs;
    const isKnown =
      isConfirmed && position.hasCursor && !isBehind && position.historyLostAt === null && this.hub.isLooking;
    return { live: status === 'CONNECTED' && isWatched && isKnown, ...known };
  }
}
