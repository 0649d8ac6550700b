import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beside, type Measure } from './measure.ts';
import { built, ROOT } from './process/built.ts';
import { freePort } from './process/free-port.ts';
import { interleaved, median } from './rounds.ts';

const ROUNDS = 3;
const START_TIMEOUT_MS = 60_000;

/**
 * The time from the command until /ready answers: `npm start` as a new user types it, on the database of an earlier
 * start.
 */
export const start: Measure = {
  name: 'start',
  question: 'How long until it is ready?',
  async run() {
    const dataDir = await mkdtemp(join(tmpdir(), 'postern-bench-'));
    try {
      const app = await built('src/app.ts');
      const first = await untilReady(dataDir);
      const contenders = {
        start: () => untilReady(dataDir),
        imports: () => untilExit(['-e', `await import('./${app}')`]),
        node: () => untilExit(['-e', '']),
      };
      const names = Object.keys(contenders) as (keyof typeof contenders)[];
      const seen = await interleaved(names, ROUNDS, (name) => contenders[name]());
      const ms = (name: keyof typeof contenders) => median(seen.get(name) ?? []);
      const node = { what: "node -e ''", value: ms('node') };
      return [
        beside('npm start, an existing database', ms('start'), 'ms', node, { of: 'value', max: 3_000 }),
        beside('npm start, no database yet', first, 'ms', node),
        beside('importing the gateway alone', ms('imports'), 'ms', node),
      ];
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

async function untilReady(dataDir: string): Promise<number> {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const env = { ...process.env, PORT: String(port), SANDBOX_PORT: String(sandboxPort), DATA_DIR: dataDir };
  const began = performance.now();
  // The process has a group of its own, so that the child of npm is stopped with it.
  const child = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: 'ignore' });
  try {
    for (;;) {
      const ready = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
      if (ready?.status === 200) return performance.now() - began;
      await ready?.body?.cancel();
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
      if (performance.now() - began > START_TIMEOUT_MS) throw new Error('npm start was not ready in a minute');
      await sleep(10);
    }
  } finally {
    await stopGroup(child);
  }
}

/**
 * Stops the group and waits until all of it has ended. npm ends before the gateway has drained, and the next start
 * needs the database.
 */
async function stopGroup({ pid }: ChildProcess): Promise<void> {
  let signal: NodeJS.Signals | 0 = 'SIGTERM';
  for (;;) {
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    signal = 0;
    await sleep(20);
  }
}

async function untilExit(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', ...args], { cwd: ROOT, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return performance.now() - began;
}
