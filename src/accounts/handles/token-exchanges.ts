import { isMailError } from '../../domain/error.ts';
import { timedOut } from '../../providers/limiter/aborted.ts';
import { Cooldown, tooBusy } from '../../providers/limiter/cooldown.ts';

interface RunningExchange {
  readonly provider: string;
  readonly startedAt: number;
  readonly restart: () => void;
}

/** Milliseconds that a provider may take to refresh a token. */
export const EXCHANGE_TIMEOUT_MS = 10_000;
/** Milliseconds after which a request is restarted once when a later one was answered. */
const RESTART_TIMEOUT_MS = 2_000;

/**
 * The requests to the token endpoints of the providers. A request that hangs while the endpoint is down is seldom answered
 * afterwards, so as soon as the endpoint answers any account, the requests that hang there are restarted, once. After a
 * temporary refusal an account makes no request before the time that its provider named.
 */
export class TokenExchanges {
  private readonly running = new Set<RunningExchange>();
  private readonly cooldowns = new Map<string, Cooldown>();

  constructor(private readonly now: () => number = Date.now) {}

  async run<T>(provider: string, account: string, exchange: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let mayRestart = true; ; mayRestart = false) {
      const cooldown = this.cooldowns.get(account) ?? new Cooldown(this.now);
      if (cooldown.waitMs > 0) throw tooBusy(cooldown.waitMs);
      const ended = new AbortController();
      const timer = setTimeout(() => ended.abort(timedOut()), EXCHANGE_TIMEOUT_MS);
      const current = { provider, startedAt: this.now(), restart: () => ended.abort(RESTARTED) };
      if (mayRestart) this.running.add(current);
      try {
        const answer = await exchange(ended.signal);
        this.answered(current);
        this.cooldowns.delete(account);
        return answer;
      } catch (error) {
        if (ended.signal.reason === RESTARTED) continue;
        if (ended.signal.aborted) throw ended.signal.reason;
        if (!isMailError(error)) throw error;
        if (error.code === 'RECONNECT_REQUIRED' || error.ofAccount) this.answered(current);
        const reported = cooldown.failed(error, current.startedAt);
        if (cooldown.waitMs > 0) this.cooldowns.set(account, cooldown);
        throw reported;
      } finally {
        clearTimeout(timer);
        this.running.delete(current);
      }
    }
  }

  private answered({ provider, startedAt }: RunningExchange): void {
    const now = this.now();
    for (const earlier of this.running)
      if (
        earlier.provider === provider &&
        earlier.startedAt < startedAt &&
        now - earlier.startedAt > RESTART_TIMEOUT_MS
      )
        earlier.restart();
  }
}

const RESTARTED = Symbol('restarted');
