import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import { graphql } from '../generated/gql.ts';
import { type Dumped, startApp, type TestApp } from '../support/app/app.ts';
import { silent } from '../support/app/database.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

graphql(`fragment RestoredSubmission on Submission { id status attempts problem { message } message { subject } }`);
const SEND = graphql(
  `mutation ($input: SendInput!) { send(input: $input) { submission { ...RestoredSubmission } userErrors { message } } }`,
);
const ZOE = [{ address: 'zoe@gmail.example' }];
/** The vendors treat the Message-ID and the id of a sent message in different ways. Each account has one of them. */
const ACCOUNTS = [
  { vendor: 'google', provider: 'GMAIL', address: 'kept@gmail.example', sending: { messageId: 'kept' } },
  { vendor: 'google', provider: 'GMAIL', address: 'original@gmail.example', sending: { messageId: 'original' } },
  { vendor: 'google', provider: 'GMAIL', address: 'replaced@gmail.example', sending: { messageId: 'replaced' } },
  { vendor: 'microsoft', provider: 'OUTLOOK', address: 'same@outlook.example', sending: {} },
  { vendor: 'microsoft', provider: 'OUTLOOK', address: 'changed@outlook.example', sending: { ids: 'changed' } },
];

/** Executes SQL while no gateway uses the database. */
async function inDatabase({ databaseUrl, config }: TestApp, statements: string): Promise<void> {
  const db = await openDatabase({ url: databaseUrl, dataDir: config.dataDir, log: silent });
  await db.execute(statements).finally(() => db.close());
}
/** Moves the submissions to a minute ago, so that the test does not wait for their time. */
const MAKE_DUE = `UPDATE submissions SET send_at = now() - interval '1 minute', due_at = now() - interval '1 minute'
  WHERE status = 'SCHEDULED'`;
const BACK_UP = "CREATE TABLE backup AS SELECT * FROM submissions WHERE status = 'SCHEDULED'";
const RESTORE = `DELETE FROM submissions WHERE id IN (SELECT id FROM backup);
  INSERT INTO submissions TABLE backup;
  DROP TABLE backup`;

describe.each([
  ['at once', {}],
  ['long after', { lateMs: 1, settlesMs: 1 }],
])('a database that is restored %s', (when, restoredTimes) => {
  const sendTimes: { lateMs?: number; settlesMs?: number } = {};
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
    // No search finds what is sent now, because the index lags.
    await app.control('/search-lag', { vendor: 'google', seconds: 3_600 });
  });
  afterAll(() => app.close());

  /** The first sending is on time, so that only the restored submissions are late. */
  const backUpAndSend = () => app.restart(() => inDatabase(app, `${MAKE_DUE}; ${BACK_UP}`));
  const startLate = (statements: string) =>
    app.restart(async () => {
      Object.assign(sendTimes, restoredTimes);
      await inDatabase(app, statements);
    });
  afterEach(() => {
    delete sendTimes.lateMs;
    delete sendTimes.settlesMs;
  });
  let keys = 0;
  const send = async (what: object) => {
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const input = { idempotencyKey: `restored ${++keys}`, sendAt, ...what };
    return (await app.data(SEND, { input }, token)).send.submission;
  };
  const written = (address: string, subject: string) => ({
    message: { integration: integrations.get(address), to: ZOE, subject, text: 'An hour of work' },
  });
  const read = async (id: string) =>
    (
      await app.data(
        graphql(`query ($id: ID!) { node(id: $id) { ... on Submission { ...RestoredSubmission } } }`),
        { id },
        token,
      )
    ).node;
  const dump = (vendor: string, account: string) => app.control<Dumped[]>(`/dump?vendor=${vendor}&account=${account}`);
  const arrived = async () => (await dump('google', 'zoe@gmail.example')).length;
  const drafted = async (address: string, subject: string): Promise<object> => {
    const save = graphql(
      `mutation ($input: ComposeInput!) { saveDraft(input: $input) { draft { id } userErrors { message } } }`,
    );
    const { message } = written(address, subject);
    return { draft: (await app.data(save, { input: message }, token)).saveDraft.draft.id };
  };

  it('sends nothing again', async () => {
    const before = await arrived();
    const sent: { id: string; address: string; vendor: string }[] = [];
    for (const { address, vendor } of ACCOUNTS) {
      sent.push({ vendor, address, id: (await send(written(address, `Written ${when}`))).id });
      sent.push({ vendor, address, id: (await send(await drafted(address, `Drafted ${when}`))).id });
    }
    await backUpAndSend();
    for (const { id } of sent) await expect.poll(async () => (await read(id)).status, THROUGH_RETRIES).toBe('SENT');
    expect(await arrived()).toBe(before + sent.length);
    await startLate(RESTORE);
    for (const { id, address } of sent) {
      // A draft of another client would be sent without the gateway's header. The gateway wrote these drafts, so they
      // have it.
      await expect
        .poll(async () => ({ address, ...(await read(id)) }), THROUGH_RETRIES)
        .toMatchObject({ address, status: 'SENT', problem: null, message: { subject: expect.stringContaining(when) } });
    }
    expect(await arrived()).toBe(before + sent.length);
  });

  const endsUnknown = async () => {
    const before = await arrived();
    const sent: { id: string }[] = [];
    for (const { address } of ACCOUNTS) sent.push(await send(written(address, 'Found nowhere')));
    await backUpAndSend();
    for (const { id } of sent) await expect.poll(async () => (await read(id)).status, THROUGH_RETRIES).toBe('SENT');
    for (const { vendor, address } of ACCOUNTS)
      for (const { id } of await dump(vendor, address))
        await app.control('/touch', { vendor, account: address, id, change: 'delete' });
    await startLate(RESTORE);
    for (const { id } of sent) {
      await expect
        .poll(() => read(id), THROUGH_RETRIES)
        .toMatchObject({ status: 'UNKNOWN', attempts: 0, problem: { message: expect.stringContaining('drafts') } });
    }
    expect(await arrived()).toBe(before + sent.length);
    for (const { vendor, address } of ACCOUNTS)
      expect((await dump(vendor, address)).map(({ isDraft }) => isDraft)).toEqual([true]);
  };
  if (when === 'long after') it('ends as UNKNOWN what is found nowhere, and keeps its text', endsUnknown);

  it('sends a draft that is still there, though the gateway was down when it was due', async () => {
    const before = await arrived();
    const sent: { id: string }[] = [];
    for (const { address } of ACCOUNTS) sent.push(await send(await drafted(address, 'While down')));
    await startLate(MAKE_DUE);
    for (const { id } of sent)
      await expect
        .poll(() => read(id), THROUGH_RETRIES)
        .toMatchObject({ status: 'SENT', attempts: 1, message: { subject: 'While down' } });
    expect(await arrived()).toBe(before + sent.length);
  });
});
