import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A proxy between the gateway and the emulators that checks every request. POSTERN_WIRE names its proxy.mjs; without that variable there is none. */
export interface Wire {
  /** Returns the URL of the vendor through the proxy, or its own URL when the checker has no API description of it. */
  urlOf(vendor: string): string;
  /** Discards the findings so far, which requests that are wrong on purpose have caused. */
  reset(): Promise<void>;
  /** Runs `work` and discards its findings, which records that are malformed on purpose have caused. Those before it count. */
  ignoring<T>(work: () => Promise<T>): Promise<T>;
  /** Stops the proxy, and throws an error with its findings. */
  close(): Promise<void>;
}

interface Violation {
  vendor: string;
  direction: string;
  method: string;
  path: string;
  status?: number;
  what: string;
  count: number;
  sample?: unknown;
}

/**
 * Graph limits concurrent requests to the mail resources of a mailbox ("Outlook service limits"). GET /me reads the directory
 * instead, and while an account is being connected the gateway does not know yet which mailbox it belongs to.
 */
const asksTheDirectory = ({ path, what }: Violation): boolean =>
  path === '/v1.0/me' && /concurrent requests to one mailbox/.test(what);

/** `onPurpose` matches findings about requests that a suite sends as clients other than the gateway would. */
export async function startWire(
  urlOf: (vendor: string) => string,
  onPurpose: readonly RegExp[] = [],
): Promise<Wire | null> {
  const proxy = process.env.POSTERN_WIRE;
  if (!proxy) return null;
  const [googleUrl, microsoftUrl] = [urlOf('google'), urlOf('microsoft')];
  const ports = ['--google-port', '0', '--microsoft-port', '0', '--control-port', '0'];
  const reportFile = join(tmpdir(), `wire-report-${process.pid}-${Date.now()}.json`);
  const child = spawn(
    process.execPath,
    [proxy, '--google-target', googleUrl, '--microsoft-target', microsoftUrl, ...ports, '--report', reportFile],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const started = JSON.parse(line) as { ports: { google: number; microsoft: number; control: number } };
  const control = `http://127.0.0.1:${started.ports.control}`;
  const found: Violation[] = [];
  const violationsSoFar = async () =>
    ((await (await fetch(`${control}/__report`)).json()) as { violations: Violation[] }).violations;
  const reset = async () => void (await fetch(`${control}/__reset`, { method: 'POST' }));
  return {
    urlOf(vendor) {
      const port = started.ports[vendor as keyof typeof started.ports];
      return port === undefined ? urlOf(vendor) : `http://127.0.0.1:${port}${new URL(urlOf(vendor)).pathname}`;
    },
    reset: async () => {
      found.length = 0;
      await reset();
    },
    ignoring: async (work) => {
      found.push(...(await violationsSoFar()));
      try {
        return await work();
      } finally {
        await reset();
      }
    },
    close: async () => {
      found.push(...(await violationsSoFar()));
      const isOnPurpose = ({ direction, what }: Violation) =>
        direction === 'request' && onPurpose.some((known) => known.test(what));
      const violations = found.filter((v) => !isOnPurpose(v) && !asksTheDirectory(v));
      child.kill();
      await once(child, 'exit');
      rmSync(reportFile, { force: true });
      if (violations.length > 0) {
        throw new Error(`the wire checker found:\n${violations.map((v) => JSON.stringify(v)).join('\n')}`);
      }
    },
  };
}
