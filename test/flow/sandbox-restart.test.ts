import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { DEMO_USER } from '../../sandbox/demo.ts';
import { DEMO_ACCOUNTS } from '../../sandbox/twins.ts';
import { twinPlaying } from '../support/app/lab.ts';
import { type Program, startProgram } from '../support/app/program.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'postern-restart-'));
let program: Program | null = null;
const start = async () => {
  program = await startProgram({ DATA_DIR: dataDir, SANDBOX_MESSAGES: '30' });
  return client(program);
};
const stop = async () => {
  await program?.stop();
  program = null;
};
afterAll(async () => {
  await stop();
  rmSync(dataDir, { recursive: true, force: true });
});

type Gql = <T>(query: string, variables?: object) => Promise<T>;
async function client({ url }: Program): Promise<{ gql: Gql; token: string; url: string }> {
  let token = '';
  const gql: Gql = async (query, variables = {}) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: never; errors?: unknown };
    expect(errors).toBeUndefined();
    return data;
  };
  const SIGN_IN = 'mutation($i: SignInInput!) { signIn(input: $i) { session { accessToken } } }';
  token = (await gql<{ signIn: { session: { accessToken: string } } }>(SIGN_IN, { i: DEMO_USER })).signIn.session
    .accessToken;
  return { gql, token, url };
}

interface Mail {
  readonly id: string;
  readonly subject: string;
  readonly thread: { readonly id: string };
  readonly attachments: readonly { readonly download: { readonly url: string } }[];
}
interface Account {
  readonly id: string;
  readonly address: string;
  readonly provider: { readonly id: string };
  readonly messages: { readonly nodes: readonly Mail[] };
}

const FIELDS = `nodes {
  id subject sentAt receivedAt isRead isStarred isDraft internetMessageId thread { id messageCount } from { address } to { address }
  mailboxes { name } body { text html } attachments { filename mimeType sizeBytes download { url } }
}`;
const STATE = `{ viewer { integrations {
  id address status provider { id } mailboxes { nodes { id name totalMessages unreadMessages } }
  messages(first: 40) { ${FIELDS} }
  drafts: messages(first: 10, filter: { role: DRAFTS }) { ${FIELDS} }
  trash: messages(first: 10, filter: { role: TRASH }) { ${FIELDS} }
  sent: messages(first: 10, filter: { role: SENT }) { ${FIELDS} }
} } }`;
const stateOf = async (gql: Gql) =>
  (await gql<{ viewer: { integrations: readonly Account[] } }>(STATE)).viewer.integrations;
/** Signed links differ from request to request. */
const comparable = (state: unknown): unknown =>
  JSON.parse(JSON.stringify(state).replaceAll(/http:[/][/]127[.]0[.]0[.]1:\d+[/]download[/][\w-]+/g, 'link'));

const TO = [{ address: 'bob@x.example' }];
const USER_ERRORS = 'userErrors { code message }';
const SEND = `mutation($i: SendInput!) { send(input: $i) { submission { status } ${USER_ERRORS} } }`;
const MAKE = `mutation($i: CreateMailboxInput!) { createMailbox(input: $i) { mailbox { id } ${USER_ERRORS} } }`;
const MOVE = `mutation($i: MoveMessagesInput!) { moveMessages(input: $i) { results { problem { code } } ${USER_ERRORS} } }`;
const CHANGE = `mutation($read: UpdateMessagesInput!, $trash: MessagesInput!, $draft: ComposeInput!) {
  updateMessages(input: $read) { results { problem { code } } ${USER_ERRORS} }
  trash(input: $trash) { results { problem { code } } ${USER_ERRORS} }
  saveDraft(input: $draft) { ${USER_ERRORS} }
}`;

it('keeps over a restart all mail that arrived, was sent, saved, read, moved or trashed, with its ids', async () => {
  const { gql, url, token } = await start();
  const before = await stateOf(gql);
  const upload = async () => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'text/plain',
      'content-disposition': 'attachment; filename="notes.txt"',
    };
    const response = await fetch(`${url}/upload`, { method: 'POST', headers, body: 'kept over a restart' });
    return ((await response.json()) as { upload: string }).upload;
  };
  for (const { id, provider, address, messages } of before) {
    const { vendor, operations } = twinPlaying(provider.id);
    await program?.control('/deliver', { vendor, subject: 'Delivered', from: 'Ann <ann@x.example>', text: 'arrived' });
    if (!operations.save) continue;
    const [first, second, third] = messages.nodes;
    await gql(SEND, {
      i: {
        idempotencyKey: `restart-${id}`,
        message: { integration: id, to: TO, subject: 'Sent', text: 'out', attachments: [{ upload: await upload() }] },
      },
    });
    const { createMailbox } = await gql<{ createMailbox: { mailbox: { id: string } } }>(MAKE, {
      i: { integration: id, name: 'Kept here' },
    });
    await gql(MOVE, { i: { ids: [third?.id], to: createMailbox.mailbox.id } });
    await gql(CHANGE, {
      read: { ids: [first?.id], isRead: true, isStarred: true },
      trash: { ids: [second?.id] },
      draft: { integration: id, to: TO, subject: `Draft of ${address}`, text: 'not yet' },
    });
  }
  await expect.poll(async () => JSON.stringify(await stateOf(gql))).toContain('Delivered');
  const changed = comparable(await stateOf(gql));
  expect(changed).not.toEqual(comparable(before));
  await stop();

  const again = await start();
  expect(comparable(await stateOf(again.gql))).toEqual(changed);
  const sent = (await stateOf(again.gql)).flatMap(({ id: integration, messages }) =>
    messages.nodes.filter(({ subject }) => subject === 'Sent').map((message) => ({ ...message, integration })),
  );
  expect(sent).toHaveLength(DEMO_ACCOUNTS.filter(({ operations }) => operations.save).length);
  for (const { attachments } of sent) {
    const [file] = attachments;
    expect(await (await fetch(new URL(file?.download.url ?? '', again.url))).text()).toBe('kept over a restart');
  }
  // The mailbox continues: an answer joins the conversation that was kept.
  const SENT = 'query($id: ID!) { node(id: $id) { ... on Thread { messageCount } } }';
  for (const { id, integration, thread } of sent) {
    const before = await again.gql<{ node: { messageCount: number } }>(SENT, { id: thread.id });
    await again.gql(SEND, {
      i: { idempotencyKey: `answer-${integration}`, message: { integration, reply: id, to: TO, text: 'more' } },
    });
    await expect
      .poll(() => again.gql(SENT, { id: thread.id }))
      .toEqual({ node: { messageCount: before.node.messageCount + 1 } });
  }
  await stop();
});
