import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import type { Data } from '../support/app.ts';
import { fillDataDir } from '../support/database.ts';
import { createTestDatabaseUrl } from '../support/database-url.ts';
import { freePort } from '../support/port.ts';
import { buildProgram, type Program } from '../support/process.ts';

const MEGABYTES = 80;

it(`an upload of ${MEGABYTES} MB takes no memory that grows with it`, async ({ onTestFinished }) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-upload-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const database = await createTestDatabaseUrl();
  if (!database) await fillDataDir(dataDir);
  const build = await buildProgram();
  let program: Program | undefined;
  onTestFinished(async () => {
    await program?.kill();
    build.remove();
    await database?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  program = await build.start({
    NODE_ENV: 'test',
    PORT: String(port),
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    JWT_SECRET: randomBytes(32).toString('base64'),
    ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
    REGISTRATION: 'open',
    SANDBOX: 'off',
    ...(database && { DATABASE_URL: database.url }),
  });
  const token = await register(url);
  // The first half loads what every upload needs, and fills the embedded database's own page buffers.
  const { pid } = program;
  const peaks = { first: 0, second: 0 };
  let half: keyof typeof peaks = 'first';
  const look = () => {
    peaks[half] = Math.max(peaks[half], residentMegabytes(pid));
  };
  const watch = setInterval(look, 50);
  const answer = await upload(url, token, () => {
    look();
    half = 'second';
  }).finally(() => clearInterval(watch));
  expect(answer).toMatchObject({ sizeBytes: MEGABYTES * 1024 * 1024 });
  const where = database ? 'postgres' : 'pglite';
  console.info(`resident: ${peaks.first} MB at most in the first half, ${peaks.second} MB in the second, on ${where}`);
  // A file that is held whole grows by as much again, at the least.
  expect(peaks.second - peaks.first).toBeLessThan((MEGABYTES / 2) * 0.75);
}, 900_000);

/** Sent piece by piece, as fast as it is taken. */
async function upload(url: string, token: string, halfWay: () => void): Promise<Data> {
  const piece = randomBytes(1024 * 1024);
  const sending = request(`${url}/upload?filename=large.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-length': MEGABYTES * piece.length },
  });
  const answer = new Promise<string>((resolve, reject) => {
    sending.once('error', reject).once('response', (response) => {
      let text = '';
      response.on('data', (bytes: Buffer) => {
        text += bytes.toString();
      });
      response.once('end', () => resolve(text));
    });
  });
  const pieces = function* () {
    for (let sent = 0; sent < MEGABYTES; sent++) {
      if (sent === MEGABYTES / 2) halfWay();
      yield piece;
    }
  };
  await pipeline(Readable.from(pieces()), sending);
  return JSON.parse(await answer);
}

async function register(url: string): Promise<string> {
  const query =
    'mutation { register(input: { email: "large@people.example", password: "a good long password" }) { session { accessToken } } }';
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return ((await response.json()) as Data).data.register.session.accessToken;
}

const residentMegabytes = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
