import { beforeEach, describe, expect, it } from 'vitest';
import { graphClient, ME, mail, microsoftFor, signIn, startMicrosoft } from '../testing/microsoft.ts';

const { running, graph } = microsoftFor('file');

interface Entry {
  id: string;
  subject?: string;
  isRead?: boolean;
  lastModifiedDateTime?: string;
  '@removed'?: { reason: string };
}

/** Reads a round of a delta to its end. */
async function round(
  link: string,
  headers: Record<string, string> = {},
): Promise<{ entries: Entry[]; deltaLink: string; pages: number }> {
  const entries: Entry[] = [];
  for (let pages = 1, next = link; ; pages++) {
    const { status, body } = await graph(next, { headers });
    expect(status).toBe(200);
    entries.push(...body.value);
    if (body['@odata.deltaLink']) return { entries, deltaLink: body['@odata.deltaLink'], pages };
    next = body['@odata.nextLink'];
  }
}

describe('a messages delta', () => {
  let inbox: string;
  beforeEach(async () => {
    running().emulator.fill(
      ME,
      Array.from({ length: 5 }, () => mail()),
    );
    inbox = (
      await round('/me/mailFolders/inbox/messages/delta?$select=subject,isRead,parentFolderId,lastModifiedDateTime', {
        prefer: 'IdType="ImmutableId", odata.maxpagesize=2',
      })
    ).deltaLink;
  });

  it('lists the whole folder at first, in pages, and then nothing', async () => {
    const first = await round('/me/mailFolders/inbox/messages/delta?$select=subject', {
      prefer: 'IdType="ImmutableId", odata.maxpagesize=2',
    });
    expect(first.pages).toBeGreaterThan(2);
    expect(new Set(first.entries.map(({ id }) => id)).size).toBe(first.entries.length);
    expect((await round(first.deltaLink)).entries).toEqual([]);
  });

  it('misses nothing that arrives while the first round is read', async () => {
    const start = await graph('/me/mailFolders/inbox/messages/delta?$select=subject', {
      headers: { prefer: 'IdType="ImmutableId", odata.maxpagesize=2' },
    });
    const arrived = running().emulator.deliver(ME, mail({ subject: 'Between' }));
    const rest = await round(start.body['@odata.nextLink']);
    const after = await round(rest.deltaLink);
    expect([...rest.entries, ...after.entries].map(({ id }) => id)).toContain(arrived);
  });

  it('lists what arrived, what was read and what left', async () => {
    const arrived = running().emulator.deliver(ME, mail({ subject: 'New' }));
    const [read = '', removed = ''] = (
      await graph('/me/mailFolders/inbox/messages?$select=id&$orderby=receivedDateTime&$top=2')
    ).body.value.map(({ id }) => id);
    running().emulator.touch(ME, read, 'read');
    running().emulator.touch(ME, removed, 'archive');
    const { entries } = await round(inbox);
    const of = (id: string) => entries.filter((entry) => entry.id === id);
    expect(of(arrived)[0]).toMatchObject({ subject: 'New', isRead: false });
    expect(of(read)[0]).toMatchObject({ isRead: true });
    expect(of(read)[0]).not.toHaveProperty('subject');
    expect(of(removed)).toEqual([expect.objectContaining({ '@removed': { reason: 'deleted' } })]);
    expect(entries).toHaveLength(3);
  });

  it('lists a message that was read or unread with the selected fields, or with the flag and the folder only, and not at all without isRead', async () => {
    const without = await round('/me/mailFolders/inbox/messages/delta?$select=subject,lastModifiedDateTime');
    const [{ id } = { id: '' }] = (await graph('/me/mailFolders/inbox/messages?$select=id&$top=1')).body.value;
    const before = without.entries.find((entry) => entry.id === id)?.lastModifiedDateTime;
    running().clock.ahead += 60_000;
    running().emulator.touch(ME, id, 'read');
    const fieldNames = async () =>
      Object.keys((await round(inbox)).entries[0] ?? {}).filter((name) => !name.includes('@'));
    expect((await fieldNames()).sort()).toEqual(['id', 'isRead', 'parentFolderId']);
    running().emulator.setChangeReporting?.(ME, { readToggles: 'selected' });
    expect((await fieldNames()).sort()).toEqual(['id', 'isRead', 'lastModifiedDateTime', 'parentFolderId', 'subject']);
    running().emulator.setChangeReporting?.(ME, { readToggles: 'flag' });
    expect((await round(without.deltaLink)).entries).toEqual([]);
    const { body } = await graph(`/me/messages/${id}?$select=lastModifiedDateTime`);
    expect(body.lastModifiedDateTime).toBe(before);
  });

  it('lists a move in the target folder', async () => {
    const archive = (await round('/me/mailFolders/archive/messages/delta?$select=id')).deltaLink;
    const id = running().emulator.deliver(ME, mail());
    running().emulator.touch(ME, id, 'archive');
    expect((await round(archive)).entries.map((entry) => entry.id)).toEqual([id]);
    expect((await round(inbox)).entries).toEqual([]);
  });

  it('can be limited to one kind of change', async () => {
    const created = (await round('/me/mailFolders/inbox/messages/delta?changeType=created&$select=id')).deltaLink;
    const deleted = (await round('/me/mailFolders/inbox/messages/delta?changeType=deleted&$select=id')).deltaLink;
    const [arrived, left] = [
      running().emulator.deliver(ME, mail()),
      (await graph('/me/mailFolders/inbox/messages?$select=id&$top=1')).body.value[0]?.id ?? '',
    ];
    running().emulator.touch(ME, left, 'delete');
    if (arrived !== left) expect((await round(created)).entries.map(({ id }) => id)).toEqual([arrived]);
    expect((await round(deleted)).entries.every((entry) => entry['@removed'])).toBe(true);
  });

  it('is refused when its history has expired, and after a restart', async () => {
    running().emulator.expireHistory(ME);
    const expired = await graph(inbox);
    expect(expired).toMatchObject({ status: 410, body: { error: { code: 'SyncStateNotFound' } } });
    const fresh = await round('/me/mailFolders/inbox/messages/delta?$select=id');
    expect((await round(fresh.deltaLink)).entries).toEqual([]);
    const other = await startMicrosoft({ keep: running().world.keep });
    const link = fresh.deltaLink.replace(/^http:\/\/[^/]+/, new URL(other.url).origin);
    const token = (await signIn(other.url)).access_token;
    expect((await graphClient(other.url, token)(link)).status).toBe(410);
    await other.close();
  });
});

it('a folders delta lists new, renamed and deleted folders', async () => {
  const first = await round('/me/mailFolders/delta');
  expect(first.entries.length).toBeGreaterThan(5);
  const { body } = await graph('/me/mailFolders', { method: 'POST', body: { displayName: 'Fresh' } });
  const second = await round(first.deltaLink);
  expect(second.entries).toEqual([expect.objectContaining({ id: body.id, displayName: 'Fresh' })]);
  await graph(`/me/mailFolders/${body.id}/permanentDelete`, { method: 'POST' });
  expect((await round(second.deltaLink)).entries).toEqual([
    expect.objectContaining({ id: body.id, '@removed': { reason: 'deleted' } }),
  ]);
});
