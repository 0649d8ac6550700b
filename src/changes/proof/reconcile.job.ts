import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { AccountHandles } from '../../accounts/handles/account-handles.ts';
import type { IntegrationDirectory } from '../../accounts/integrations/integration.directory.ts';
import type { IntegrationHooks } from '../../accounts/integrations/integration.hooks.ts';
import { isTransient, MailError, retryAfterMsOf, storeErrorIn } from '../../domain/error.ts';
import { following, isDoneWithin, sleep } from '../../platform/abort.ts';
import { type LaneOptions, type LaneSlot, Lanes } from '../../platform/queue/lanes.ts';
import { requireProvider } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { backoffMs } from '../backoff.ts';
import type { NewChange } from '../change.store.ts';
import type { SyncJob } from '../sync/sync.job.ts';
import { ClaimLost } from './message-index.store.ts';
import { type ClaimedPass, type DueAccount, type ProofStore, RENEW_INTERVAL_MS } from './proof.store.ts';
import type { ReconcilePass } from './reconcile-pass.ts';
import { NotUpToDate } from './verification.ts';

interface ReconcileJobOptions {
  readonly providers: readonly Provider[];
  readonly handles: Pick<AccountHandles, 'internal'>;
  readonly directory: Pick<IntegrationDirectory, 'get'>;
  readonly sync: Pick<SyncJob, 'readAll'>;
  readonly proofs: ProofStore;
  readonly pass: ReconcilePass;
  /** Called with the entries that were appended to the log. */
  readonly appended: (integrationId: string, entries: readonly NewChange[]) => Promise<void>;
  /** False: no index is kept, and what there was is erased. */
  readonly isOn: boolean;
  /** Milliseconds between two comparisons of an account. */
  readonly intervalMs: number;
  /** Milliseconds between two searches for accounts that are due. */
  readonly tickMs?: number;
  readonly log: Logger;
}

const TICK_INTERVAL_MS = 5_000;
/** How many accounts of one vendor are compared at once on an instance, for each purpose. One that rests is not counted. */
const LANES: LaneOptions = { slots: 4, slowSlots: 8, slowAfterMs: 10_000, perOwner: 1 };
/**
 * While so many of a lane are compared or wait for a slot, no more are begun, so that one that is requested later does not wait
 * behind all that are due.
 */
const MAX_BEGUN = LANES.slots + LANES.slowSlots;
/** A comparison rests most of the time, and renews its claim meanwhile. So many of a lane are begun in all. */
const MAX_HELD = 60;
const STOP_TIMEOUT_MS = 2_000;

/** Compares the connected accounts with their indexes: each once after it was connected, then every few hours, and on request. */
export class ReconcileJob implements IntegrationHooks {
  private readonly owner = randomUUID();
  private readonly lanes = new Lanes(LANES);
  private readonly running = new Map<string, { readonly lane: string; readonly run: Promise<void> }>();
  /** The accounts whose comparison rests, so that it uses no more than its share of their quota. */
  private readonly resting = new Set<string>();
  private readonly failures = new Map<string, number>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: ReconcileJobOptions) {}

  start(): void {
    const { tickMs = TICK_INTERVAL_MS, isOn } = this.options;
    const tick = () => {
      if (this.stopping.signal.aborted) return;
      this.timer = setTimeout(() => void this.tick().finally(tick), tickMs).unref();
    };
    if (isOn) tick();
    else void this.guarded(() => this.eraseAll('all'));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.timer) clearTimeout(this.timer);
    await isDoneWithin(Promise.all([...this.running.values()].map(({ run }) => run)), STOP_TIMEOUT_MS);
  }

  /** Compares the account soon. Throws UNSUPPORTED where there is no index. */
  async request(integrationId: string): Promise<void> {
    const { proofs, isOn } = this.options;
    if (isOn) await proofs.begin();
    if (!isOn || !(await proofs.request(integrationId)))
      throw new MailError(
        'UNSUPPORTED',
        isOn
          ? 'This account cannot be compared yet: it was not synchronised, or its provider does not list all messages.'
          : 'This gateway keeps no index of messages (SYNC_INDEX=off), so it has nothing to compare an account with.',
      );
    for (const account of await proofs.due()) if (account.id === integrationId) this.begin(account);
  }

  /** The index begins after the first sync. */
  async connected(): Promise<void> {}

  async disconnecting(integrationId: string): Promise<void> {
    await this.announce(integrationId, await this.options.proofs.erase(integrationId));
  }

  private tick(): Promise<void> {
    const { proofs } = this.options;
    return this.guarded(async () => {
      // A comparison that began while its account was being disconnected.
      await this.eraseAll('disconnected');
      await proofs.begin();
      for (const account of await proofs.due()) if (this.hasRoomFor(account)) this.begin(account);
    });
  }

  private async eraseAll(which: 'disconnected' | 'all'): Promise<void> {
    const { proofs } = this.options;
    for (const integrationId of await proofs.erasable(which))
      await this.announce(integrationId, await proofs.erase(integrationId));
  }

  private async announce(integrationId: string, entries: readonly NewChange[]): Promise<void> {
    if (entries.length > 0) await this.options.appended(integrationId, entries);
  }

  private hasRoomFor(account: DueAccount): boolean {
    const begun = [...this.running].filter(([, { lane }]) => lane === laneOf(account));
    const active = begun.filter(([id]) => !this.resting.has(id));
    return active.length < MAX_BEGUN && begun.length < MAX_HELD;
  }

  private begin(account: DueAccount): void {
    const { id } = account;
    if (this.running.has(id) || this.stopping.signal.aborted) return;
    const run = this.guarded(() => this.run(account)).finally(() => this.running.delete(id));
    this.running.set(id, { lane: laneOf(account), run });
  }

  private async run(account: DueAccount): Promise<void> {
    const integrationId = account.id;
    const record = await this.options.directory.get(integrationId);
    if (record?.status !== 'CONNECTED') return;
    const entry = { signal: this.stopping.signal, isLikelyToFail: this.failures.has(integrationId) };
    await this.lanes.run(
      laneOf(account),
      integrationId,
      async (slot) => {
        const claim = await this.options.proofs.claim(integrationId, this.owner);
        if (claim) await this.compare(claim, record.provider, slot);
      },
      entry,
    );
  }

  private async compare(claim: ClaimedPass, provider: string, slot: LaneSlot): Promise<void> {
    const { handles, providers, proofs, pass, sync, intervalMs, log } = this.options;
    const { integrationId } = claim;
    const lost = new AbortController();
    const { signal, leave } = following(this.stopping.signal, lost.signal);
    const renewal = setInterval(() => {
      proofs.renew(claim).then(
        (isOurs) => isOurs || lost.abort(new ClaimLost()),
        () => {},
      );
    }, RENEW_INTERVAL_MS).unref();
    try {
      const session = await (await handles.internal(integrationId)).session();
      if (!session.snapshot) return await this.announce(integrationId, await proofs.unsupported(claim));
      const catchUp = async () => {
        if (!(await sync.readAll(integrationId, signal))) throw new NotUpToDate();
      };
      const rest = (ms: number) => slot.without(() => this.rest(integrationId, ms, signal));
      const { limits } = requireProvider(providers, provider);
      const failures = this.failures.get(integrationId) ?? 0;
      const { mailboxSequence } = await pass.run({ claim, session, limits, signal, catchUp, rest, failures });
      // The interval is random, so that accounts that were compared together are not compared together again.
      const nextInMs = intervalMs * (0.9 + Math.random() / 5);
      const { counts, appended } = await proofs.finish(claim, { nextInMs, mailboxSequence });
      await this.announce(integrationId, appended);
      this.failures.delete(integrationId);
      log.info({ integrationId, ...counts }, 'the account was compared with its index');
    } catch (error) {
      await this.failed(claim, error);
    } finally {
      clearInterval(renewal);
      leave();
    }
  }

  private async rest(integrationId: string, ms: number, signal: AbortSignal): Promise<void> {
    this.resting.add(integrationId);
    await sleep(ms, signal).finally(() => this.resting.delete(integrationId));
  }

  /** The comparison continues later where it stopped, on any instance. */
  private async failed(claim: ClaimedPass, error: unknown): Promise<void> {
    const { integrationId } = claim;
    const { proofs, log } = this.options;
    // A comparison that begins again, because the history was lost meanwhile, is still claimed.
    if (error instanceof ClaimLost || this.stopping.signal.aborted) return proofs.release(claim, 0);
    const failures = this.failures.get(integrationId) ?? 0;
    this.failures.set(integrationId, failures + 1);
    const waitMs = backoffMs(failures, error);
    const isExpected = isTransient(error) || error instanceof NotUpToDate || retryAfterMsOf(error) > 0;
    log[isExpected ? 'info' : 'warn'](
      { err: error, integrationId, waitMs },
      'the comparison of an account will continue later',
    );
    await proofs.release(claim, waitMs);
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    await work().catch((err: unknown) => {
      if (this.stopping.signal.aborted) return;
      this.options.log[storeErrorIn(err) ? 'debug' : 'error']({ err }, 'accounts could not be compared');
    });
  }
}

/** An account that misses events, or has no index yet, waits for no routine comparison, and the one not for the other. */
const laneOf = ({ provider, purpose }: DueAccount): string => `${provider} ${purpose}`;
