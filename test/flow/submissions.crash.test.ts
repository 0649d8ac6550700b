import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { connectDemo } from '../../sandbox/demo.ts';
import { startSandbox } from '../../sandbox/start.ts';
import { fillDataDir } from '../support/app/database.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';
import { freePort } from '../support/app/port.ts';
import { buildProgram, type Program } from '../support/app/process.ts';
import { bodyOf, type Page } from '../support/clients/answer.ts';

const SENDS = Number(process.env.CRASH_SENDS ?? 16);
const KILLS = Number(process.env.CRASH_KILLS ?? 3);
const SEND =
  'mutation ($input: SendInput!) { send(input: $input) { submission { id status } userErrors { message } } }';
const LIST =
  'query ($after: Cursor) { viewer { submissions(first: 100, after: $after) { nodes { id status attempts problem { message } integration { id } } pageInfo { hasNextPage endCursor } } } }';
const MAIL =
  'query ($role: MailboxRole, $after: Cursor) { viewer { messages(first: 100, after: $after, filter: { role: $role }) { nodes { subject integration { id } } pageInfo { hasNextPage endCursor } sources { problem { code message } } } } }';
interface Listed {
  readonly id: string;
  readonly status: string;
  readonly subject: string;
}
const FINAL = new Set(['SENT', 'FAILED', 'CANCELLED', 'UNKNOWN']);

it(
  `sends ${SENDS} messages once each, killed ${KILLS} times over while one answer in five is lost`,
  async ({ signal, onTestFinished }) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'postern-crash-'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const sandbox = await startSandbox({
      host: '127.0.0.1',
      port: 0,
      dataDir: null,
      publicUrl: url,
      mail: null,
      messages: 0,
      trafficSeconds: 0,
      log: () => {},
    });
    const database = await createTestDatabaseUrl({ migrated: true });
    if (!database) await fillDataDir(dataDir);
    const env = {
      NODE_ENV: 'test',
      PORT: String(port),
      PUBLIC_URL: url,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'error',
      JWT_SECRET: randomBytes(32).toString('base64'),
      ENCRYPTION_KEYS: `1:${randomBytes(32).toString('base64')}`,
      REGISTRATION: 'open',
      // A page may take long on a busy machine, and one that is late lacks the mail of its account.
      SOURCE_DEADLINE_MS: '60000',
      ...sandbox.environment(),
      GOOGLE_PUBSUB_TOPIC: '',
      ...(database && { DATABASE_URL: database.url }),
    };
    const build = await buildProgram();
    let program: Program | undefined;
    onTestFinished(async () => {
      await program?.kill();
      build.remove();
      await sandbox.close();
      await database?.drop();
      rmSync(dataDir, { recursive: true, force: true });
    });
    program = await build.start(env);
    const { accessToken } = await connectDemo({ gatewayUrl: url });
    const ask = async <T>(query: string, variables: object = {}): Promise<T> => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = await bodyOf<T>(response);
      if (errors) throw new Error(JSON.stringify(errors));
      return data;
    };
    const all = async (query: string, field: string, variables: object = {}) => {
      const nodes: Listed[] = [];
      for (let after: string | null = null; ; ) {
        const { viewer } = await ask<{ viewer: Record<string, Page<Listed>> }>(query, { ...variables, after });
        const page = viewer[field] as Page<Listed>;
        // A page that lacks an account, which may be limited for a time, says nothing about what is in it.
        const missing = (page.sources ?? []).filter(({ problem }) => problem !== null);
        if (missing.length > 0) throw new Error(`the page lacks an account: ${JSON.stringify(missing)}`);
        nodes.push(...page.nodes);
        if (!page.pageInfo.hasNextPage) return nodes;
        after = page.pageInfo.endCursor;
      }
    };
    const { viewer } = await ask<{ viewer: { integrations: { id: string }[] } }>('{ viewer { integrations { id } } }');
    for (const [vendor, operation] of [
      ['google', 'drafts.send'],
      ['microsoft', 'POST /me/messages/{id}/send'],
    ])
      await fault(sandbox.controlUrl, { vendor, operation, loseAnswer: true, share: 0.2 });
    for (const [vendor, operation] of [
      ['google', 'drafts.create'],
      ['microsoft', 'POST /me/messages'],
    ])
      await fault(sandbox.controlUrl, { vendor, operation, loseAnswer: true, share: 0.1 });

    // A client that gets no answer sends the same key again, as a front-end would.
    const subjects = Array.from({ length: SENDS }, (_, n) => `crash ${String(n).padStart(3, '0')}`);
    const ids = new Map<string, string>();
    const sendOne = async (subject: string, n: number) => {
      const message = {
        integration: viewer.integrations[n % 2]?.id,
        to: [{ address: 'zoe@example.org' }],
        subject,
        text: 'x',
      };
      const more = n % 5 === 4 ? { undoSeconds: 1 } : {};
      const input = { idempotencyKey: subject, message, ...more };
      while (!signal.aborted) {
        const answer = await ask<{ send: { submission: { id: string } } }>(SEND, { input }).catch(() => null);
        if (answer) {
          expect(answer.send).toMatchObject({ submission: { id: expect.any(String) }, userErrors: [] });
          ids.set(subject, answer.send.submission.id);
          return;
        }
        await delay(100);
      }
    };
    const queue = subjects.map((subject, n) => [subject, n] as const);
    const senders = Array.from({ length: 4 }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await sendOne(...next);
    });
    for (let kills = 0; kills < KILLS; kills++) {
      await delay(randomInt(150, 1_500));
      await program.kill();
      program = await build.start(env);
    }
    await Promise.all(senders);

    const unfinished = async () => (await all(LIST, 'submissions')).filter(({ status }) => !FINAL.has(status)).length;
    // A submission that was tried in each life of the process and then refused for a time waits for minutes.
    await expect.poll(unfinished, { timeout: 400_000, interval: 250 }).toBe(0);
    const submissions = await all(LIST, 'submissions');
    expect(submissions).toHaveLength(SENDS);
    expect(new Set(submissions.map(({ id }) => id))).toEqual(new Set(ids.values()));

    const mail = async (role: string) => (await all(MAIL, 'messages', { role })).map(({ subject }) => subject).sort();
    const sent = await vi.waitFor(() => mail('SENT'), { timeout: 90_000, interval: 250 });
    expect(sent).toEqual([...new Set(sent)]);
    const status = new Map(submissions.map((submission) => [submission.id, submission.status]));
    for (const subject of subjects) {
      const reported = status.get(ids.get(subject) ?? '');
      expect({ subject, reported, wasSent: sent.includes(subject) }).toEqual({
        subject,
        reported,
        wasSent: reported === 'SENT',
      });
    }
    // No send here is refused, and every sent copy can be found.
    expect(submissions.every((submission) => submission.status === 'SENT')).toBe(true);
    await expect.poll(() => mail('DRAFTS'), { timeout: 90_000 }).toEqual([]);
  },
  600_000 + SENDS * 2_000 + KILLS * 60_000,
);

async function fault(controlUrl: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${controlUrl}/faults`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}
