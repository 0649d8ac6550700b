import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A checker between the gateway and the emulators; POSTERN_WIRE names its proxy.mjs, and without it there is none. */
export interface Wire {
  /** Where the vendor is reached through it; one that it knows no description of, directly. */
  urlOf(vendor: string): string;
  /** Forget what was seen so far, for requests that are wrong on purpose. */
  reset(): Promise<void>;
  /** Stops it, and throws what it found. */
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
 * Graph limits the requests to a mailbox at once for its mail resources ("Outlook service limits"). GET /me asks the
 * directory, and while an account is being connected nobody knows yet whose mailbox another sync may be busy with.
 */
const asksTheDirectory = ({ path, what }: Violation): boolean =>
  path === '/v1.0/me' && /concurrent requests to one mailbox/.test(what);

/** `onPurpose`: what is found of requests with which a suite tries an emulator, as clients other than ours send them. */
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
  return {
    urlOf(vendor) {
      const port = started.ports[vendor as keyof typeof started.ports];
      return port === undefined ? urlOf(vendor) : `http://127.0.0.1:${port}${new URL(urlOf(vendor)).pathname}`;
    },
    reset: async () => void (await fetch(`${control}/__reset`, { method: 'POST' })),
    close: async () => {
      const report = (await (await fetch(`${control}/__report`)).json()) as { violations: Violation[] };
      const isOnPurpose = ({ direction, what }: Violation) =>
        direction === 'request' && onPurpose.some((known) => known.test(what));
      const violations = report.violations.filter((v) => !isOnPurpose(v) && !asksTheDirectory(v));
      child.kill();
      await once(child, 'exit');
      rmSync(reportFile, { force: true });
      if (violations.length > 0) {
        throw new Error(`the wire checker found:\n${violations.map((v) => JSON.stringify(v)).join('\n')}`);
      }
    },
  };
}
