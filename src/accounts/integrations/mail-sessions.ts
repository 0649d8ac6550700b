import type { Logger } from 'pino';
import { MailError } from '../../domain/error.ts';
import type { RequestLimiter } from '../../providers/contract/call.ts';
import type { Capabilities, MailSession, Provider } from '../../providers/contract/provider.ts';
import { createRequestLimiter } from '../../providers/limiter/request-limiter.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { AccountHealth } from './account-health.ts';
import type { IntegrationDirectory } from './integration.directory.ts';
import { requireAskable } from './integration.status.ts';
import type { IntegrationRecord } from './integration.ts';
import type { Reachability } from './reachability.ts';

export interface MailSessionsOptions {
  readonly providers: readonly Provider[];
  readonly directory: IntegrationDirectory;
  readonly tokens: AccessTokens;
  readonly health: Pick<AccountHealth, 'refused' | 'answered'>;
  readonly log: Logger;
  /** Told how every request ended. */
  readonly reachability?: Pick<Reachability, 'report'>;
}

/** Opens provider sessions around the cached access token. No query and no request on the warm path. */
export class MailSessions {
  /** The vendor limits the mailbox, not our integration: two users of one mailbox share a limiter. */
  private readonly limiters = new Map<string, RequestLimiter>();

  constructor(private readonly options: MailSessionsOptions) {}

  /** Throws NOT_FOUND, or RECONNECT_REQUIRED with what the user has to do. */
  async open(integrationId: string): Promise<MailSession> {
    const record = requireAskable(await this.options.directory.get(integrationId));
    const provider = this.provider(record);
    if (!provider.configured) {
      throw new MailError('UNSUPPORTED', `${provider.name} is no longer configured on this gateway.`);
    }
    const { tokens, health } = this.options;
    const session = provider.open(
      {
        address: record.address,
        access: record.access,
        accessToken: (signal, rejected) => tokens.get(integrationId, signal, rejected),
        refused: (error) => health.refused(record, error),
      },
      this.limiterOf(provider, record.address),
    );
    return record.status === 'CONNECTED' ? session : proving(session, () => health.answered(record));
  }

  /** What the account can do; asks nobody. */
  capabilities(integration: IntegrationRecord): Capabilities {
    return this.provider(integration).capabilities;
  }

  private provider(record: IntegrationRecord): Provider {
    const provider = this.options.providers.find(({ id }) => id === record.provider);
    if (!provider) throw new MailError('UNSUPPORTED', `This gateway does not support the provider ${record.provider}.`);
    return provider;
  }

  /** The limits of an account, which may not be connected yet. */
  limiterOf(provider: Provider, address: string): RequestLimiter {
    const { log, reachability } = this.options;
    const mailbox = { provider: provider.id, address: address.toLowerCase() };
    const account = `${mailbox.provider}:${mailbox.address}`;
    let limiter = this.limiters.get(account);
    if (!limiter) {
      limiter = createRequestLimiter(provider.limits, {
        log: log.child({ provider: provider.id }),
        observe: (outcome) => reachability?.report(mailbox, outcome),
      });
      this.limiters.set(account, limiter);
    }
    return limiter;
  }
}

/** What reads the mailbox itself: the directory, say, also answers for accounts that have none. */
const PROOFS: ReadonlySet<string | symbol> = new Set([
  'listMailboxes',
  'listMessages',
  'listThreads',
  'changes',
] satisfies (keyof MailSession)[]);

/** The session, which tells when the mailbox has answered. */
const proving = (session: MailSession, answered: () => Promise<void>): MailSession =>
  new Proxy(session, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (!PROOFS.has(name)) return member.bind(target);
      return async (...given: unknown[]) => {
        const answer: unknown = await member.apply(target, given);
        await answered();
        return answer;
      };
    },
  });
