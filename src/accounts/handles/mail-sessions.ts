import type { Logger } from 'pino';
import { MailError } from '../../domain/error.ts';
import { isDoneWithin } from '../../platform/abort.ts';
import type { RequestLimiter } from '../../providers/contract/call.ts';
import { requireConfigured, requireProvider } from '../../providers/contract/find-provider.ts';
import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { Capabilities, Provider } from '../../providers/contract/provider.ts';
import type { IntegrationDirectory } from '../integrations/integration.directory.ts';
import { isAskable, requireAskable } from '../integrations/integration.status.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { AccountHealth } from './account-health.ts';
import { recoveringSession } from './recovering-session.ts';
import type { RequestLimiters } from './request-limiters.ts';

interface MailSessionsOptions {
  readonly providers: readonly Provider[];
  readonly directory: Pick<IntegrationDirectory, 'get' | 'onChanged'>;
  readonly tokens: Pick<AccessTokens, 'get' | 'forget'>;
  readonly health: Pick<AccountHealth, 'refused' | 'answered'>;
  readonly limiters: RequestLimiters;
  readonly log: Logger;
}

interface OpenSession {
  readonly session: MailSession;
  /** The integration as it was when the session was last requested. */
  record: IntegrationRecord;
  readonly limiter: RequestLimiter;
  /** When it was last requested, or its last call ended. */
  usedAt: number;
  /** Calls in progress, and a connection that is held over which the provider announces news. */
  callsInProgress: number;
}

/** How long an unused session stays open. It is longer than the time between two polls with the default POLL_SECONDS. */
export const IDLE_TIMEOUT_MS = 15 * 60_000;
const SWEEP_INTERVAL_MS = 60_000;
/** How long a stopping process waits until its sessions are closed. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * The open sessions of this process, one for each integration, shared by every request and job. A session is opened when it
 * is first requested. It is closed when its grant ends or is replaced, when it is neither requested nor has a call in progress
 * for a while, and when the process stops. A request for an open session makes no query.
 */
export class MailSessions {
  private readonly open = new Map<string, OpenSession>();
  private readonly closing = new Set<Promise<void>>();
  /** The ids of the open sessions whose integration has changed and could not be read since. */
  private readonly unchecked = new Set<string>();
  /** How often the directory has reported a change. */
  private changes = 0;
  private isStopped = false;
  private readonly sweeping: NodeJS.Timeout;
  private readonly unsubscribe: () => void;

  constructor(private readonly options: MailSessionsOptions) {
    this.unsubscribe = options.directory.onChanged((integrationId) => {
      this.changes++;
      void this.check(integrationId === null ? [...this.open.keys()] : [integrationId]);
    });
    this.sweeping = setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  /** Returns the session of the integration, and opens it if needed. Throws NOT_FOUND, or RECONNECT_REQUIRED with what the user has to do. */
  async get(integrationId: string): Promise<MailSession> {
    const record = requireAskable(await this.current(integrationId));
    return this.sessionOf(record).session;
  }

  /** Returns what the account can do, without a query or a request. */
  capabilities(integration: IntegrationRecord): Capabilities {
    return requireProvider(this.options.providers, integration.provider).capabilities(integration);
  }

  /** Closes every session, and refuses later requests for one. */
  async close(): Promise<void> {
    this.isStopped = true;
    this.unsubscribe();
    clearInterval(this.sweeping);
    for (const integrationId of [...this.open.keys()]) this.end(integrationId);
    await isDoneWithin(Promise.all(this.closing), CLOSE_TIMEOUT_MS);
  }

  get size(): number {
    return this.open.size;
  }

  /**
   * Runs without waiting, so that two simultaneous requests get the same session, and a session is never opened for a record
   * that a newer one has replaced.
   */
  private sessionOf(record: IntegrationRecord): OpenSession {
    if (this.isStopped) throw new MailError('PROVIDER_UNAVAILABLE', 'This gateway is being stopped. Try again.');
    const known = this.open.get(record.id);
    if (known && isSameGrant(known.record, record)) {
      known.usedAt = Date.now();
      known.record = record;
      return known;
    }
    const opened = this.openSession(record);
    if (known) this.end(record.id);
    this.open.set(record.id, opened);
    return opened;
  }

  private openSession(record: IntegrationRecord): OpenSession {
    const { tokens, health, limiters } = this.options;
    const provider = requireConfigured(this.options.providers, record.provider);
    const limiter = limiters.of(provider, record.address);
    const session = provider.open({
      address: record.address,
      access: record.access,
      scopes: record.scopes,
      limiter,
      accessToken: (signal, rejected) => tokens.get(record.id, signal, rejected),
      refused: (error) => health.refused(record, error),
    });
    const opened: OpenSession = {
      session: recoveringSession(session, {
        answered: async () => {
          if (opened.record.status !== 'CONNECTED') await health.answered(opened.record);
        },
        began: () => {
          opened.callsInProgress++;
        },
        ended: () => {
          opened.callsInProgress--;
          opened.usedAt = Date.now();
        },
      }),
      record,
      limiter,
      usedAt: Date.now(),
      callsInProgress: 0,
    };
    return opened;
  }

  /** Returns the present record. It is read again when any integration changed during the read. */
  private async current(integrationId: string): Promise<IntegrationRecord | null> {
    for (;;) {
      const before = this.changes;
      const record = await this.options.directory.get(integrationId);
      if (before === this.changes) return record;
    }
  }

  /** Closes those of the given sessions whose grant has ended or was replaced, here or on another instance. */
  private async check(integrationIds: readonly string[]): Promise<void> {
    for (const integrationId of integrationIds) {
      if (!this.open.has(integrationId)) continue;
      this.unchecked.add(integrationId);
      try {
        const record = await this.current(integrationId);
        this.unchecked.delete(integrationId);
        const known = this.open.get(integrationId);
        if (known && !(record && isAskable(record) && isSameGrant(known.record, record))) this.end(integrationId);
      } catch (err) {
        this.options.log.warn(
          { err, integrationId },
          'an integration could not be read to decide whether its session is to be closed',
        );
      }
    }
  }

  private sweep(): void {
    void this.check([...this.unchecked]);
    const now = Date.now();
    for (const [integrationId, { usedAt, callsInProgress }] of this.open) {
      if (callsInProgress > 0 || now - usedAt < IDLE_TIMEOUT_MS) continue;
      this.end(integrationId);
      this.options.tokens.forget(integrationId);
    }
    this.options.limiters.prune(new Set([...this.open.values()].map(({ limiter }) => limiter)));
  }

  private end(integrationId: string): void {
    const session = this.open.get(integrationId)?.session;
    this.open.delete(integrationId);
    this.unchecked.delete(integrationId);
    const close = async () => {
      try {
        await session?.close();
      } catch (err) {
        this.options.log.warn({ err, integrationId }, 'a session was not closed properly');
      }
    };
    const closing = close().finally(() => this.closing.delete(closing));
    this.closing.add(closing);
  }
}

/** Every consent has a time of its own, so a new consent to the same access is recognised as well. */
const isSameGrant = (a: IntegrationRecord, b: IntegrationRecord): boolean =>
  a.connectedAt?.getTime() === b.connectedAt?.getTime() && a.access === b.access;
