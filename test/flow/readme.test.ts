import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type OperationDefinitionNode, OperationTypeNode, parse, print } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenOf } from '../../sandbox/consent.ts';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import { consent } from '../support/app/lab.ts';

/** The README's commands and operations run as they are printed. */

const readme = readFileSync('README.md', 'utf8');
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map((match) => match[1] ?? '');
const operations = blocks('graphql').flatMap((block) => parse(block).definitions as OperationDefinitionNode[]);

let app: TestApp;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'postern-readme-'));
  app = await startApp({ messages: 60 });
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await app?.close();
});

/** Runs shell text from the README at this test's addresses, and returns what it prints. */
async function paste(text: string): Promise<string> {
  const here = text
    .replaceAll('http://127.0.0.1:4000', app.url)
    .replaceAll('http://127.0.0.1:4001/control', app.sandbox.controlUrl);
  const { stdout } = await promisify(execFile)('bash', ['-e', '-c', here], { cwd: directory });
  return stdout;
}
const shell = (what: string): string => blocks('sh').find((block) => block.includes(what)) ?? '';
const uploaded = async (): Promise<string[]> =>
  (await paste(`${shell('TOKEN=$(')}\necho\n${shell('/upload')}`)).split('\n').filter(Boolean);

it('signs in from a terminal, and uploads a file with that token', async () => {
  const [messages = '', upload = ''] = await uploaded();
  expect(JSON.parse(messages).data.viewer.messages.nodes).toHaveLength(2);
  expect(JSON.parse(upload)).toMatchObject({ filename: 'plan.txt', mimeType: 'text/plain', sizeBytes: 9 });
});

it('follows new mail from a terminal', async () => {
  const command = (text: string) => text.replaceAll('http://127.0.0.1:4000', app.url).replaceAll('$TOKEN', app.token);
  const curl = spawn('bash', ['-c', `exec ${command(shell('text/event-stream'))}`]);
  let output = '';
  curl.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await expect.poll(() => output).toMatch(/^:\n/);
  await paste(shell('/control/deliver'));
  await expect.poll(() => output).toMatch(/^event: next\nid: .+\ndata: {"data":{"messageReceived":.*Hello there/m);
  curl.kill();
});

it('delivers a mail, and simulates a bad day', async () => {
  await paste(shell('/control/deliver'));
  await app.synced(app.token);
  const { viewer } = await app.data(graphql(`{ viewer { messages(first: 5) { nodes { subject } } } }`));
  expect(viewer.messages.nodes).toContainEqual({ subject: 'Hello there' });
  await paste(shell('/control/faults'));
  const bad = await app.data(graphql(`{ viewer { messages(first: 1) { sources { state } } } }`));
  expect(bad.viewer.messages.sources).toContainEqual({ state: 'FAILED' });
  await app.control('/faults', undefined, 'DELETE');
});

/** The fields of the answers to the README's operations. */
type Payloads = Record<
  string,
  {
    readonly userErrors?: unknown[];
    readonly results?: { readonly problem: unknown }[];
    readonly submission?: { readonly id: string };
    readonly authorizationUrl?: string;
  }
>;

describe('each operation', () => {
  const done = new Map<string, Payloads>();
  /** Values for what the README leaves to the reader. */
  const variables: Record<string, () => Promise<Record<string, unknown>>> = {
    async Reply() {
      const [first] = await inbox();
      const { upload } = JSON.parse((await uploaded())[1] ?? '');
      return { integration: first?.integration.id, message: first?.id, upload };
    },
    async Later() {
      const [first] = await inbox();
      const message = { integration: first?.integration.id, to: [{ address: 'ada@example.org' }], text: 'Hello.' };
      return { message, sendAt: new Date(Date.now() + 86_400_000).toISOString() };
    },
    Undo: async () => ({ id: done.get('Later')?.undoable?.submission?.id }),
    Tidy: async () => ({ ids: (await inbox()).map(({ id }) => id) }),
    async Finish() {
      await app.control('/accounts', { vendor: 'google', address: 'me@gmail.example', name: 'Me' });
      const callback = await consent(
        done.get('Connect')?.connect?.authorizationUrl ?? '',
        'me@gmail.example',
        'approve',
      );
      return { token: await tokenOf(await fetch(callback, { redirect: 'manual' })) };
    },
  };
  const inbox = async () =>
    (
      await app.data(
        graphql(`{ viewer { messages(first: 2, filter: { role: INBOX }) { nodes { id integration { id } } } } }`),
      )
    ).viewer.messages.nodes;
  const executed = operations.filter(({ operation }) => operation !== OperationTypeNode.SUBSCRIPTION);

  it.each(executed.map((one, index) => [one.name?.value ?? `query ${index + 1}`, one] as const))(
    'works as it is printed: %s',
    async (name, operation) => {
      const data = await app.data<Payloads>(print(operation), (await variables[name]?.()) ?? {});
      done.set(name, data);
      expect(Object.values(data).flatMap((payload) => payload.userErrors ?? [])).toEqual([]);
      for (const list of Object.values((data.viewer ?? {}) as Record<string, { nodes?: unknown[] }>))
        expect(list.nodes ?? list).not.toEqual([]);
      for (const { problem } of [data.updateMessages, data.archive].flatMap((payload) => payload?.results ?? []))
        expect(problem).toBeNull();
    },
  );
});
