import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Totals } from '../../sandbox/control/log.ts';
import { type Sandbox, startSandbox } from '../../sandbox/start.ts';
import type { Fault, RequestRecord } from '../../sandbox/world.ts';
import { Child } from '../process/child.ts';
import { freePort } from '../process/free-port.ts';
import { ByteCounter } from './byte-counter.ts';
import { Client, type Mailbox } from './client.ts';

/** The cost of some work. */
export interface Cost {
  readonly ms: number;
  /** The CPU time of the gateway process. */
  readonly cpuMs: number;
  /** The bytes that were received from the emulators. */
  readonly bytes: number;
  readonly totals: Totals;
  readonly records: readonly RequestRecord[];
}

/** How long no request is sent before nothing more is expected. */
const QUIET_MS = 500;

export const VENDOR = { GMAIL: 'google', OUTLOOK: 'microsoft' } as const;

/** The gateway in its own process, in front of the emulators in this process. Every request between them is counted. */
export class Lab {
  private constructor(
    readonly sandbox: Sandbox,
    private readonly gateway: Child,
    private readonly wire: ByteCounter,
    private readonly dataDir: string,
  ) {}

  /**
   * Without `isLive`, only the measured work requests anything from the emulators: there is no push, polls are far apart, and
   * no page is answered from the cache. With it the accounts are followed as in production.
   */
  static async start({ isLive = false } = {}): Promise<Lab> {
    const dataDir = await mkdtemp(join(tmpdir(), 'postern-bench-'));
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}`;
    const sandbox = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      dataDir: null,
      publicUrl,
      mail: null,
      messages: 1_000,
      trafficSeconds: 0,
      log: () => undefined,
    });
    const wire = await ByteCounter.start(Number(new URL(sandbox.url).port));
    const gateway = await Child.start('lab/gateway.process.ts', {
      PORT: String(port),
      PUBLIC_URL: publicUrl,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'silent',
      SANDBOX: 'off',
      REGISTRATION: 'open',
      ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
      JWT_SECRET: randomBytes(32).toString('base64'),
      RECONCILE_HOURS: '168',
      ...sandbox.environment((vendor) => `${wire.url}/${vendor}`),
      ...(isLive ? {} : { POLL_SECONDS: '100000', GOOGLE_PUBSUB_TOPIC: '' }),
    });
    return new Lab(sandbox, gateway, wire, dataDir);
  }

  /** The address at which the gateway reaches the emulators. */
  get upstreamUrl(): string {
    return this.wire.url;
  }

  /** Creates a user with these accounts. A missing account is created with `messages` mails. */
  async user(mailboxes: readonly Mailbox[], messages = 200): Promise<Client> {
    const client = await Client.register(this.gateway.url);
    for (const mailbox of mailboxes) {
      const vendor = VENDOR[mailbox.provider];
      if (!this.sandbox.emulator(vendor).accounts().includes(mailbox.address)) {
        await this.control('POST', '/accounts', { vendor, address: mailbox.address, messages });
      }
      await client.connect(mailbox);
    }
    await this.quiet();
    return client;
  }

  /** Runs `work` alone and returns its cost. */
  async cost(work: () => Promise<unknown>): Promise<Cost> {
    await this.control('DELETE', '/log');
    const [cpu, bytes, began] = [(await this.gateway.ask('usage')).cpuMs, this.wire.received, performance.now()];
    await work();
    const ms = performance.now() - began;
    const cpuMs = (await this.gateway.ask('usage')).cpuMs - cpu;
    const log = await this.control<{ totals: Totals; records: RequestRecord[] }>('GET', '/log?limit=200000');
    return { ms, cpuMs, bytes: this.wire.received - bytes, ...log };
  }

  /** Delays every request to the emulators that matches one of `faults` while `work` runs. */
  async slow<T>(latencyMs: number, faults: readonly Omit<Fault, 'latencyMs'>[], work: () => Promise<T>): Promise<T> {
    for (const fault of faults) await this.control('POST', '/faults', { ...fault, latencyMs });
    try {
      return await work();
    } finally {
      await this.control('DELETE', '/faults');
    }
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.wire.stop();
    await this.sandbox.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Waits until the work after a connect or a change (syncs, watches) has been finished for a while. */
  async quiet(): Promise<void> {
    let seen = -1;
    for (;;) {
      const last = this.sandbox.world.log.all().at(-1)?.id ?? 0;
      if (last === seen && this.sandbox.hasNotified()) return;
      seen = last;
      await sleep(QUIET_MS);
    }
  }

  /** Calls the control API of the emulators. */
  async control<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.sandbox.controlUrl}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`control ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}
