import type { ProviderAnswer } from '../../providers/limiter/request-limiter.ts';

/** A mail account at its provider, which several integrations may share. */
export interface MailboxAddress {
  readonly provider: string;
  /** Lower case. */
  readonly address: string;
}

interface Recovery {
  /** An account whose provider was away, busy or silent is answered again. */
  recovered?(mailbox: MailboxAddress): void;
  /** Each time an account is answered; `othersAway`: while its provider does not answer others. Called often: to be cheap. */
  answered?(mailbox: MailboxAddress, othersAway: boolean): void;
}

/** Which accounts are not answered at present, as every request of this process shows it, no matter whom it was made for. */
export class Reachability {
  private readonly unavailable = new Map<string, Set<string>>();
  private readonly listeners = new Set<Recovery>();

  /** Returns how to stop. */
  listen(listener: Recovery): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Its provider did not answer the last request of this account. */
  isAway({ provider, address }: MailboxAddress): boolean {
    return this.unavailable.get(provider)?.has(address) ?? false;
  }

  report(mailbox: MailboxAddress, outcome: ProviderAnswer): void {
    const { provider, address } = mailbox;
    const away = this.unavailable.get(provider) ?? new Set<string>();
    if (outcome === 'unavailable') {
      away.add(address);
      this.unavailable.set(provider, away);
      return;
    }
    const wasAway = away.delete(address);
    for (const listener of this.listeners) {
      listener.answered?.(mailbox, away.size > 0);
      if (wasAway) listener.recovered?.(mailbox);
    }
  }
}
