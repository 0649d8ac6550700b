import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hopeless } from '../run/polls.ts';

/** Runs `npm start` in the sandbox, in a process of its own, on free ports and with a data directory of its own. */
export interface Program {
  readonly url: string;
  control<T>(path: string, body?: unknown, method?: string): Promise<T>;
  /** Stops it as Ctrl-C does, waits, and returns the exit code. */
  stop(): Promise<number | null>;
}

export async function startProgram(env: Record<string, string> = {}): Promise<Program> {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-program-'));
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } };
  const child = spawn(scripts.start, {
    shell: true,
    detached: true, // a group of its own, so that all of it gets the signal
    env: {
      ...process.env,
      // No .env of the person who runs the tests may be read.
      NODE_ENV: 'test',
      PORT: '0',
      SANDBOX_PORT: '0',
      SANDBOX_TRAFFIC_SECONDS: '0',
      SOURCE_DEADLINE_MS: '60000',
      DATA_DIR: dataDir,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  let isOver = false;
  child.once('exit', () => {
    isOver = true;
  });
  const ready = new Promise<void>((resolve) => {
    const hear = (chunk: Buffer) => {
      output += chunk;
      if (/^ +Token +\S+$/m.test(output)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
  });
  await Promise.race([
    ready,
    exited.then(([code]) => {
      throw new Error(`npm start ended with ${code}:\n${output}`);
    }),
  ]);
  const printed = (name: string) => output.match(new RegExp(`^ +${name} +(\\S+?)/?$`, 'm'))?.[1] ?? '';
  const controlUrl = printed('Control');
  return {
    url: printed('Page'),
    async control<T>(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<T> {
      if (isOver) throw new Hopeless(`npm start has ended:\n${output}`);
      const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const response = await fetch(`${controlUrl}${path}`, { method, ...(body === undefined ? {} : json) });
      if (!response.ok) throw new Error(`control ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    async stop() {
      if (child.pid) process.kill(-child.pid, 'SIGINT');
      const [code] = await exited;
      rmSync(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}
