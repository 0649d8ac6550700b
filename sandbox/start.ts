import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createFaults, type FaultList } from './control/faults.ts';
import { type KeptFile, openKeep } from './control/keep.ts';
import { createRequestLog } from './control/log.ts';
import { createPoster, type Poster } from './control/post.ts';
import { controlPlugin } from './control/routes.ts';
import { SandboxError } from './error.ts';
import { createGoogle } from './google/index.ts';
import { isLoopbackHost } from './loopback.ts';
import { bounces, deliveryReport } from './mail/bounce.ts';
import type { Cast } from './mail/content/story.ts';
import { generateMail } from './mail/generate.ts';
import { importMail } from './mail/import.ts';
import type { Person } from './mail/mail.ts';
import { mailFromRaw } from './mail/received.ts';
import { createMicrosoft } from './microsoft/index.ts';
import { createServer, listen } from './server.ts';
import { startTraffic } from './traffic.ts';
import type { Emulator, Vendor, World } from './world.ts';

/** What the gateway is configured with to talk to the sandbox. */
export const SANDBOX_CLIENT = {
  clientId: 'postern-sandbox',
  clientSecret: 'postern-sandbox-secret',
  pubsubTopic: 'projects/postern-sandbox/topics/mail',
  pushServiceAccount: 'push@postern-sandbox.iam.example',
} as const;
export const DEMO_GMAIL: Person = { name: 'Demo Postern', address: 'demo@gmail.example' };
export const DEMO_OUTLOOK: Person = { name: 'Demo Postern', address: 'demo@outlook.example' };

export interface SandboxOptions {
  /** A loopback address. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where sandbox.json is kept. Null: nothing outlives the process. */
  readonly dataDir: string | null;
  /** The gateway, for webhooks; a function where its port is not known yet. */
  readonly publicUrl: string | (() => string);
  /**
   * A directory, .eml or .mbox: its mail alone then fills both accounts, in the inbox, unread, and nothing arrives by
   * itself. Null: the built-in mail.
   */
  readonly mail: string | null;
  /** Built-in mails per account. */
  readonly messages: number;
  /** Seconds between two mails that arrive by themselves; 0 for none. */
  readonly trafficSeconds: number;
  readonly log: (line: string) => void;
}

export interface Sandbox {
  readonly url: string;
  readonly googleUrl: string;
  readonly microsoftUrl: string;
  readonly controlUrl: string;
  readonly world: World;
  readonly emulators: Readonly<Record<Vendor, Emulator>>;
  close(): Promise<void>;
}

/** Starts both emulators and the control API on one port, with the demo accounts filled. Throws SandboxError. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  if (!isLoopbackHost(options.host)) {
    throw new SandboxError(`HOST: the sandbox serves loopback only, and ${options.host} is not; use 127.0.0.1`);
  }
  const parts = createWorld(options);
  const publicUrl = () => (typeof options.publicUrl === 'string' ? options.publicUrl : options.publicUrl());
  const { world } = parts;
  const deliverElsewhere = (raw: Buffer, recipients: readonly string[]) => {
    deliverLocally(Object.values(emulators), raw, recipients, world.now());
  };
  const google = createGoogle(world, {
    clientId: SANDBOX_CLIENT.clientId,
    clientSecret: SANDBOX_CLIENT.clientSecret,
    pushServiceAccount: SANDBOX_CLIENT.pushServiceAccount,
    topic: SANDBOX_CLIENT.pubsubTopic,
    pushEndpoint: () => `${publicUrl()}/webhooks/gmail`,
    deliverElsewhere,
  });
  const microsoft = createMicrosoft(world, {
    clientId: SANDBOX_CLIENT.clientId,
    clientSecret: SANDBOX_CLIENT.clientSecret,
    deliverElsewhere,
  });
  const emulators = { google: google.emulator, microsoft: microsoft.emulator };

  const app = createServer();
  await app.register(google.plugin, { prefix: '/google' });
  await app.register(microsoft.plugin, { prefix: '/microsoft' });
  await app.register(
    controlPlugin({
      emulators,
      log: world.log,
      faults: parts.faults,
      now: world.now,
      print: options.log,
      generate: (side, address, name, count) => {
        const me = { name, address };
        const cast = { me, personal: side === 'home' ? me : DEMO_GMAIL, work: side === 'office' ? me : DEMO_OUTLOOK };
        return generateMail(side, cast, count, world.now());
      },
    }),
    { prefix: '/control' },
  );
  fillDemoAccounts(emulators, options, world.now());
  const url = await listen(app, options.host, options.port);
  const traffic =
    options.mail === null
      ? startTraffic(emulators, options.trafficSeconds, castOf, world.now)
      : { stop: () => undefined };
  return {
    url,
    googleUrl: `${url}/google`,
    microsoftUrl: `${url}/microsoft`,
    controlUrl: `${url}/control`,
    world,
    emulators,
    async close() {
      traffic.stop();
      await parts.poster.close();
      await app.close();
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
  const keep = openKeep(options.dataDir === null ? null : join(options.dataDir, 'sandbox.json'));
  const faults = createFaults();
  const poster = createPoster({ faults, log: options.log });
  const kept = keep.get<string>('signingKey');
  const signingKey = kept === undefined ? randomBytes(32) : Buffer.from(kept, 'base64');
  if (kept === undefined) keep.set('signingKey', signingKey.toString('base64'));
  const world: World = { log: createRequestLog(), faults, now: () => new Date(), signingKey, keep, post: poster.post };
  return { world, faults, keep, poster };
}

function castOf(vendor: Vendor): Cast {
  return { me: vendor === 'google' ? DEMO_GMAIL : DEMO_OUTLOOK, personal: DEMO_GMAIL, work: DEMO_OUTLOOK };
}

function fillDemoAccounts(emulators: Sandbox['emulators'], options: SandboxOptions, now: Date): void {
  const imported = options.mail === null ? null : importMail(options.mail, { now, log: options.log });
  for (const vendor of ['google', 'microsoft'] as const) {
    const cast = castOf(vendor);
    const side = vendor === 'google' ? 'home' : 'office';
    emulators[vendor].createAccount(cast.me.address, cast.me.name);
    emulators[vendor].fill(cast.me.address, imported?.mails ?? generateMail(side, cast, options.messages, now));
  }
  if (imported)
    options.log(`SANDBOX_MAIL: ${imported.mails.length} mails in each account, ${imported.skipped} skipped`);
}

/** Mail between the sandbox's own accounts arrives, or comes back; to anybody else it is sent and seen no more. */
function deliverLocally(emulators: readonly Emulator[], raw: Buffer, recipients: readonly string[], now: Date): void {
  const receive = (address: string, bytes: Buffer): void => {
    const key = `sent:${now.getTime()}.${randomBytes(4).toString('hex')}`;
    for (const emulator of emulators) {
      const account = recipientOf(emulator, address);
      if (account !== null) emulator.deliver(account, mailFromRaw(bytes, { key, receivedAt: now }));
    }
  };
  const isKnown = (address: string) => emulators.some((emulator) => recipientOf(emulator, address) !== null);
  const failed = recipients.filter((address) => bounces(address, isKnown));
  for (const address of recipients) if (!failed.includes(address)) receive(address, raw);
  const report = failed.length === 0 ? null : deliveryReport(raw, failed, now);
  if (report) receive(report.to, report.raw);
}

function recipientOf(emulator: Emulator, address: string): string | null {
  if (emulator.recipient) return emulator.recipient(address);
  return emulator.accounts().find((account) => account.toLowerCase() === address.toLowerCase()) ?? null;
}
