import type { AccountHandle } from '../accounts/handles/account-handle.ts';
import type { IntegrationDirectory } from '../accounts/integrations/integration.directory.ts';
import type { IntegrationRecord } from '../accounts/integrations/integration.ts';
import type { LoggedChange } from '../changes/change.store.ts';
import type { EventLogs } from '../changes/event.logs.ts';
import type { SyncHealthService } from '../changes/sync-health.service.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { MailSession } from '../providers/contract/mail-session.ts';
import { AccountCache } from './account-cache.ts';
import { AccountDates } from './account-dates.ts';
import { AccountLog, type AccountLogTimes } from './account-log.ts';
import { CacheBudget } from './cache-budget.ts';

interface AccountCachesOptions {
  readonly maxBytes: number;
  /** See `AccountCache`. */
  readonly indexSettleMs?: number | undefined;
  readonly logs: EventLogs<LoggedChange, bigint>;
  readonly health: Pick<SyncHealthService, 'of'>;
  /** Called while a read waits for changes of an account that were announced. */
  readonly hurry?: (integrationId: string) => void;
  readonly directory: Pick<IntegrationDirectory, 'onChanged'>;
  readonly bus: Pick<Bus, 'onGap' | 'isConnected'>;
  /** See `AccountLog`. */
  readonly times?: AccountLogTimes | undefined;
}

/** One account in the cache: what is known of it, its change log, which keeps that right, and the dates of what is read. */
export interface FollowedAccount {
  readonly cache: AccountCache;
  readonly log: AccountLog;
  readonly dates: AccountDates;
}

interface OpenAccount extends FollowedAccount {
  /** Identifies the grant under which it was read. */
  readonly grant: string;
  /** The integration of which `grant` was made last. */
  integration: IntegrationRecord;
  readonly integrationId: string;
  usedAt: number;
}

/** How long an account that nobody reads, or shows again, is kept and followed. */
const IDLE_TIMEOUT_MS = 15 * 60_000;
const SWEEP_INTERVAL_MS = 60_000;

/**
 * The accounts whose mail is in memory. Handles share an account only where they give the same rights in it
 * (`AccountHandle.sharingKey`), and no other grant of it gets what was read under one.
 */
export class AccountCaches {
  private readonly accounts = new Map<string, OpenAccount>();
  /** The same accounts, with their keys in `accounts`, by the id of the integration. */
  private readonly byIntegration = new Map<string, Map<string, OpenAccount>>();
  private readonly budget: CacheBudget;
  private readonly stops: readonly (() => void)[];
  private readonly sweeping: NodeJS.Timeout;

  constructor(private readonly options: AccountCachesOptions) {
    this.budget = new CacheBudget(options.maxBytes);
    this.stops = [
      options.directory.onChanged((integrationId) => {
        const changed = integrationId === null ? this.accounts : this.byIntegration.get(integrationId);
        for (const key of [...(changed?.keys() ?? [])]) this.drop(key);
      }),
      // Entries of the logs may have been missed.
      options.bus.onGap(() => {
        for (const key of [...this.accounts.keys()]) this.drop(key);
      }),
    ];
    this.sweeping = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  get bytes(): number {
    return this.budget.bytes;
  }

  /** Follows the account. `session` is an open session of it. */
  of(handle: AccountHandle, session: Pick<MailSession, 'readsSettleMs'>): FollowedAccount {
    const { sharingKey, integration } = handle;
    const known = this.accounts.get(sharingKey);
    // Every request asks several times, mostly with the same object.
    const grant = known?.integration === integration ? known.grant : grantOf(integration);
    if (known?.grant === grant) {
      known.integration = integration;
      known.usedAt = performance.now();
      return known;
    }
    this.drop(sharingKey);
    const used = (): void => {
      opened.usedAt = performance.now();
    };
    const followed = this.open(handle, { grant, session, used });
    const { id: integrationId } = integration;
    const opened: OpenAccount = { ...followed, grant, integration, integrationId, usedAt: performance.now() };
    this.accounts.set(sharingKey, opened);
    const shared = this.byIntegration.get(integrationId) ?? new Map<string, OpenAccount>();
    this.byIntegration.set(integrationId, shared.set(sharingKey, opened));
    return opened;
  }

  /** The account of a handle as it is followed now, under whichever grant. Null: it is not followed. */
  followed({ sharingKey }: Pick<AccountHandle, 'sharingKey'>): FollowedAccount | null {
    return this.accounts.get(sharingKey) ?? null;
  }

  /** The sequences up to which the logs of these accounts have been applied. An account that is not followed has none. */
  applied(integrationIds: readonly string[]): ReadonlyMap<string, bigint> {
    const applied = new Map<string, bigint>();
    for (const integrationId of integrationIds) {
      for (const { log } of this.byIntegration.get(integrationId)?.values() ?? []) {
        const { appliedSequence } = log;
        const other = applied.get(integrationId);
        if (appliedSequence !== null && (other === undefined || appliedSequence < other))
          applied.set(integrationId, appliedSequence);
      }
    }
    return applied;
  }

  /** See `AccountLog.noted`. */
  noted(integrationId: string, sequence: bigint): void {
    for (const { log } of this.byIntegration.get(integrationId)?.values() ?? []) log.noted(sequence);
  }

  close(): void {
    clearInterval(this.sweeping);
    for (const stop of this.stops) stop();
    for (const key of [...this.accounts.keys()]) this.drop(key);
  }

  private open(
    { integration, capabilities, sharingKey }: AccountHandle,
    { grant, session, used }: { grant: string; session: Pick<MailSession, 'readsSettleMs'>; used: () => void },
  ): FollowedAccount {
    const { logs, health, bus, hurry, indexSettleMs, times } = this.options;
    const cache = new AccountCache({
      budget: this.budget,
      mailboxesPerMessage: capabilities.mailboxesPerMessage,
      settleMs: session.readsSettleMs ?? 0,
      indexSettleMs,
      onChanged: () => dates.changed(),
      now: () => performance.now(),
    });
    const log = new AccountLog({
      record: integration,
      logs,
      health,
      bus,
      times,
      apply: (change) => cache.apply(change),
      lost: () => cache.clear(),
      ...(hurry && { hurry: () => hurry(integration.id) }),
      began: (changedAgoMs) => {
        if (changedAgoMs !== null) cache.changedBefore(changedAgoMs);
      },
    });
    const dates: AccountDates = new AccountDates({ key: JSON.stringify(['account', sharingKey, grant]), log, used });
    return { cache, log, dates };
  }

  /** Requests that still have the account read through it and keep nothing. */
  private drop(key: string): void {
    const account = this.accounts.get(key);
    if (!account) return;
    this.accounts.delete(key);
    const shared = this.byIntegration.get(account.integrationId);
    shared?.delete(key);
    if (shared?.size === 0) this.byIntegration.delete(account.integrationId);
    account.log.close();
    account.cache.close();
  }

  private sweep(): void {
    const now = performance.now();
    for (const [key, { usedAt }] of [...this.accounts]) if (now - usedAt > IDLE_TIMEOUT_MS) this.drop(key);
  }
}

const grantOf = ({ connectedAt, access, status }: IntegrationRecord): string =>
  JSON.stringify([connectedAt, access, status]);
