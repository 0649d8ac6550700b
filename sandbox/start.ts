import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createAccounts } from './accounts.ts';
import { createFaults, type FaultList } from './control/faults.ts';
import { type KeptFile, openKeep } from './control/keep.ts';
import { createRequestLog } from './control/log.ts';
import { createPoster, type Poster } from './control/post.ts';
import { controlPlugin } from './control/routes.ts';
import { SandboxError } from './error.ts';
import { isLoopbackHost } from './loopback.ts';
import { bounces, deliveryReport } from './mail/bounce.ts';
import { mailFromRaw } from './mail/received.ts';
import { createServer, listen } from './server.ts';
import { startTraffic } from './traffic.ts';
import { TWINS } from './twins.ts';
import type { Emulator, HeaderSpelling, HistoryLabels, PageTokens, SubjectThreads, Vendor, World } from './world.ts';

export interface SandboxOptions {
  /** A loopback address. */
  readonly host: string;
  /** 0 binds any free port. */
  readonly port: number;
  /** The directory of sandbox.json and of the journals of mail. Null: nothing survives the process. */
  readonly dataDir: string | null;
  /** The gateway's URL, for webhooks. A function when its port is not known yet. */
  readonly publicUrl: string | (() => string);
  /**
   * A directory, an .eml or an .mbox file. Its mail fills every demo account, unread in the inbox, and no mail arrives by
   * itself. Null: the built-in mail is used.
   */
  readonly mail: string | null;
  /** The number of built-in messages in each account. */
  readonly messages: number;
  /** How headers are listed by a vendor that may do either. Default: 'written'. */
  readonly headers?: HeaderSpelling;
  /** How many parts of a Gmail batch are answered before the others receive 429. Default: 50, as Google advises. */
  readonly batchWidth?: number;
  /** Whether an unchanged page has the same token again, at a vendor that may do either. Default: 'stable'. */
  readonly pageTokens?: PageTokens;
  /** Which labels the messages of a history have, at a vendor that does not say. Default: 'then'. */
  readonly historyLabels?: HistoryLabels;
  /** Whether the subject alone joins threads at a vendor that may do either. Default: 'join'. */
  readonly subjectThreads?: SubjectThreads;
  /** Seconds between two mails that arrive by themselves; 0 for none. */
  readonly trafficSeconds: number;
  readonly log: (line: string) => void;
}

export interface Sandbox {
  readonly url: string;
  /** Returns the URL at which the vendor is emulated. */
  urlOf(vendor: Vendor): string;
  /** Returns the settings that make a gateway use all emulators, directly or through a proxy whose URLs `urlOf` returns. */
  environment(urlOf?: (vendor: Vendor) => string): Readonly<Record<string, string>>;
  readonly controlUrl: string;
  readonly world: World;
  emulator(vendor: Vendor): Emulator;
  /** Returns whether the gateway has accepted every webhook, and none is still to be sent. */
  hasNotified(): boolean;
  close(): Promise<void>;
}

/** Starts every emulator and the control API on one port, with the demo accounts filled. Throws SandboxError. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  if (!isLoopbackHost(options.host)) {
    throw new SandboxError(`HOST: the sandbox serves loopback only, and ${options.host} is not; use 127.0.0.1`);
  }
  const parts = createWorld(options);
  const publicUrl = () => (typeof options.publicUrl === 'string' ? options.publicUrl : options.publicUrl());
  const { world } = parts;
  const deliverElsewhere = (raw: Buffer, recipients: readonly string[]) => {
    deliverLocally(emulators, raw, recipients, world.now());
  };
  const { headers = 'written', batchWidth, subjectThreads, pageTokens, historyLabels } = options;
  const playedWays = {
    headers,
    ...(batchWidth && { batchWidth }),
    ...(subjectThreads && { subjectThreads }),
    ...(pageTokens && { pageTokens }),
    ...(historyLabels && { historyLabels }),
  };
  const twins = TWINS.map((twin) => ({
    ...twin,
    ...twin.create(world, { publicUrl, ...playedWays, deliverElsewhere }),
  }));
  const emulators: readonly Emulator[] = twins.map(({ emulator }) => emulator);

  const emulator = (vendor: Vendor): Emulator => {
    const found = emulators.find((one) => one.vendor === vendor);
    if (!found) throw new SandboxError(`the sandbox emulates no ${vendor}`);
    return found;
  };
  const accounts = createAccounts(emulator, options, world.now);
  const app = createServer();
  // A change is written before it is confirmed, so that it survives a process that is killed the next moment.
  app.addHook('onSend', async (request, _reply, payload) => {
    if (request.method !== 'GET') accounts.write();
    return payload;
  });
  for (const { vendor, plugin } of twins) if (plugin) await app.register(plugin, { prefix: `/${vendor}` });
  await app.register(
    controlPlugin({
      emulators,
      log: world.log,
      faults: parts.faults,
      now: world.now,
      print: options.log,
      addAccount: (account) => accounts.add(account),
    }),
    { prefix: '/control' },
  );
  const url = await listen(app, options.host, options.port);
  const traffic =
    options.mail === null ? startTraffic(emulator, options.trafficSeconds, world.now) : { stop: () => undefined };
  const servers = new Map<Vendor, { url: string; close(): Promise<void> }>();
  for (const twin of twins)
    if (twin.listen) servers.set(twin.vendor, await twin.listen(options.host, () => accounts.write()));
  const urlOf = (vendor: Vendor) => servers.get(vendor)?.url ?? `${url}/${vendor}`;
  return {
    url,
    urlOf,
    environment: (at = urlOf) => Object.assign({}, ...TWINS.map((twin) => twin.environment(at(twin.vendor)))),
    controlUrl: `${url}/control`,
    world,
    emulator,
    hasNotified: () => !parts.poster.busy && !emulators.some((one) => one.hasPendingNotifications?.()),
    async close() {
      traffic.stop();
      parts.faults.clear();
      await parts.poster.close();
      await app.close();
      for (const server of servers.values()) await server.close();
      accounts.close();
      parts.keep.close();
    },
  };
}

interface Parts {
  readonly world: World;
  readonly faults: FaultList;
  readonly keep: KeptFile;
  readonly poster: Poster;
}

function createWorld(options: SandboxOptions): Parts {
  const keep = openKeep(options.dataDir === null ? null : join(options.dataDir, 'sandbox.json'), options.log);
  const faults = createFaults();
  const poster = createPoster({ faults, log: options.log });
  const kept = keep.get<string>('signingKey');
  const signingKey = kept === undefined ? randomBytes(32) : Buffer.from(kept, 'base64');
  if (kept === undefined) keep.set('signingKey', signingKey.toString('base64'));
  const world: World = { log: createRequestLog(), faults, now: () => new Date(), signingKey, keep, post: poster.post };
  return { world, faults, keep, poster };
}

/** The mail domains of the sandbox. An address there without an account belongs to nobody. */
const DOMAINS: ReadonlySet<string> = new Set(TWINS.map(({ domain }) => domain));

/** Delivers mail to the sandbox's own accounts, and a delivery report for addresses that do not exist. Mail to anyone else is dropped. */
function deliverLocally(emulators: readonly Emulator[], raw: Buffer, recipients: readonly string[], now: Date): void {
  const receive = (address: string, bytes: Buffer): void => {
    const key = `sent:${now.getTime()}.${randomBytes(4).toString('hex')}`;
    for (const emulator of emulators) {
      const account = recipientOf(emulator, address);
      if (account !== null) emulator.deliver(account, mailFromRaw(bytes, { key, receivedAt: now }));
    }
  };
  const isKnown = (address: string) => emulators.some((emulator) => recipientOf(emulator, address) !== null);
  const failed = recipients.filter((address) => bounces(address, DOMAINS, isKnown));
  for (const address of recipients) if (!failed.includes(address)) receive(address, raw);
  const report = failed.length === 0 ? null : deliveryReport(raw, failed, now);
  if (report) receive(report.to, report.raw);
}

function recipientOf(emulator: Emulator, address: string): string | null {
  if (emulator.recipient) return emulator.recipient(address);
  return emulator.accounts().find((account) => account.toLowerCase() === address.toLowerCase()) ?? null;
}
