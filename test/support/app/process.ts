import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';

/** The real program in a process of its own, which a test may kill. */
export interface Program {
  readonly pid: number;
  /** Sends SIGKILL and resolves when the process has ended. */
  kill(): Promise<number | null>;
  /** Sends SIGTERM and waits for the drain. Returns the exit code, or null when the process had to be killed. */
  stop(): Promise<number | null>;
}
export interface Build {
  /** The absolute path of the directory that holds main.js and invite.command.js. */
  readonly directory: string;
  /** Starts the program and resolves when it reports that it listens. */
  start(env: Record<string, string>): Promise<Program>;
  remove(): void;
}

/** Bundles src/main.ts as `npm start` does, but into a directory of its own, because two test files may do so at once. */
export async function buildProgram(): Promise<Build> {
  mkdirSync('dist', { recursive: true });
  const directory = mkdtempSync(resolve('dist/test-'));
  await promisify(execFile)(process.execPath, ['bin/build.js', relative('.', directory)]);
  return {
    directory,
    start: (env) => startProgram(join(directory, 'main.js'), env),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function startProgram(main: string, env: Record<string, string>): Promise<Program> {
  const child = spawn(process.execPath, [main], {
    // No .env of the person who runs the tests is read in that directory.
    cwd: dirname(main),
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const listening = new Promise<void>((resolve, reject) => {
    const hear = (bytes: Buffer) => {
      said += bytes.toString();
      if (said.includes('listens on')) resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${said.slice(-2_000)}`)));
  });
  await listening;
  return { pid: child.pid ?? 0, kill: () => end(child, 'SIGKILL'), stop: () => end(child, 'SIGTERM') };
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}
