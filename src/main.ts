import type { App } from './app.ts';
import type { Config } from './config.ts';
import { prepareRuntime } from './runtime.ts';
import type { Listener } from './server/http/listener.ts';

/** The errors whose message is one line for the person who typed the command. Of any other error the stack is shown. */
const EXPLAINED = new Set([
  'EnvFileError',
  'ConfigError',
  'StartError',
  'DatabaseError',
  'KeyError',
  'BusError',
  'SandboxError',
]);

interface Running {
  readonly app: App;
  /** Prints the address. */
  announce(): void;
  close(): Promise<void>;
}

try {
  prepareRuntime();
} catch (error) {
  refuse(error as Error);
}
const [{ createApp }, { readConfig, urlOf }, { createLog }, { openListener }] = await Promise.all([
  import('./app.ts'),
  import('./config.ts'),
  import('./platform/log.ts'),
  import('./server/http/listener.ts'),
]);
try {
  const config = readConfig();
  const listener = await openListener(config.host, config.port);
  const running = config.sandbox ? await startSandboxed(config, listener) : await startPlain(config, listener);
  // The handlers are installed before the address is printed, because a supervisor that reads the line may stop the
  // process at once.
  stopOnSignals(running, config.drainDelaySeconds * 1_000);
  running.announce();
} catch (error) {
  refuse(error as Error);
}

function refuse({ name, message, stack }: Error): never {
  process.stderr.write(`${EXPLAINED.has(name) ? message : stack}\n`);
  process.exit(1);
}

async function startPlain(config: Config, listener: Listener): Promise<Running> {
  const app = await createApp(config, { listener });
  return { app, announce: () => sayWhere(config, app), close: () => app.close(config.drainDelaySeconds * 1_000) };
}

/** Prints the address: in production as a line of the log, at any LOG_LEVEL, and otherwise as text for a person. */
function sayWhere({ production, host }: Config, { port, url }: App): void {
  if (!production) return void process.stdout.write(`Postern listens on ${url}\n`);
  createLog('info').info({ host, port, url }, `Postern listens on ${host} port ${port}, and is reached at ${url}`);
}

/**
 * Starts the gateway with emulated providers. A demo user is created, and its accounts are connected as a person would
 * connect them.
 */
async function startSandboxed(base: Config, listener: Listener): Promise<Running> {
  const [{ openDataDirectory }, { startSandbox }, { TWINS }, { connectDemo, DEMO_USER }, { banner }] =
    await Promise.all([
      import('./platform/database/directory.lock.ts'),
      import('../sandbox/start.ts'),
      import('../sandbox/twins.ts'),
      import('../sandbox/demo.ts'),
      import('./banner.ts'),
    ]);
  // The emulators keep their mail there and start first.
  openDataDirectory(base.dataDir);
  const { port = 0, mail = null, messages = 0, trafficSeconds = 0, headers = 'written' } = base.sandbox ?? {};
  const url = urlOf(base, listener.port);
  const sandbox = await startSandbox({
    host: base.host,
    port,
    dataDir: base.dataDir,
    publicUrl: url,
    mail,
    messages,
    trafficSeconds,
    headers,
    log: (line) => process.stdout.write(`${line}\n`),
  });
  const config = readConfig(undefined, { ...sandbox.environment(), SANDBOX: 'on' });
  let isConnected = false;
  const demo = { user: DEMO_USER, controlUrl: sandbox.controlUrl, isConnected: () => isConnected };
  const app = await createApp(config, { listener, demo });
  const { accessToken } = await connectDemo({ gatewayUrl: url });
  isConnected = true;
  const emulated = TWINS.map(({ name, vendor }) => ({ name, url: sandbox.urlOf(vendor) }));
  const text = banner({ url, emulated, controlUrl: sandbox.controlUrl, user: DEMO_USER, accessToken });
  return {
    app,
    announce: () => process.stdout.write(text),
    async close() {
      await app.close();
      await sandbox.close();
    },
  };
}

/** The terminal sends Ctrl-C to all processes, and npm passes it on as well. Signals within this time count as one. */
const SIGNAL_DEBOUNCE_MS = 500;

/**
 * The process is ended after this time. It is a last resort, because everything that a stop waits for has a time-out of
 * its own.
 */
const EXIT_TIMEOUT_MS = 9_500;
const EXIT_AFTER_DELAY_TIMEOUT_MS = 6_500;

/** Drains at the first signal, and exits at once at a second one. */
function stopOnSignals(running: Running, delayMs: number): void {
  let since: number | null = null;
  const stop = async () => {
    if (since !== null) {
      if (Date.now() - since > SIGNAL_DEBOUNCE_MS) process.exit(1);
      return;
    }
    since = Date.now();
    setTimeout(() => process.exit(1), Math.max(EXIT_TIMEOUT_MS, delayMs + EXIT_AFTER_DELAY_TIMEOUT_MS)).unref();
    await running.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
