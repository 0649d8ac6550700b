import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopbackUrl } from '../loopback.ts';
import type { Faults, Vendor, World } from '../world.ts';

export interface Poster {
  readonly post: World['post'];
  /** Whether a webhook has not been accepted yet. */
  readonly busy: boolean;
  /** Stops all retries and resolves when they have ended. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/**
 * Sends webhooks as the vendors do: at least once, and again a few times when the answer is not 2xx. No request waits for them.
 * `log` receives one line, without the body, for each webhook that is given up.
 */
export function createPoster(given: {
  faults: Faults;
  log: (line: string) => void;
  /** Waits between the tries, in milliseconds. */
  retryMs?: readonly number[];
}): Poster {
  const { faults, log, retryMs = [500, 1_000, 2_000, 4_000, 8_000] } = given;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const running = new Set<Promise<void>>();

  const start = (work: Promise<void>) => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  const deliver = async (vendor: Vendor, url: string, request: Webhook, delayMs: number): Promise<void> => {
    const signal = closing.signal;
    try {
      if (delayMs > 0) await sleep(delayMs, undefined, { signal, ref: false });
      for (const wait of [...retryMs, null]) {
        if (await send(url, request, signal)) return;
        if (wait !== null) await sleep(wait, undefined, { signal, ref: false });
      }
      log(`${vendor}: a webhook to ${new URL(url).pathname} was given up after ${retryMs.length + 1} tries`);
    } catch {
      // Only closing the sandbox ends a wait early.
    }
  };
  return {
    post(vendor, account, url, request) {
      if (!isLoopbackUrl(url)) {
        log(`${vendor}: a webhook for ${account} was not sent: the sandbox calls loopback addresses only`);
        return;
      }
      const fault = faults.meet(vendor, account, 'webhook');
      if (fault?.webhook === 'lose' || closing.signal.aborted) return;
      const delayMs = fault?.latencyMs ?? 0;
      start(deliver(vendor, url, request, delayMs));
      if (fault?.webhook === 'repeat') start(deliver(vendor, url, request, delayMs));
    },
    get busy() {
      return running.size > 0;
    },
    async close() {
      closing.abort();
      await Promise.allSettled(running);
    },
  };
}

type Webhook = Parameters<World['post']>[3];

async function send(url: string, { headers, body }: Webhook, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}
