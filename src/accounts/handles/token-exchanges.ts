import { isMailError } from '../../domain/error.ts';
import { timedOut } from '../../providers/limiter/aborted.ts';
import { Cooldown, tooBusy } from '../../providers/limiter/cooldown.ts';

interface UnderWay {
  readonly provider: string;
  readonly beganAt: number;
  readonly beginAgain: () => void;
}

/** How long a provider may take to refresh a token, in milliseconds. */
export const EXCHANGE_TIMEOUT_MS = 10_000;
/** After how long a request makes room for a second try when one that began later was answered, in milliseconds. */
const RESTART_TIMEOUT_MS = 2_000;

/**
 * The requests to the providers' token endpoints. One that hangs is seldom answered once the endpoint is back: as soon as
 * that has answered any account of the provider, what hangs there is begun again, once. An account that is refused for now
 * is not asked for again before the time that its provider named.
 */
export class TokenExchanges {
  private readonly underWay = new Set<UnderWay>();
  private readonly cooldowns = new Map<string, Cooldown>();

  constructor(private readonly now: () => number = Date.now) {}

  async run<T>(provider: string, account: string, exchange: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let mayBeginAgain = true; ; mayBeginAgain = false) {
      const cooldown = this.cooldowns.get(account) ?? new Cooldown(this.now);
      if (cooldown.waitMs > 0) throw tooBusy(cooldown.waitMs);
      const ended = new AbortController();
      const timer = setTimeout(() => ended.abort(timedOut()), EXCHANGE_TIMEOUT_MS);
      const underWay = { provider, beganAt: this.now(), beginAgain: () => ended.abort(OVERTAKEN) };
      if (mayBeginAgain) this.underWay.add(underWay);
      try {
        const answer = await exchange(ended.signal);
        this.answered(underWay);
        this.cooldowns.delete(account);
        return answer;
      } catch (error) {
        if (ended.signal.reason === OVERTAKEN) continue;
        if (ended.signal.aborted) throw ended.signal.reason;
        if (!isMailError(error)) throw error;
        if (error.code === 'RECONNECT_REQUIRED' || error.ofAccount) this.answered(underWay);
        const told = cooldown.failed(error, underWay.beganAt);
        if (cooldown.waitMs > 0) this.cooldowns.set(account, cooldown);
        throw told;
      } finally {
        clearTimeout(timer);
        this.underWay.delete(underWay);
      }
    }
  }

  private answered({ provider, beganAt }: UnderWay): void {
    const now = this.now();
    for (const earlier of this.underWay)
      if (earlier.provider === provider && earlier.beganAt < beganAt && now - earlier.beganAt > RESTART_TIMEOUT_MS)
        earlier.beginAgain();
  }
}

const OVERTAKEN = Symbol('overtaken');
