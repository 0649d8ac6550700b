import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { IntegrationDirectory } from '../accounts/integration.directory.ts';
import type { MailSessions } from '../accounts/mail-sessions.ts';
import { isMailError, storeErrorIn } from '../domain/error.ts';
import type { Bus } from '../platform/bus.ts';
import type { ChangeStore, LoggedChange } from '../platform/change.store.ts';
import type { Call } from '../providers/call.ts';
import type { Change, MailSession } from '../providers/provider.ts';
import { backoffMs, isPassing } from './backoff.ts';
import { CHANGES_TOPIC, type ChangesWake } from './change.topic.ts';
import { Coalescer } from './coalescer.ts';
import { arrivedMeanwhile } from './resync.ts';
import { SYNC_TOPIC, SyncWanted } from './sync.topic.ts';

export interface SyncJobOptions {
  readonly sessions: Pick<MailSessions, 'open'>;
  readonly directory: Pick<IntegrationDirectory, 'get'>;
  readonly changes: ChangeStore;
  readonly bus: Pick<Bus, 'publish' | 'subscribe'>;
  readonly log: Logger;
}

/** Integrations that are synchronised at once. */
const CONCURRENCY = 16;
const ATTEMPTS = 6;
/** Pages of one run: a provider that says "more" for ever must not hold a place for ever. */
const PAGES = 1_000;
/** When the process stops, runs under way get this long. */
const PATIENCE_MS = 2_000;

/**
 * Brings change logs level with the providers. It asks what changed and reads no mail, so a message that cannot be read
 * holds nothing up.
 */
export class SyncJob {
  private readonly runs: Coalescer;
  private readonly waits = new AbortController();
  private readonly calls = new AbortController();
  /** Given up because the process stops. */
  private readonly unfinished = new Set<string>();
  private readonly unsubscribe: () => void;
  /** Accounts whose log may have grown without a word, because the store went away over it. */
  private readonly untellable = new Set<string>();
  /** Accounts that are looked at though nobody told of anything, and what to do when there was something. */
  private readonly untold = new Map<string, () => void>();

  constructor(private readonly options: SyncJobOptions) {
    this.runs = new Coalescer(
      (integrationId) => this.run(integrationId),
      CONCURRENCY,
      (integrationId, error) => options.log.error({ err: error, integrationId }, 'sync failed'),
    );
    this.unsubscribe = options.bus.subscribe(SYNC_TOPIC, (payload) => {
      const wanted = SyncWanted.safeParse(payload);
      if (wanted.success) this.request(wanted.data.integrationId);
    });
  }

  /** Soon, in the background. However often it is asked, one run at a time for each integration. */
  request(integrationId: string): void {
    this.untold.delete(integrationId);
    this.runs.request(integrationId);
  }

  /** As `request`, for an account whose provider should tell us; `missed` is called when it had something to tell. */
  reconcile(integrationId: string, missed: () => void): void {
    this.untold.set(integrationId, missed);
    this.runs.request(integrationId);
  }

  /** Providers were told that their news is taken: what is not done in time is handed over to the other instances. */
  async stop(): Promise<void> {
    this.unsubscribe();
    this.waits.abort();
    const patience = setTimeout(() => this.calls.abort(), PATIENCE_MS);
    const left = await this.runs.stop(this.calls.signal);
    clearTimeout(patience);
    for (const integrationId of new Set([...this.unfinished, ...left]))
      await this.options.bus.publish(SYNC_TOPIC, { integrationId } satisfies SyncWanted);
  }

  private async run(integrationId: string): Promise<void> {
    const { directory, log } = this.options;
    for (let attempt = 0; ; attempt++) {
      try {
        if ((await directory.get(integrationId))?.status !== 'CONNECTED') return;
        return await this.catchUp(integrationId);
      } catch (error) {
        // What was being written may have been, and nobody was told.
        if (storeErrorIn(error)) this.untellable.add(integrationId);
        const gaveUp = this.calls.signal.aborted;
        if (!gaveUp && (!isPassing(error) || attempt + 1 >= ATTEMPTS)) throw error;
        const waitMs = backoffMs(attempt, error);
        if (!gaveUp) log.warn({ err: error, integrationId, attempt, waitMs }, 'sync will be tried again');
        await delay(waitMs, undefined, { signal: this.waits.signal }).catch(() => {});
      }
      if (this.waits.signal.aborted) {
        this.unfinished.add(integrationId);
        return;
      }
    }
  }

  private async catchUp(integrationId: string): Promise<void> {
    const { sessions, changes } = this.options;
    const call: Call = { signal: this.calls.signal, priority: 'background' };
    const session = await sessions.open(integrationId);
    let { cursor } = await changes.position(integrationId);
    if (this.untellable.delete(integrationId)) await this.wake(integrationId, UNKNOWN_ENTRIES);
    for (let page = 0; page < PAGES; page++) {
      const found = await this.changesSince(session, cursor, call);
      if (found === 'expired') return this.resync(integrationId, session, call);
      const entries = cursor === null ? [] : found.changes.map(entryOf);
      if (await changes.advance(integrationId, cursor, found.cursor, entries)) {
        if (entries.length > 0) await this.wake(integrationId, entries);
        if (!found.more) return;
        cursor = found.cursor;
      } else {
        // Another instance was first: go on from where it has come to.
        const position = await changes.position(integrationId);
        if (position.cursor === null || position.cursor === cursor) return;
        cursor = position.cursor;
      }
    }
  }

  private async changesSince(session: MailSession, cursor: string | null, call: Call) {
    try {
      return await session.changes(cursor, call);
    } catch (error) {
      if (isMailError(error) && error.code === 'CURSOR_EXPIRED' && cursor !== null) return 'expired';
      throw error;
    }
  }

  /**
   * The provider no longer knows our place. The new place is taken before the mailbox is read, so what arrives in
   * between is found twice rather than never.
   */
  private async resync(integrationId: string, session: MailSession, call: Call): Promise<void> {
    const { changes, log } = this.options;
    const position = await changes.position(integrationId);
    let { cursor, more } = await session.changes(null, call);
    for (let page = 1; more && page < PAGES; page++) ({ cursor, more } = await session.changes(cursor, call));
    const arrived = await arrivedMeanwhile(session, changes, integrationId, position, call);
    log.info({ integrationId, found: arrived.length }, 'the change cursor had expired: read again from the top');
    const entries = [
      { kind: 'reset', subject: 'CURSOR_EXPIRED' },
      ...arrived.map((subject) => ({ kind: 'created', subject }) as const),
    ] as const;
    if (await changes.advance(integrationId, position.cursor, cursor, entries)) await this.wake(integrationId, entries);
  }

  private wake(integrationId: string, entries: readonly Pick<LoggedChange, 'kind'>[]): Promise<void> {
    this.untold.get(integrationId)?.();
    this.untold.delete(integrationId);
    const altered = entries.some(({ kind }) => kind !== 'created');
    return this.options.bus.publish(CHANGES_TOPIC, { integrationId, altered } satisfies ChangesWake);
  }
}

/** Of which nobody knows what they are. */
const UNKNOWN_ENTRIES = [{ kind: 'reset' }] as const;

const entryOf = (change: Change): Pick<LoggedChange, 'kind' | 'subject'> => ({
  kind: change.kind,
  subject: change.kind === 'mailbox' ? change.mailboxId : change.messageId,
});
