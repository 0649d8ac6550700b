import { afterEach, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp, type TestApp } from '../support/app/app.ts';
import type { ResultOf } from '../support/clients/document.ts';
import { Follower } from '../support/clients/follower.ts';

/**
 * What an arriving mail costs in a mailbox of many folders, and that no mail is missed when the provider announces too
 * little.
 */
let app: TestApp;
let token: string;
const followers: MailFollower[] = [];
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.end();
  await app.close();
});

const vendor = 'microsoft';
const LIVE = graphql(`subscription ($integration: ID!, $after: Cursor, $role: MailboxRole) {
  messageReceived(integrations: [$integration], after: $after, role: $role) {
    cursor message { id subject snippet isRead from { name address } } } }`);
type MailFollower = Follower<ResultOf<typeof LIVE>>;

/** `role` is the role of the mailbox that is followed, or null for all of them. */
async function mailbox(name: string, folders: number, role: 'INBOX' | null) {
  const account = `${name}@outlook.example`;
  await app.control('/accounts', { vendor, address: account });
  // Graph announces a new mail twice. Where many announcements are lost, it does not matter which of them arrives.
  await app.control('/changes', { vendor, account, updatedAfterCreated: role !== null });
  const old = { vendor, account, from: 'a@example.org', subject: 'old', text: 'x' };
  for (let n = 0; n < folders; n++) await app.control('/deliver', { ...old, mailbox: { name: `Folder ${n}` } });
  ({ token } = await app.user(name));
  const id = await app.connect(token, 'OUTLOOK', account);
  const { viewer } = await app.data(graphql(`{ viewer { integrations { sync { cursor } } } }`), {}, token);
  const after = viewer.integrations[0]?.sync.cursor;
  await app.synced(token);
  await app.control('/log', undefined, 'DELETE');
  const follower = new Follower(app.url, token, LIVE, { integration: id, after, role });
  followers.push(follower);
  await follower.opened;
  return { account, follower };
}

const subjects = ({ events }: MailFollower): string[] => events.map(({ message }) => message.subject);

interface Line {
  readonly id: number;
  readonly batch: number | null;
  readonly operation: string;
  readonly path: string;
}

/** Returns the requests as Graph counts them: those in a batch one by one. */
async function requests(account: string): Promise<Line[]> {
  const { records } = await app.control<{ records: Line[] }>(`/log?vendor=${vendor}&account=${account}`);
  const isBatch = ({ id }: Line) => records.some(({ batch }) => batch === id);
  return records.filter((line) => line.operation !== 'token' && !isBatch(line));
}

/** The sync of a notified message asks once for the folder that it is in. */
const syncsAmong = (asked: readonly Line[]) =>
  asked.filter(({ path }) => path.endsWith('?$select=id,parentFolderId,createdDateTime')).length;

it.each([60, 200])(
  'costs six requests at most in a mailbox of %i folders, all that follows it included',
  async (folders) => {
    // Nothing else asks the account meanwhile.
    app = await startApp({ demo: false, syncTimes: { silenceMs: 600_000, pollIntervalMs: 600_000 } });
    const { account, follower } = await mailbox(`many-${folders}`, folders, 'INBOX');
    const sent: string[] = [];
    const deliver = async () => {
      const subject = `mail ${sent.length}`;
      sent.push(subject);
      await app.synced(token);
      await app.control('/log', undefined, 'DELETE');
      await app.control('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x', mailbox: 'inbox' });
      await expect.poll(() => subjects(follower)).toContain(subject);
      await app.synced(token);
      return requests(account);
    };
    // A new follower of one mailbox looks it up, which is no cost of a mail. It has done so when it shows the first one.
    await deliver();
    let joined = 0;
    // Each mail is one more chance that its two notifications come together, as they do unless the machine stands still.
    for (let n = 0; n < 40 && joined < 3; n++) {
      const asked = await deliver();
      // Where the second one comes when the sync of the first has begun, another sync follows.
      const syncs = syncsAmong(asked);
      const operations = asked.map(({ operation }) => operation).join(', ');
      expect([1, 2], operations).toContain(syncs);
      expect(asked.length, operations).toBeLessThanOrEqual(6 * syncs);
      if (syncs === 1) joined++;
    }
    expect(joined).toBe(3);
    expect(subjects(follower)).toEqual(sent);
  },
);

it('is shown once, and in the end all of it, when a third of the notifications is lost', async () => {
  const seed = Math.floor(Math.random() * 1_000_000);
  console.info(`the notifications that are lost are picked by seed ${seed}`);
  app = await startApp({ demo: false, env: { POLL_SECONDS: '1' } });
  const { account, follower } = await mailbox('third', 12, null);
  await app.control('/faults', { vendor, account, webhook: 'lose', share: 1 / 3, seed });
  const wanted: string[] = [];
  for (let n = 0; n < 30; n++) {
    const subject = `mail ${n}`;
    const mailbox = n % 2 === 0 ? 'inbox' : { name: `Folder ${n % 12}` };
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x', mailbox });
    wanted.push(subject);
    if (n % 3 === 0) await app.synced(token);
  }
  const received = () => subjects(follower).sort();
  await expect.poll(received, { message: `seed ${seed}` }).toEqual(wanted.sort());
  await app.control('/faults', undefined, 'DELETE');
  await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: 'last', text: 'x' });
  await expect.poll(received).toContain('last');
  expect(received(), `seed ${seed}`).toEqual([...wanted, 'last'].sort());
  expect(follower.failures).toEqual([]);
});
