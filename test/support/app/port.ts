import { createServer } from 'node:net';

/** Below what the system gives out by itself, so that no connection of anybody's takes it between here and its use. */
const FIRST = 10_000;
const EACH_PROCESS = 20;
const PROCESSES = 1_000;
/** Workers that start together have neighbouring ids: who needs more goes on far from its neighbours. */
const STRIDE = 389;
let taken = 0;

/** A port for who must be told it before it listens, or who comes back to it. No two files of one run get the same. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const n = taken++;
    const process = (globalThis.process.pid + Math.floor(n / EACH_PROCESS) * STRIDE) % PROCESSES;
    const port = FIRST + process * EACH_PROCESS + (n % EACH_PROCESS);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
