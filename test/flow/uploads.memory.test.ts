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

const MEGABYTES = 120;

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
  // The first one loads what every one needs; in the embedded database it also fills that one's own page buffers.
  await upload(url, token, database ? 8 : MEGABYTES);
  const before = residentMegabytes(program.pid);
  let peak = before;
  const { pid } = program;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(pid));
  }, 50);
  const answer = await upload(url, token, MEGABYTES).finally(() => clearInterval(watch));
  expect(answer).toMatchObject({ sizeBytes: MEGABYTES * 1024 * 1024 });
  console.info(`resident: ${before} MB before, ${peak} MB at most, on ${database ? 'postgres' : 'pglite'}`);
  // The embedded database lives in this process and keeps pages of its own; a file held whole would show twice over.
  expect(peak - before).toBeLessThan(MEGABYTES * (database ? 0.75 : 1.5));
}, 900_000);

/** Sent piece by piece, as fast as it is taken. */
async function upload(url: string, token: string, megabytes: number): Promise<Data> {
  const piece = randomBytes(1024 * 1024);
  const sending = request(`${url}/upload?filename=large.bin`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-length': megabytes * piece.length },
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
  await pipeline(Readable.from(Array.from({ length: megabytes }, () => piece)), sending);
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
