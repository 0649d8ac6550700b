import { cpSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Data, startApp, type TestApp } from '../support/app.ts';

const FIELDS = 'id status attempts problem { message } message { subject }';
const SEND = `mutation ($input: SendInput!) { send(input: $input) { submission { ${FIELDS} } userErrors { message } } }`;
const ZOE = [{ address: 'zoe@gmail.example' }];
/** Each has its own way of sending. */
const ACCOUNTS = [
  { vendor: 'google', provider: 'GMAIL', address: 'kept@gmail.example', sending: { messageId: 'kept' } },
  { vendor: 'google', provider: 'GMAIL', address: 'original@gmail.example', sending: { messageId: 'original' } },
  { vendor: 'google', provider: 'GMAIL', address: 'replaced@gmail.example', sending: { messageId: 'replaced' } },
  { vendor: 'microsoft', provider: 'OUTLOOK', address: 'same@outlook.example', sending: {} },
  { vendor: 'microsoft', provider: 'OUTLOOK', address: 'changed@outlook.example', sending: { ids: 'changed' } },
];

/** Of the database as it is while no gateway runs on it. */
async function backUp(app: TestApp): Promise<() => Promise<void>> {
  const { databaseUrl, config } = app;
  if (databaseUrl === null) {
    const copy = `${config.dataDir}.backup`;
    cpSync(config.dataDir, copy, { recursive: true });
    return async () => {
      rmSync(config.dataDir, { recursive: true });
      cpSync(copy, config.dataDir, { recursive: true });
      rmSync(copy, { recursive: true });
    };
  }
  const run = async (statements: string) => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(statements).finally(() => client.end());
  };
  await run('CREATE TABLE backup AS TABLE submissions');
  return () => run('DELETE FROM submissions; INSERT INTO submissions TABLE backup; DROP TABLE backup');
}

describe.each([
  ['at once', {}],
  ['long after', { lateMs: 1, settlesMs: 1 }],
])('a database that is restored %s', (when, sendTimes) => {
  let app: TestApp;
  let token: string;
  const integrations = new Map<string, string>();
  beforeAll(async () => {
    app = await startApp({ messages: 0, demo: false, sendTimes });
    ({ token } = await app.user('restored'));
    await app.control('/accounts', { vendor: 'google', address: 'zoe@gmail.example' });
    for (const { provider, address, vendor, sending } of ACCOUNTS) {
      integrations.set(address, await app.connect(token, provider, address));
      await app.control('/sending', { vendor, account: address, ...sending });
    }
    // What is sent now is found by no search: the index comes later.
    await app.control('/search-lag', { vendor: 'google', seconds: 3_600 });
  });
  afterAll(() => app.close());

  let keys = 0;
  const send = async (what: object, sendAt: Date): Promise<Data> => {
    const input = { idempotencyKey: `restored ${++keys}`, sendAt: sendAt.toISOString(), ...what };
    return (await app.data(SEND, { input }, token)).send.submission;
  };
  const written = (address: string, subject: string) => ({
    message: { integration: integrations.get(address), to: ZOE, subject, text: 'An hour of work' },
  });
  const read = async (id: string): Promise<Data> =>
    (await app.data(`query ($id: ID!) { node(id: $id) { ... on Submission { ${FIELDS} } } }`, { id }, token)).node;
  const dump = (vendor: string, account: string) => app.control<Data[]>(`/dump?vendor=${vendor}&account=${account}`);
  const arrived = async () => (await dump('google', 'zoe@gmail.example')).length;
  const drafted = async (address: string, subject: string): Promise<object> => {
    const save =
      'mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id } userErrors { message } } }';
    const { message } = written(address, subject);
    return { draft: (await app.data(save, { input: message }, token)).saveDraft.draft.id };
  };

  it('sends nothing again', async () => {
    const before = await arrived();
    // The gateway is up again by then.
    const due = new Date(Date.now() + 20_000);
    const sent: { id: string; address: string; vendor: string }[] = [];
    for (const { address, vendor } of ACCOUNTS) {
      sent.push({ vendor, address, id: (await send(written(address, `Written ${when}`), due)).id });
      sent.push({ vendor, address, id: (await send(await drafted(address, `Drafted ${when}`), due)).id });
    }
    let restore = async () => {};
    await app.restart(async () => {
      restore = await backUp(app);
    });
    for (const { id } of sent) await expect.poll(async () => (await read(id)).status).toBe('SENT');
    expect(await arrived()).toBe(before + sent.length);
    await app.restart(() => restore());
    for (const { id, address } of sent) {
      // A draft that is sent as it stands has no header of ours where it is not ours; these are.
      await expect
        .poll(async () => ({ address, ...(await read(id)) }))
        .toMatchObject({ address, status: 'SENT', problem: null, message: { subject: expect.stringContaining(when) } });
    }
    expect(await arrived()).toBe(before + sent.length);
  });

  const foundNowhere = async () => {
    const before = await arrived();
    const due = new Date(Date.now() + 20_000);
    const sent: Data[] = [];
    for (const { address } of ACCOUNTS) sent.push(await send(written(address, 'Found nowhere'), due));
    let restore = async () => {};
    await app.restart(async () => {
      restore = await backUp(app);
    });
    for (const { id } of sent) await expect.poll(async () => (await read(id)).status).toBe('SENT');
    for (const { vendor, address } of ACCOUNTS)
      for (const { id } of await dump(vendor, address))
        await app.control('/touch', { vendor, account: address, id, change: 'delete' });
    await app.restart(() => restore());
    for (const { id } of sent) {
      await expect
        .poll(() => read(id))
        .toMatchObject({ status: 'UNKNOWN', attempts: 0, problem: { message: expect.stringContaining('drafts') } });
    }
    expect(await arrived()).toBe(before + sent.length);
    for (const { vendor, address } of ACCOUNTS)
      expect((await dump(vendor, address)).map(({ isDraft }) => isDraft)).toEqual([true]);
  };
  if (when === 'long after') it('does not know of what is found nowhere, and keeps what was written', foundNowhere);

  it('sends a draft that is still there, though the gateway was down when it was due', async () => {
    const before = await arrived();
    const due = new Date(Date.now() + 5_000);
    const sent: Data[] = [];
    for (const { address } of ACCOUNTS) sent.push(await send(await drafted(address, 'While down'), due));
    await app.restart(() => delay(Math.max(0, due.getTime() - Date.now())));
    for (const { id } of sent)
      await expect
        .poll(() => read(id))
        .toMatchObject({ status: 'SENT', attempts: 1, message: { subject: 'While down' } });
    expect(await arrived()).toBe(before + sent.length);
  });
});
