import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { fillDataDir } from '../support/app/database.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';
import { freePort } from '../support/app/port.ts';
import { buildProgram, type Program } from '../support/app/process.ts';
import { Inspector } from '../support/schema/inspector.ts';

const MEGABYTES = 80;
const MEGABYTE = 1024 * 1024;

it(`an upload of ${MEGABYTES} MB does not use memory in proportion to its size`, async ({ onTestFinished }) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-upload-'));
  const [port, inspected] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const database = await createTestDatabaseUrl({ migrated: true });
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
    NODE_OPTIONS: `--inspect=127.0.0.1:${inspected}`,
    ...(database && { DATABASE_URL: database.url }),
  });
  const token = await register(url);
  const inspector = await Inspector.open(inspected);
  const sizes: number[] = [];
  // The first half includes what every upload loads, and the page buffers of the embedded database.
  const answer = await upload(url, token, async () => {
    const held = async () => Math.round((await inspector.heldBytes()) / MEGABYTE);
    sizes.push(await held());
    const [half = 0, end] = sizes;
    // The upload stands still now, and what is on its way to the database is freed when it has arrived there.
    const grown = async () => {
      sizes[1] = await held();
      return sizes[1] - half;
    };
    // A file that is kept in memory would have grown by the other half.
    if (end !== undefined) await expect.poll(grown).toBeLessThan(MEGABYTES / 4);
  }).finally(() => inspector.close());
  expect(answer).toMatchObject({ sizeBytes: MEGABYTES * MEGABYTE });
  const [half = 0, end = 0] = sizes;
  console.info(
    `in memory: ${half} MB after the first half, ${end} MB at the end, on ${database ? 'postgres' : 'pglite'}`,
  );
}, 900_000);

/** Sends the file in pieces, as fast as they are accepted. Calls `measure` half way and before the last piece. */
async function upload(url: string, token: string, measure: () => Promise<void>) {
  const piece = randomBytes(MEGABYTE);
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
  const pieces = async function* () {
    for (let sent = 0; sent < MEGABYTES; sent++) {
      if (sent === MEGABYTES / 2 || sent === MEGABYTES - 1) await measure();
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
  return ((await response.json()) as { data: { register: { session: { accessToken: string } } } }).data.register.session
    .accessToken;
}
