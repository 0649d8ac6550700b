import type { Logger } from 'pino';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import { isTransient, MailError, storeErrorIn } from '../../domain/error.ts';
import { deadline, sleep } from '../../platform/abort.ts';
import { type LaneOptions, Lanes } from '../../platform/queue/lanes.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import { type LivenessStore, MAX_CLAIMED, type SilentAccount } from './liveness.store.ts';
import type { WatchJob } from './watch.job.ts';

interface SilenceTimes {
  /** How long a watched account may be silent before it is asked whether anything changed. */
  readonly silenceMs: number;
  /** How long a notification may be late. */
  readonly lateMs: number;
}

interface SilenceJobOptions {
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly liveness: LivenessStore;
  readonly sync: Pick<SyncJob, 'requestFullRead' | 'requestRoutineRead'>;
  readonly watchJob: Pick<WatchJob, 'missed' | 'proven'>;
  readonly times: SilenceTimes;
  readonly log: Logger;
}

/** Each account is asked about once a minute, and one that does not answer three times as often. */
export const SILENCE_TIMES: SilenceTimes = { silenceMs: 60_000, lateMs: 5_000 };
const RETRIES_IN_SILENCE = 3;
/**
 * A silent account of which nothing was read for so many silences is read. One without a mark is due for that when it is claimed
 * for the second time, so that it is read before the two minutes have passed after which it is not live.
 */
const MAX_UNREAD_SILENCES = 4 / 3;
const TICKS_IN_SILENCE = 6;
/** How many accounts of a vendor may be waiting or asked on an instance, so that one that hangs leaves the others their turn. */
const MAX_ASKED = 500;
const CALL_TIMEOUT_MS = 15_000;
const LANES: LaneOptions = { slots: 4, slowSlots: 8, slowAfterMs: 3_000, perOwner: 1 };

/**
 * Asks silent accounts for their mark, one cheap request each, and reads all changes of those that have none. A watch may stop
 * without a word: when the mark has moved and no notification comes, the account is not live any more, all its changes are read,
 * and its watch is replaced if it has missed one. No mark shows the names of mailboxes, so that every account is read now and
 * then. While an account does not answer, nothing confirms it, and it stops being live.
 */
export class SilenceJob {
  private readonly lanes = new Lanes(LANES);
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  /** The accounts that are waiting or asked, by vendor. */
  private readonly asked = new Map<string, Set<string>>();

  constructor(private readonly options: SilenceJobOptions) {}

  start(): void {
    const { silenceMs } = this.options.times;
    const next = () => {
      // The interval is random, so that the instances take turns.
      const waitMs = (silenceMs / TICKS_IN_SILENCE) * (0.8 + Math.random() * 0.4);
      this.timer = setTimeout(() => void this.tick().finally(next), waitMs).unref();
    };
    next();
  }

  stop(): void {
    this.stopping.abort();
    if (this.timer) clearTimeout(this.timer);
  }

  private async tick(): Promise<void> {
    const { liveness, times, log } = this.options;
    if (this.stopping.signal.aborted) return;
    try {
      let claimed: number;
      do {
        const busy = [...this.asked].flatMap(([provider, ids]) => (ids.size >= MAX_ASKED ? [provider] : []));
        const silent = await liveness.claimSilent(times.silenceMs, times.silenceMs / RETRIES_IN_SILENCE, busy);
        claimed = silent.length;
        // An account that does not answer must not delay the next turn.
        for (const account of silent) void this.checked(account);
      } while (claimed === MAX_CLAIMED && !this.stopping.signal.aborted);
    } catch (err) {
      log[storeErrorIn(err) ? 'debug' : 'error']({ err }, 'silent accounts could not be read');
    }
  }

  private async checked(account: SilentAccount): Promise<void> {
    const { signal } = this.stopping;
    const asked = this.asked.get(account.provider) ?? new Set<string>();
    // It is still waiting since an earlier turn.
    if (asked.has(account.id)) return;
    this.asked.set(account.provider, asked.add(account.id));
    try {
      await this.lanes.run(account.provider, account.id, () => this.check(account), { isLikelyToFail: false, signal });
    } catch (err) {
      if (signal.aborted) return;
      const level = isTransient(err) || storeErrorIn(err) ? 'debug' : 'warn';
      this.options.log[level]({ err, integrationId: account.id }, 'a silent account could not be asked');
    } finally {
      asked.delete(account.id);
    }
  }

  private async check({
    id,
    mark,
    isReadInPart,
    readAgoMs,
    notifications,
    isDistrusted,
  }: SilentAccount): Promise<void> {
    const { handles, liveness, sync, watchJob, times, log } = this.options;
    const session = await (await handles.internal(id)).session();
    // The watch has notified since all changes were read, so that a change it did not notify of may be the only one.
    if (isReadInPart) return sync.requestRoutineRead(id, () => watchJob.missed(id));
    if (readAgoMs >= times.silenceMs * MAX_UNREAD_SILENCES)
      return sync.requestRoutineRead(id, () => this.missed(id, notifications));
    if (!session.changeMark || mark === null) return;
    const missed = () => watchJob.proven(id);
    const limit = deadline(this.stopping.signal, CALL_TIMEOUT_MS, tooLate);
    let current: string;
    try {
      current = await session.changeMark({ signal: limit.signal, priority: 'background', maxWaitMs: CALL_TIMEOUT_MS });
    } finally {
      limit.clear();
    }
    if (current === mark) return liveness.confirmUnchanged(id);
    await sleep(times.lateMs, this.stopping.signal);
    if (!(await liveness.distrust(id, notifications))) return;
    log.warn({ integrationId: id }, 'a watch did not notify of a change: the account is read');
    const nothing = isDistrusted ? undefined : () => this.trust(id);
    sync.requestFullRead(id, missed, nothing);
  }

  /** A change was found whose notification may be on its way. */
  private missed(integrationId: string, notifications: number): void {
    const { liveness, watchJob, times, log } = this.options;
    const { signal } = this.stopping;
    const proven = async () => {
      await sleep(times.lateMs, signal);
      if (!(await liveness.distrust(integrationId, notifications))) return;
      log.warn({ integrationId }, 'a watch did not notify of a change');
      watchJob.proven(integrationId);
    };
    proven().catch((err: unknown) => {
      if (!signal.aborted) log.warn({ err, integrationId }, 'a watch that does not work could not be recorded');
    });
  }

  private trust(integrationId: string): void {
    const { liveness, log } = this.options;
    liveness
      .trust(integrationId)
      .catch((err: unknown) => log.warn({ err, integrationId }, 'a watch that works could not be recorded'));
  }
}

const tooLate = (): MailError => new MailError('TIMEOUT', 'The mail provider did not answer in time.');
