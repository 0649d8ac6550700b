import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { type ControlLog, startApp, type TestApp } from '../support/app/app.ts';
import { otherClient } from '../support/follower/other-client.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

let app: TestApp;
beforeAll(async () => {
  // Nothing is polled, so that what is found is found because silence was noticed.
  app = await startApp({ syncTimes: { pollIntervalMs: 600_000, silenceMs: 900, lateMs: 200, liveMs: 3_000 } });
  await app.synced(app.token);
});
afterEach(() => app.control('/faults', undefined, 'DELETE'));
afterAll(() => app.close());

const ACCOUNTS = [
  ['google', 'demo@gmail.example', ['getProfile', 'history.list', 'labels.list'], 'watch'],
  ['microsoft', 'demo@outlook.example', ['POST /$batch'], 'POST /subscriptions'],
] as const;
const SYNC = graphql(`{ viewer { integrations { address sync { live lagSeconds lastEventAt lastReconciledAt } } } }`);
const syncOf = async (address: string) => {
  const { integrations } = (await app.data(SYNC)).viewer;
  return integrations.find((one) => one.address === address)?.sync;
};
const isLive = async (address: string) => (await syncOf(address))?.live;

it.each(ACCOUNTS)(
  '%s: a silent account is live, and is asked by cheap requests alone',
  async (vendor, account, asks) => {
    await expect.poll(() => isLive(account)).toBe(true);
    await app.control('/log', undefined, 'DELETE');
    const asked = async () => {
      const { records } = await app.control<ControlLog>(`/log?vendor=${vendor}&account=${account}&limit=100000`);
      return records.filter(({ batch }) => batch === null).map(({ operation }) => operation);
    };
    await expect.poll(async () => new Set(await asked())).toEqual(new Set(asks));
    await expect.poll(() => isLive(account)).toBe(true);
  },
);

it.each(ACCOUNTS)(
  '%s: a watch that died without a word is noticed, and replaced',
  async (vendor, account, _, start) => {
    await expect.poll(() => isLive(account)).toBe(true);
    const before = (await syncOf(account))?.lastEventAt;
    // While no new watch can be made, the account stays not live.
    const { id } = await app.control<{ id: number }>('/faults', { vendor, account, operation: start, status: 503 });
    await app.control('/silence-watches', { vendor, account });
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: 'unannounced', text: 'x' });
    await expect.poll(async () => (await syncOf(account))?.lastEventAt).not.toBe(before);
    await expect.poll(() => isLive(account)).toBe(false);
    await app.control(`/faults/${id}`, undefined, 'DELETE');
    // The longer the watch could not be made, the longer is the wait before the next try.
    await expect.poll(() => isLive(account), THROUGH_RETRIES).toBe(true);
    const found = (await syncOf(account))?.lastEventAt;
    await app.control('/deliver', { vendor, account, from: 'a@example.org', subject: 'announced', text: 'x' });
    await expect.poll(async () => (await syncOf(account))?.lastEventAt).not.toBe(found);
    // A watch that stays silent is replaced once in some hours, so that only a notification makes the account live again.
    await expect.poll(() => isLive(account)).toBe(true);
  },
);

it.each(ACCOUNTS)(
  '%s: an account whose provider does not answer is not live until it does',
  async (vendor, account) => {
    await expect.poll(() => isLive(account)).toBe(true);
    await app.control('/faults', { vendor, account, status: 503 });
    await expect.poll(() => isLive(account)).toBe(false);
    const lag = (await syncOf(account))?.lagSeconds ?? 0;
    await expect.poll(async () => (await syncOf(account))?.lagSeconds).toBeGreaterThan(lag);
    expect(await isLive(account)).toBe(false);
    await app.control('/faults', undefined, 'DELETE');
    await expect.poll(() => isLive(account), THROUGH_RETRIES).toBe(true);
  },
);

const CHANGES =
  graphql(`query ($after: Cursor) { viewer { sync { cursor } changes(after: $after, first: 100) { edges { node {
  __typename ... on MessageCreated { messageId } ... on MessageUpdated { messageId update { mailboxIds mailboxIdsAdded } } } } } } }`);
/** The provider's id in a message's id. */
const ownIdOf = (id: string) => decodeURIComponent(Buffer.from(id, 'base64url').toString().split(':').at(-1) ?? '');
const TRASH = graphql(`{ viewer { integrations { address mailbox(role: TRASH) { id } } } }`);

it.each(ACCOUNTS)(
  '%s: a change whose notification was lost is found although a later one arrived',
  async (vendor, account) => {
    const deliver = (subject: string) =>
      app.control<{ id: string }>('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });
    const { id } = await deliver('moved');
    const change = (what: string) => app.control('/touch', { vendor, account, id, change: what });
    // Away from the inbox, which is read for the later notification.
    await change('archive');
    await app.synced(app.token);
    await expect.poll(() => isLive(account)).toBe(true);
    const after = (await app.data(CHANGES)).viewer.sync.cursor;
    await app.control('/faults', { vendor, account, webhook: 'lose' });
    await change('trash');
    await expect.poll(() => app.sandbox.hasNotified()).toBe(true);
    await app.control('/faults', undefined, 'DELETE');
    const announced = await deliver('announced');
    const trash = (await app.data(TRASH)).viewer.integrations.find(({ address }) => address === account)?.mailbox;
    const found = async () => {
      const { edges } = (await app.data(CHANGES, { after })).viewer.changes;
      return edges.flatMap(({ node }) => {
        if (node.__typename === 'MessageCreated') return [`created ${ownIdOf(node.messageId)}`];
        if (node.__typename !== 'MessageUpdated') return [];
        const { mailboxIds, mailboxIdsAdded } = node.update ?? {};
        const isTrashed = [...(mailboxIds ?? []), ...(mailboxIdsAdded ?? [])].includes(trash?.id ?? '');
        return isTrashed ? [`trashed ${ownIdOf(node.messageId)}`] : [];
      });
    };
    await expect.poll(found).toEqual(expect.arrayContaining([`created ${announced.id}`, `trashed ${id}`]));
    await expect.poll(() => isLive(account)).toBe(true);
  },
);

const UPDATES = graphql(`query ($after: Cursor) { viewer { changes(after: $after, first: 100) { edges { node {
  __typename ... on MessageUpdated { messageId update { isRead } } ... on MailboxChanged { mailbox { name } } } } } } }`);
const updatesAfter = async (after: string | null) => {
  const { edges } = (await app.data(UPDATES, { after })).viewer.changes;
  return edges.flatMap(({ node }) => {
    if (node.__typename === 'MailboxChanged') return [`named ${node.mailbox?.name}`];
    return node.__typename === 'MessageUpdated' ? [`${ownIdOf(node.messageId)} ${node.update?.isRead}`] : [];
  });
};

it.each(ACCOUNTS)(
  '%s: two opposite changes that a dead watch has missed are found, though all counts are as before',
  async (vendor, account, _, start) => {
    const deliver = (subject: string) =>
      app.control<{ id: string }>('/deliver', { vendor, account, from: 'a@example.org', subject, text: 'x' });
    const touch = (id: string, change: string) => app.control('/touch', { vendor, account, id, change });
    const [unread, read] = [await deliver('unread'), await deliver('read')];
    await touch(read.id, 'read');
    // Neither of the two is the one that was modified last.
    await deliver('newest');
    await app.synced(app.token);
    await expect.poll(() => isLive(account)).toBe(true);
    // Until all is read after a notification, a change without one may be the only one of its watch.
    const isRead = async () => {
      const { lastEventAt, lastReconciledAt } = (await syncOf(account)) ?? {};
      return Date.parse(String(lastReconciledAt)) > Date.parse(String(lastEventAt));
    };
    await expect.poll(isRead).toBe(true);
    const after = (await app.data(CHANGES)).viewer.sync.cursor;
    await app.control('/faults', { vendor, account, operation: start, status: 503 });
    await app.control('/silence-watches', { vendor, account });
    await Promise.all([touch(unread.id, 'read'), touch(read.id, 'unread')]);
    const missed = [`${unread.id} true`, `${read.id} false`];
    await expect.poll(() => updatesAfter(after)).toEqual(expect.arrayContaining(missed));
    // While no new watch can be made, the account stays not live.
    await expect.poll(() => isLive(account)).toBe(false);
  },
);

it.each(ACCOUNTS)('%s: a new name of a mailbox is found in a silent account', async (vendor, account) => {
  const client = otherClient(app.sandbox, vendor, account);
  const before = (await app.data(CHANGES)).viewer.sync.cursor;
  const id = await client.createMailbox('Before');
  await expect.poll(() => updatesAfter(before)).toContain('named Before');
  const after = (await app.data(CHANGES)).viewer.sync.cursor;
  await client.renameMailbox(id, 'Afterwards');
  await expect.poll(() => updatesAfter(after)).toContain('named Afterwards');
});
