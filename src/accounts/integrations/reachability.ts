import type { ProviderAnswer } from '../../providers/limiter/request-limiter.ts';

/** A mailbox at its provider, which several integrations may share. */
export interface MailboxAddress {
  readonly provider: string;
  /** In lower case. */
  readonly address: string;
}

interface Recovery {
  /** Called when an account works again whose provider was unavailable, busy or silent. */
  recovered?(mailbox: MailboxAddress): void;
  /**
   * Called for each answer of an account, so it must be cheap. `othersAway` is true while the provider does not answer other
   * accounts.
   */
  answered?(mailbox: MailboxAddress, othersAway: boolean): void;
}

/** Knows which accounts their providers do not answer at present, from every request of this process. */
export class Reachability {
  private readonly unavailable = new Map<string, Set<string>>();
  private readonly listeners = new Set<Recovery>();

  /** Returns the function that ends the subscription. */
  listen(listener: Recovery): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Returns true when the provider did not answer the last request of the account. */
  isAway({ provider, address }: MailboxAddress): boolean {
    return this.unavailable.get(provider)?.has(address) ?? false;
  }

  /** Drops what is known of a mailbox that nothing uses any more. */
  forget({ provider, address }: MailboxAddress): void {
    this.unavailable.get(provider)?.delete(address);
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
