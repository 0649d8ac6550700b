import { createServer } from 'node:net';

/** The ports lie below the system's own range, so that no outgoing connection takes one before it is used. */
const FIRST = 10_000;
const EACH_PROCESS = 20;
const PROCESSES = 1_000;
/** Workers that start together have neighbouring ids, so each one continues far from its neighbours. */
const STRIDE = 389;
let taken = 0;

/** Returns a port for a server that must know it before it listens, or that listens on it again. No two files of a run get the same one. */
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
