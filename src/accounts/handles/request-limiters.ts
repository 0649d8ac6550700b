import type { Logger } from 'pino';
import type { RequestLimiter } from '../../providers/contract/call.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { createRequestLimiter, type MailboxLimiter } from '../../providers/limiter/request-limiter.ts';
import type { MailboxAddress, Reachability } from '../integrations/reachability.ts';

interface RequestLimitersOptions {
  readonly log: Logger;
  /** Receives the outcome of every request. */
  readonly reachability?: Pick<Reachability, 'report' | 'forget'>;
  readonly now?: () => number;
}

/** One limiter for each mailbox. The vendor limits the mailbox and not the integration, so two users of one mailbox share it. */
export class RequestLimiters {
  private readonly limiters = new Map<string, { readonly limiter: MailboxLimiter; readonly mailbox: MailboxAddress }>();

  constructor(private readonly options: RequestLimitersOptions) {}

  /** Returns the limiter of a mailbox, which need not be connected yet. */
  of(provider: Provider, address: string): RequestLimiter {
    const mailbox = { provider: provider.id, address: address.toLowerCase() };
    const key = `${mailbox.provider}:${mailbox.address}`;
    const known = this.limiters.get(key);
    if (known) return known.limiter;
    const { log, reachability, now } = this.options;
    const limiter = createRequestLimiter(provider.limits, {
      log: log.child({ provider: provider.id }),
      observe: (outcome) => reachability?.report(mailbox, outcome),
      ...(now && { now }),
    });
    this.limiters.set(key, { limiter, mailbox });
    return limiter;
  }

  /** Drops idle limiters that no open session uses. Until then they know what the vendor still counts. */
  prune(inUse: ReadonlySet<RequestLimiter>): void {
    for (const [key, { limiter, mailbox }] of this.limiters) {
      if (!limiter.isIdle || inUse.has(limiter)) continue;
      this.limiters.delete(key);
      // Otherwise an account that was disconnected while its provider was away would count as away without end.
      this.options.reachability?.forget(mailbox);
    }
  }

  get size(): number {
    return this.limiters.size;
  }
}
