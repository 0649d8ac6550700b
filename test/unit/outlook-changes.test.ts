import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { packToken, unpackToken } from '../../sandbox/microsoft/wire/links.ts';
import { stateDigest } from '../../src/providers/contract/snapshot.ts';
import type { Hint, ProviderChange } from '../../src/providers/contract/watch.ts';
import { applyMessageDelta } from '../../src/providers/outlook/changes/sync-round.ts';
import { newState, readState, type SyncState, writeState } from '../../src/providers/outlook/changes/sync-state.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

let lab: Lab;
let account: Account;
let accounts = 0;
beforeAll(async () => {
  lab = await openLab('OUTLOOK');
});
afterEach(() => lab.control('/faults', undefined, 'DELETE'));
afterAll(() => lab.close());

const mail = (subject: string, mailbox?: string) =>
  account.deliver({ from: 'a@example.org', subject, text: 'x', ...(mailbox && { mailbox: { name: mailbox } }) });
const touch = (id: string, change: string) =>
  lab.control('/touch', { vendor: 'microsoft', account: account.address, id, change });
const created = (messageId: string): ProviderChange => ({ kind: 'created', messageId });
const updated = (messageId: string): ProviderChange => ({ kind: 'updated', messageId });
const deleted = (messageId: string): ProviderChange => ({ kind: 'deleted', messageId });

/** The contract tests compare details and states with the messages. */
function withoutState(change: ProviderChange): ProviderChange {
  if (change.kind === 'updated') return updated(change.messageId);
  return change.kind === 'created' ? created(change.messageId) : change;
}

async function since(cursor: string | null, named?: readonly Hint[]) {
  const changes: ProviderChange[] = [];
  const unread = new Set<string>();
  let hints = named;
  let isFirstRead = false;
  for (let next = cursor; ; hints = undefined) {
    const answer = await account.session.changes(next, interactive(), hints);
    for (const change of answer.changes) changes.push(withoutState(change));
    for (const { error } of answer.unread ?? []) unread.add(error.code);
    next = answer.cursor;
    isFirstRead ||= answer.isFirstRead ?? false;
    if (!answer.more) return { changes, cursor: next, unread: [...unread], partial: answer.partial, isFirstRead };
  }
}

/** Returns the state as the release before wrote it, whose tokens began with a $select of two dates. */
function versionOne(cursor: string, change: (folder: SyncState['folders'][string]) => object = () => ({})): string {
  const { tree, folders, horizon, began, known } = readState(cursor);
  const old = Object.entries(folders).map(([id, track]) => {
    const token = unpackToken(track.delta ?? '') as object;
    const delta = packToken({ ...token, select: 'createdDateTime,lastModifiedDateTime' });
    return [id, { ...track, delta, ...change(track) }];
  });
  return writeState({ version: 1, tree, folders: Object.fromEntries(old), horizon, began, known } as never);
}

describe('a state whose tokens do not report read and unread', () => {
  it('begins again without missing a change, and reports them from then on', async () => {
    account = await lab.account(`old-${++accounts}`);
    const [moving, leaving, staying] = [await mail('moving'), await mail('leaving'), await mail('staying', 'Projects')];
    const before = await since(null);
    const isNew = await mail('new');
    await touch(moving, 'archive');
    await touch(leaving, 'delete');
    const next = await since(versionOne(before.cursor));
    expect(new Set(next.changes)).toEqual(new Set([created(isNew), updated(moving), deleted(leaving)]));
    expect(readState(next.cursor)).toMatchObject({ version: 2, sweeping: false });
    await touch(staying, 'read');
    expect((await since(next.cursor)).changes).toEqual([updated(staying)]);
  });

  it('reports what happens while it begins again', async () => {
    account = await lab.account(`old-${++accounts}`);
    const ids = [await mail('one'), await mail('two')];
    const before = await since(null);
    // One page of each folder is read first. The old tokens follow.
    const begun = await account.session.changes(versionOne(before.cursor), interactive());
    expect(begun).toMatchObject({ changes: [], more: true });
    await touch(ids[0] ?? '', 'delete');
    const meanwhile = await mail('meanwhile');
    const rest = await since(begun.cursor);
    const last = await since(rest.cursor);
    const reported = [...rest.changes, ...last.changes];
    expect(reported).toContainEqual(deleted(ids[0] ?? ''));
    expect(reported.filter((change) => change.kind === 'created')).toEqual([created(meanwhile)]);
  });

  it('continues a first sync that was under way', async () => {
    account = await lab.account(`old-${++accounts}`);
    const receivedAt = new Date(Date.now() - 600_000);
    await account.deliver({ from: 'a@example.org', subject: 'old', text: 'x', receivedAt });
    const before = await since(null);
    const began = readState(before.cursor).began - 300;
    const underWay = { ...readState(before.cursor), began, horizon: began - 120 };
    const meanwhile = await mail('meanwhile');
    const cursor = versionOne(writeState(underWay), () => ({ delta: undefined, quiet: true }));
    expect((await since(cursor)).changes).toEqual([created(meanwhile)]);
  });
});

describe('the cursor of an account in which nothing changes', () => {
  it('stays, and reports the next change once', async () => {
    account = await lab.account(`kept-${++accounts}`);
    const id = await mail('old', 'Projects');
    const { cursor } = await since(null);
    for (let times = 0; times < 3; times++) expect(await since(cursor)).toMatchObject({ changes: [], cursor });
    await touch(id, 'read');
    const next = await since(cursor);
    expect(next.changes).toEqual([updated(id)]);
    expect(next.cursor).not.toBe(cursor);
    expect(await since(next.cursor)).toMatchObject({ changes: [], cursor: next.cursor });
    const fresh = await mail('new');
    expect((await since(next.cursor)).changes).toEqual([created(fresh)]);
  });

  it.each([
    ['a quarter of an hour old', -15 * 60],
    ['of a clock that was set back', 3_600],
  ])('is replaced when it is %s, because Graph drops old tokens', async (_, seconds) => {
    account = await lab.account(`kept-${++accounts}`);
    const state = readState((await since(null)).cursor);
    const old = { ...state, began: state.began + seconds };
    const replaced = readState((await since(writeState(old))).cursor).began;
    expect(Math.abs(replaced - Date.now() / 1_000)).toBeLessThan(600);
  });

  it('is replaced when something was left out or looked up, which the next reading has to know', async () => {
    account = await lab.account(`kept-${++accounts}`);
    const id = await mail('old');
    const { cursor } = await since(null);
    const state = readState(cursor);
    const [folderId = ''] = Object.keys(state.folders);
    const named = writeState({ ...state, found: { [id]: folderId } });
    expect(readState((await since(named)).cursor).found).toEqual({});
    const track = { ...state.folders[folderId], horizon: state.horizon };
    const leftOut = writeState({ ...state, folders: { ...state.folders, [folderId]: track } });
    expect(readState((await since(leftOut)).cursor).folders[folderId]?.horizon).toBeUndefined();
  });
});

describe('a message that is moved to a folder of which the delta of the tree does not know yet', () => {
  const fault = (given: object) => lab.control('/faults', { vendor: 'microsoft', account: account.address, ...given });

  it('is reported as updated and not as deleted, and is followed in the new folder', async () => {
    account = await lab.account(`moved-${++accounts}`);
    const id = await mail('moving');
    const { cursor } = await since(null);
    const folder = await account.session.saveMailbox({ id: null, name: 'Fresh' }, interactive());
    await account.session.update([{ id, addMailboxIds: [folder.id] }], interactive());
    // Empty pages are ordinary (microsoft-graph-docs#20637). The new folder is on the next one.
    await fault({ operation: 'GET /me/mailFolders/delta', emptyPage: true, times: 1 });
    const next = await since(cursor);
    expect(next.changes.filter(({ kind }) => kind === 'deleted')).toEqual([]);
    expect(next.changes).toContainEqual(updated(id));
    expect(next.changes).toContainEqual({ kind: 'mailbox', mailboxId: folder.id });
    await touch(id, 'read');
    expect((await since(next.cursor)).changes).toEqual([updated(id)]);
  });
});

describe('a folder whose changes Graph refuses to return', () => {
  const DELTA = 'GET /me/mailFolders/{id}/messages/delta';
  const QUOTA = JSON.stringify({
    error: { code: 'ErrorQuotaExceeded', message: 'Mailbox has exceeded maximum mailbox size.' },
  });
  const refuse = (status: number, times: number) =>
    lab.control('/faults', {
      vendor: 'microsoft',
      account: account.address,
      operation: DELTA,
      status,
      times,
      ...(status === 403 && { body: QUOTA }),
    });
  /** Returns the folders in the order in which they are requested, which is the order in which they meet the faults. */
  const first = async (cursor: string) => Object.keys(readState(cursor).folders);

  it.each([
    [403, 'CONFLICT'],
    [404, 'NOT_FOUND'],
    [400, 'UNSUPPORTED'],
    [423, 'UNSUPPORTED'],
  ])('delays no other folder, is reported, and is read once Graph returns them again (%i)', async (status, code) => {
    account = await lab.account(`refused-${++accounts}`);
    await mail('filed', 'Projects');
    const { cursor } = await since(null);
    const isFirst = (await account.session.listMailboxes(interactive())).find(({ role }) => role === 'ARCHIVE')?.id;
    expect((await first(cursor))[0]).toBe(isFirst);
    const archived = await mail('archived');
    await touch(archived, 'archive');
    const [inInbox, filed] = [await mail('new'), await mail('filed too', 'Projects')];
    await refuse(status, 1);
    const next = await since(cursor);
    expect(next.changes).toEqual([created(inInbox), created(filed)]);
    expect(next.unread).toEqual([code]);
    // What arrived meanwhile is reported as new, however long the folder was refused.
    const state = readState(next.cursor);
    const later = writeState({ ...state, horizon: state.horizon + 3_600 });
    const last = await since(later);
    expect(last).toMatchObject({ changes: [created(archived)], unread: [] });
    expect((await since(last.cursor)).changes).toEqual([]);
  });

  it('is left out of a first sync, and later reports only what arrived since', async () => {
    account = await lab.account(`refused-${++accounts}`);
    const old = await mail('old');
    await touch(old, 'archive');
    await refuse(404, 1);
    const start = await since(null);
    expect(start).toMatchObject({ changes: [], unread: ['NOT_FOUND'], isFirstRead: false });
    const second = () => Math.floor(Date.now() / 1_000);
    const began = second();
    await expect.poll(second).toBeGreaterThan(began);
    const archived = await mail('archived');
    await touch(archived, 'archive');
    const later = await since(start.cursor);
    expect(later).toMatchObject({ changes: [created(archived)], isFirstRead: true });
    expect(await since(later.cursor)).toMatchObject({ changes: [], isFirstRead: false });
  });

  it('fails when no folder can be read, since nothing is known then', async () => {
    account = await lab.account(`refused-${++accounts}`);
    const { cursor } = await since(null);
    const id = await mail('new');
    await refuse(403, 100);
    await expect(since(cursor)).rejects.toMatchObject({ code: 'CONFLICT' });
    await lab.control('/faults', undefined, 'DELETE');
    expect((await since(cursor)).changes).toEqual([created(id)]);
  });
});

describe('hints', () => {
  const FOLDERS = 20;
  /** Creates an account of many folders, and returns its cursor. */
  async function followed(): Promise<string> {
    account = await lab.account(`hinted-${++accounts}`);
    for (let n = 0; n < FOLDERS; n++) await mail('old', `Folder ${n}`);
    return (await since(null)).cursor;
  }
  const about = (messageId: string, kind: Hint['kind'] = 'created'): Hint => ({ kind, messageId });
  /** Returns the requests to Graph since the last call. The parts of a batch are listed one by one. */
  async function asked(): Promise<string[]> {
    interface Line {
      readonly operation: string;
    }
    const { records } = await lab.control<{ records: Line[] }>(`/log?account=${account.address}`);
    await lab.control('/log', undefined, 'DELETE');
    return records.map(({ operation }) => operation).filter((operation) => !operation.includes('batch'));
  }
  const MESSAGE = 'GET /me/messages/{id}';
  const DELTA = 'GET /me/mailFolders/{id}/messages/delta';
  const TREE = 'GET /me/mailFolders/delta';

  it('request the message, its folder and the folders of earlier hints, and no other folder', async () => {
    const start = await followed();
    const id = await mail('new', 'Folder 7');
    await asked();
    const next = await since(start, [about(id), about(id, 'updated')]);
    expect(next).toMatchObject({ changes: [created(id)], partial: true });
    // The inbox is the first guess.
    expect(await asked()).toEqual([MESSAGE, DELTA, DELTA]);
    await touch(id, 'archive');
    const moved = await since(next.cursor, [about(id, 'updated')]);
    expect(moved.changes).toEqual([updated(id)]);
    expect(await asked()).toEqual([MESSAGE, DELTA, DELTA]);
    await touch(id, 'delete');
    const afterDeletion = await since(moved.cursor, [about(id, 'deleted')]);
    expect(afterDeletion.changes).toEqual([deleted(id)]);
    const again = await since(afterDeletion.cursor, [about(id, 'deleted')]);
    expect(again.changes).toEqual([]);
    expect((await since(again.cursor)).changes).toEqual([]);
  });

  describe('of a changed flag', () => {
    /** The number of requests since the last call. A batch is one. */
    async function requests(): Promise<number> {
      const { records } = await lab.control<{ records: { batch: unknown }[] }>(`/log?account=${account.address}`);
      await lab.control('/log', undefined, 'DELETE');
      return records.filter(({ batch }) => batch === null).length;
    }

    it('cost one request where the message is in the inbox, or where a page or another hint has found it', async () => {
      let { cursor } = { cursor: await followed() };
      const [inbox, elsewhere] = [await mail('inbox'), await mail('elsewhere', 'Folder 7')];
      ({ cursor } = await since(cursor));
      await account.session.getMessages([elsewhere], 'envelope', interactive());
      for (const [id, change] of [
        [inbox, 'read'],
        [elsewhere, 'read'],
        [elsewhere, 'unread'],
      ] as const) {
        await touch(id, change);
        await requests();
        const next = await since(cursor, [about(id, 'updated')]);
        expect([next.changes, await requests()]).toEqual([[updated(id)], 1]);
        cursor = next.cursor;
      }
    });

    it('are followed by the delta once more where the one beside the look-up does not show the message', async () => {
      const start = await followed();
      const id = await mail('inbox');
      const { cursor } = await since(start);
      await asked();
      // The delta may be from before the change, or have pages to come.
      expect((await since(cursor, [about(id, 'updated')])).changes).toEqual([]);
      expect(await asked()).toEqual([MESSAGE, DELTA, DELTA]);
      const fault = { vendor: 'microsoft', account: account.address, operation: DELTA, emptyPage: true, times: 1 };
      await lab.control('/faults', fault);
      await touch(id, 'read');
      expect((await since(cursor, [about(id, 'updated')])).changes).toEqual([updated(id)]);
    });
  });

  it('find everything that happened in those folders', async () => {
    const start = await followed();
    const [named, unnamed] = [await mail('named', 'Folder 7'), await mail('unnamed', 'Folder 7')];
    expect((await since(start, [about(named)])).changes).toEqual([created(named), created(unnamed)]);
  });

  it('request the folders when one is new, which is followed from then on', async () => {
    const start = await followed();
    const id = await mail('new', 'Fresh');
    await asked();
    const next = await since(start, [about(id)]);
    expect(next.changes.filter(({ kind }) => kind !== 'mailbox')).toEqual([created(id)]);
    expect(await asked()).toEqual([MESSAGE, DELTA, TREE, DELTA]);
    const another = await mail('another', 'Fresh');
    expect((await since(next.cursor, [about(another)])).changes).toEqual([created(another)]);
  });

  it.each([
    [403, 'FORBIDDEN'],
    [400, 'UNSUPPORTED'],
    [500, 'PROVIDER_UNAVAILABLE'],
  ])('suffice for new mail when Graph returns no changes of its folder (%i)', async (status, code) => {
    const start = await followed();
    const id = await mail('new', 'Folder 7');
    await lab.control('/faults', { vendor: 'microsoft', account: account.address, operation: DELTA, status });
    const next = await since(start, [about(id)]);
    expect(next).toMatchObject({ changes: [created(id)], unread: [code] });
    await lab.control('/faults', undefined, 'DELETE');
    // The message is known by now, and is reported at most once more.
    expect((await since(next.cursor)).changes).toEqual([updated(id)]);
  });

  it.each([[['created']], [['created', 'updated']]] as const)(
    'are requested again when a replica does not know the message yet (%j)',
    async (kinds) => {
      const start = await followed();
      const id = await mail('new', 'Folder 7');
      const fault = { vendor: 'microsoft', account: account.address, operation: MESSAGE, status: 404, times: 2 };
      await lab.control('/faults', fault);
      await asked();
      const next = await since(
        start,
        kinds.map((kind) => about(id, kind)),
      );
      expect(next).toMatchObject({ changes: [created(id)], partial: true });
      expect(await asked()).toEqual([MESSAGE, DELTA, MESSAGE, MESSAGE, DELTA]);
    },
  );

  it('of a message that does not exist cost a few requests, and report what arrived besides', async () => {
    const start = await followed();
    const id = await mail('new');
    await asked();
    const next = await since(start, [about('AAMkAGI2')]);
    expect(next).toMatchObject({ changes: [created(id)], partial: true });
    expect(await asked()).toEqual([MESSAGE, DELTA, MESSAGE, MESSAGE, MESSAGE, DELTA]);
  });

  it.each([403, 400, 409, 410, 500])('of a message that Graph refuses delay nothing (%i)', async (status) => {
    const start = await followed();
    const ids = [await mail('refused', 'Folder 7'), await mail('new')];
    await lab.control('/faults', { vendor: 'microsoft', account: account.address, operation: MESSAGE, status });
    const next = await since(start, [about(ids[0] ?? '')]);
    expect(new Set(next.changes)).toEqual(new Set(ids.map(created)));
    await touch(ids[0] ?? '', 'archive');
    expect((await since(next.cursor)).changes).toEqual([updated(ids[0] ?? '')]);
    await touch(ids[1] ?? '', 'delete');
    expect((await since(next.cursor)).changes).toContainEqual(updated(ids[1] ?? ''));
  });

  it('are skipped when requesting them costs more than requesting everything', async () => {
    const start = await followed();
    const ids: string[] = [];
    for (let n = 0; n < FOLDERS; n++) ids.push(await mail(`new ${n}`, `Folder ${n}`));
    await asked();
    const next = await since(
      start,
      ids.map((id) => about(id)),
    );
    expect(new Set(next.changes)).toEqual(new Set(ids.map(created)));
    expect(next.partial).toBe(false);
    expect((await asked()).filter((operation) => operation === MESSAGE)).toEqual([]);
  });

  it('that come during a sweep are read in it, also for folders that it has passed', async () => {
    const start = await followed();
    await lab.control('/faults', {
      vendor: 'microsoft',
      account: account.address,
      operation: DELTA,
      emptyPage: true,
      times: 1,
    });
    const begun = await account.session.changes(start, interactive());
    expect(begun.more).toBe(true);
    const id = await mail('new', 'Folder 7');
    const next = await since(begun.cursor, [about(id)]);
    expect(next).toMatchObject({ changes: [created(id)], partial: false });
    expect(readState(next.cursor)).toMatchObject({ sweeping: false, found: {} });
  });
});

describe('the states that deltas report', () => {
  const take = (folders: Readonly<Record<string, object>>) => {
    const state = { ...newState(), folders: { a: {}, b: {} }, horizon: Date.now() };
    const present = new Map<string, ProviderChange>();
    for (const [folderId, message] of Object.entries(folders))
      applyMessageDelta(
        state,
        folderId,
        { value: [{ id: 'm', ...message }], '@odata.deltaLink': '?$deltatoken=t' },
        present,
        new Set(),
      );
    return [...present.values()];
  };

  it('are reported as the update, as far as they are known', () => {
    expect(take({ a: { parentFolderId: 'a', isRead: true } })).toEqual([{ ...updated('m'), detail: { isRead: true } }]);
    const fullState = {
      parentFolderId: 'a',
      categories: [],
      isRead: false,
      isDraft: false,
      flag: { flagStatus: 'flagged' },
      importance: 'high',
    };
    const detail = { mailboxIds: ['a'], isRead: false, isDraft: false, isStarred: true, isImportant: true };
    expect(take({ a: fullState })).toEqual([
      { ...updated('m'), detail, state: stateDigest({ ...detail, mailboxIds: ['a'] }) },
    ]);
  });

  it('are not reported of a message that two folders show, since the later one is unknown', () => {
    expect(take({ a: { parentFolderId: 'a', isRead: true }, b: { parentFolderId: 'b', isRead: false } })).toEqual([
      updated('m'),
    ]);
  });
});
