import { encodeId } from '../domain/global-id.ts';

/** What an operation has asked of one account. */
interface AccountCost {
  /** The global id of the integration. */
  readonly integration: string;
  /** The requests that were sent to the provider. A repetition is one more, and a batch is one. */
  readonly requests: number;
  /** The cost of these requests in the quota of the provider. */
  readonly units: number;
  /** How many times requests followed one another: requests that are sent together are one wave. */
  readonly waves: number;
  /** The objects that came from the cache instead. */
  readonly cached: number;
}

/** `extensions.cost` of an answer. */
export interface Cost {
  /** The accounts whose mail the operation has opened, in that order. */
  readonly accounts: readonly AccountCost[];
}

/** Counts for one account. It is a `Meter` of providers/contract/call.ts, which this room must not import. */
class AccountMeter {
  private requests = 0;
  private units = 0;
  private waves = 0;
  private fromCache = 0;
  private inFlight = 0;

  sent(units: number): () => void {
    this.requests++;
    this.units += units;
    if (this.inFlight === 0) this.waves++;
    this.inFlight++;
    let hasEnded = false;
    return () => {
      if (!hasEnded) this.inFlight--;
      hasEnded = true;
    };
  }

  cached(count: number): void {
    this.fromCache += count;
  }

  /** Returns what was counted since the last call. A request that is still in flight goes on in the same wave. */
  take(): Omit<AccountCost, 'integration'> {
    const { requests, units, waves, fromCache } = this;
    this.requests = this.units = this.waves = this.fromCache = 0;
    return { requests, units, waves, cached: fromCache };
  }
}

/**
 * What one operation costs, by account. Nothing is counted unless the client has asked for it with `extensions: { cost: true }`.
 * A subscription has one for all its events, which are executed one after another: each takes what was counted since the last.
 */
export class OperationCost {
  private meters: Map<string, AccountMeter> | null = null;

  /** The client has asked for the cost. */
  begin(): void {
    this.meters ??= new Map();
  }

  /** The meter of an account, by its internal id. Null when nobody asked. */
  meter(integrationId: string): AccountMeter | null {
    if (!this.meters) return null;
    const meter = this.meters.get(integrationId) ?? new AccountMeter();
    this.meters.set(integrationId, meter);
    return meter;
  }

  /** Returns what was counted since the last call. Null when nobody asked. */
  take(): Cost | null {
    if (!this.meters) return null;
    const accounts = [...this.meters].map(([id, meter]) => ({
      integration: encodeId('Integration', id),
      ...meter.take(),
    }));
    return { accounts };
  }
}
