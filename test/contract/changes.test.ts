import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import type { ChangeDetail } from '../../src/providers/contract/change-detail.ts';
import { stateDigest } from '../../src/providers/contract/snapshot.ts';
import type {
  Hint,
  ProviderChange,
  WatchNotification,
  WatchState,
  WebhookRequest,
} from '../../src/providers/contract/watch.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS, twinPlaying } from '../support/app/lab.ts';

interface Changed {
  /** Without details and states. */
  readonly changes: ProviderChange[];
  readonly details: ReadonlyMap<string, ChangeDetail>;
  readonly states: ReadonlyMap<string, string>;
  readonly cursor: string;
  /** The mark of the first page that had one. */
  readonly mark: string | undefined;
  readonly unreadable: number;
}

async function changesSince(account: Account, since: string | null, named?: readonly Hint[]): Promise<Changed> {
  const changes: ProviderChange[] = [];
  const details = new Map<string, ChangeDetail>();
  const states = new Map<string, string>();
  let mark: string | undefined;
  let unreadable = 0;
  let cursor = since;
  for (let hints = named; ; hints = undefined) {
    const answer = await account.session.changes(cursor, interactive(), hints);
    for (const change of answer.changes) {
      if (change.kind === 'mailbox') changes.push(change);
      else {
        const { kind, messageId } = change;
        changes.push({ kind, messageId });
        if ('detail' in change && change.detail) details.set(messageId, change.detail);
        if ('state' in change && change.state) states.set(messageId, change.state);
      }
    }
    mark ??= answer.mark;
    unreadable += answer.unreadable ?? 0;
    cursor = answer.cursor;
    if (!answer.more) return { changes, details, states, cursor, mark, unreadable };
  }
}

describe.each(PROVIDER_IDS)('%s: changes', (id) => {
  let lab: Lab;
  let server: Server;
  let receive: (request: WebhookRequest) => Promise<{ status: number; contentType?: string; body?: string }>;
  beforeAll(async () => {
    server = createServer((request, response) => {
      void body(request).then(async (bytes) => {
        const reply = await receive({
          method: request.method ?? 'POST',
          url: new URL(request.url ?? '/', `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
          headers: request.headers as Record<string, string>,
          body: bytes,
          signal: new AbortController().signal,
        });
        response
          .writeHead(reply.status, reply.contentType ? { 'content-type': reply.contentType } : {})
          .end(reply.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    lab = await openLab(id, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(async () => {
    await lab.close();
    server.closeAllConnections();
    server.close();
  });

  it('tells the state after a change where it tells one', async () => {
    const account = await lab.account('states');
    const old = await account.deliver({ from: 'a@example.org', subject: 'old', text: 'x', isStarred: true });
    const { cursor } = await changesSince(account, null);
    const arrived = await account.deliver({ from: 'a@example.org', subject: 'new', text: 'x', labels: ['Red'] });
    await account.touch(old, 'read');
    await account.touch(old, 'archive');
    await account.touch(arrived, 'star');
    const { states, changes } = await changesSince(account, cursor);
    const ids = [old, arrived];
    expect(changes.flatMap((one) => ('messageId' in one ? one.messageId : [])).sort()).toEqual([...ids].sort());
    const read = await account.session.getMessages(ids, 'envelope', interactive());
    for (const message of read) if (!isMailError(message)) expect(states.get(message.id)).toBe(stateDigest(message));
  });

  it('tells new mail in the order of its arrival, whichever mailboxes it is in', async () => {
    const account = await lab.account('arrivals');
    const filed = { mailbox: { name: 'Filed' } };
    await account.deliver({ from: 'a@example.org', subject: 'before', text: 'x', ...filed });
    const { cursor } = await changesSince(account, null);
    const ids: string[] = [];
    const places = ['junk', 'inbox', { name: 'Filed' }, 'archive', 'inbox', 'junk'];
    for (const [n, mailbox] of places.entries()) {
      const receivedAt = new Date(Date.now() + n * 1_000).toISOString();
      ids.push(await account.deliver({ from: 'a@example.org', subject: `${n}`, text: 'x', mailbox, receivedAt }));
    }
    const { changes } = await changesSince(account, cursor);
    expect(changes.flatMap((one) => (one.kind === 'created' ? one.messageId : []))).toEqual(ids);
  });

  it('has a mark that moves with each change, by one request, and that equals the mark of the changes', async () => {
    const account = await lab.account('marked');
    const { session } = account;
    const { changeMark } = session;
    if (!changeMark) return;
    const id = await account.deliver({ from: 'a@example.org', subject: 'x', text: 'x' });
    let { cursor, mark } = await changesSince(account, null);
    await lab.control('/log', undefined, 'DELETE');
    expect(await changeMark(interactive())).toBe(mark);
    expect((await lab.control<{ totals: { requests: number } }>('/log?limit=0')).totals.requests).toBe(1);
    for (const change of ['read', 'star', 'archive', 'deliver', 'delete']) {
      const before = await changeMark(interactive());
      if (change === 'deliver')
        await account.deliver({ from: 'a@example.org', subject: 'y', text: 'x', receivedAt: '2020-01-01T00:00:00Z' });
      else await account.touch(id, change);
      expect(await changeMark(interactive()), change).not.toBe(before);
      ({ cursor, mark } = await changesSince(account, cursor));
      expect(await changeMark(interactive()), change).toBe(mark);
    }
  });

  it('reads on behind a hole and a record that nobody can read, and says how many there were', async () => {
    const account = await lab.account('spoilt');
    const target = { vendor: lab.vendor, account: account.address };
    const spoil = (as: string) => lab.control('/spoil-changes', { ...target, next: 1, as });
    const mail = { from: 'a@example.org', subject: 'x', text: 'x' };
    const { cursor } = await changesSince(account, null);
    const before = await account.deliver(mail);
    await spoil('omitted');
    const omitted = await account.deliver(mail);
    const between = await account.deliver(mail);
    await spoil('malformed');
    await account.deliver(mail);
    const after = await account.deliver(mail);
    const found = await lab.ignoringWire(() => changesSince(account, cursor));
    expect(found.changes).toEqual([before, between, after].map((messageId) => ({ kind: 'created', messageId })));
    expect(found.unreadable).toBe(1);
    await account.touch(omitted, 'read');
    const later = await changesSince(account, found.cursor);
    expect(later).toMatchObject({ changes: [{ messageId: omitted }], unreadable: 0 });
  });

  it('tells each of many changes once, however many pages they are', async () => {
    const account = await lab.account('far-behind');
    const { cursor } = await changesSince(account, null);
    const mail = { from: 'a@example.org', subject: 'x', text: 'x' };
    const ids = await Promise.all(Array.from({ length: 520 }, () => account.deliver(mail)));
    const { changes } = await changesSince(account, cursor);
    expect(changes).toHaveLength(ids.length);
    expect(new Set(changes.flatMap((one) => (one.kind === 'created' ? one.messageId : [])))).toEqual(new Set(ids));
  });

  it('tells what was created, changed and deleted since a cursor, and nothing twice', async () => {
    const account = await lab.account('changer');
    const old = await account.deliver({ from: 'a@example.org', subject: 'old', text: 'x' });
    const start = await changesSince(account, null);
    expect(start.changes).toEqual([]);
    expect(start.cursor).not.toMatch(/^https?:/);
    const created = await account.deliver({ from: 'a@example.org', subject: 'new', text: 'x' });
    await lab.control('/touch', { vendor: lab.vendor, account: account.address, id: old, change: 'read' });
    const next = await changesSince(account, start.cursor);
    expect(next.changes).toContainEqual({ kind: 'created', messageId: created });
    expect(next.changes).toContainEqual({ kind: 'updated', messageId: old });
    expect(next.changes).toHaveLength(2);
    await lab.control('/touch', { vendor: lab.vendor, account: account.address, id: old, change: 'delete' });
    const last = await changesSince(account, next.cursor);
    expect(last.changes).toEqual([{ kind: 'deleted', messageId: old }]);
    expect((await changesSince(account, last.cursor)).changes).toEqual([]);
  });

  it.each(twinPlaying(id).readToggles ?? [null])(
    'tells each time that a message is read or unread (%s)',
    async (told) => {
      const account = await lab.account(`toggled-${told}`);
      const { vendor } = lab;
      if (told) await lab.control('/changes', { vendor, account: account.address, readToggles: told });
      const mail = { from: 'a@example.org', subject: 'x', text: 'x' };
      const messageId = await account.deliver({ ...mail, mailbox: { name: 'Projects' } });
      let { cursor } = await changesSince(account, null);
      for (const change of ['read', 'unread', 'read']) {
        await lab.control('/touch', { vendor, account: account.address, id: messageId, change });
        const next = await changesSince(account, cursor);
        expect(next.changes).toEqual([{ kind: 'updated', messageId }]);
        cursor = next.cursor;
      }
      const isNew = await account.deliver(mail);
      await lab.control('/touch', { vendor, account: account.address, id: isNew, change: 'read' });
      expect((await changesSince(account, cursor)).changes).toEqual([{ kind: 'created', messageId: isNew }]);
    },
  );

  it('tells what was updated about the flags and mailboxes of a message, as a read of it then shows', async () => {
    const account = await lab.account('detailed');
    const mail = { from: 'a@example.org', subject: 'x', text: 'x' };
    const ids = [await account.deliver(mail), await account.deliver(mail)];
    const messages = async () => {
      const read = await account.session.getMessages(ids, 'envelope', interactive());
      return read.filter((message): message is Message => !isMailError(message));
    };
    const before = await messages();
    const { cursor } = await changesSince(account, null);
    const [archived = '', starred = ''] = ids;
    const patches = [
      { id: archived, isRead: true, moveTo: 'ARCHIVE' as const },
      { id: starred, isRead: true, isStarred: true },
    ];
    // The control API has no stars.
    const writes = twinPlaying(id).operations.save !== undefined;
    if (writes) {
      await account.session.update(patches, interactive());
      await account.session.update([{ id: starred, isRead: false }], interactive());
    } else {
      for (const change of ['read', 'archive']) await account.touch(archived, change);
      for (const change of ['read', 'unread']) await account.touch(starred, change);
    }
    const { details } = await changesSince(account, cursor);
    expect([...details.keys()].sort()).toEqual(ids.toSorted());
    for (const [n, message] of (await messages()).entries()) {
      const { mailboxIds, mailboxIdsAdded = [], mailboxIdsRemoved = [], ...flags } = details.get(ids[n] ?? '') ?? {};
      expect(flags).toMatchObject(n === 0 ? { isRead: true } : { isRead: false, ...(writes && { isStarred: true }) });
      expect(message).toMatchObject(flags);
      const kept = (before[n]?.mailboxIds ?? []).filter((mailbox) => !mailboxIdsRemoved.includes(mailbox));
      expect(new Set(mailboxIds ?? [...kept, ...mailboxIdsAdded])).toEqual(new Set(message.mailboxIds));
    }
  });

  it('tells what hints name at once, all else without them, and nothing of it twice', async () => {
    const account = await lab.account('hinted');
    const touch = (messageId: string, change: string) =>
      lab.control('/touch', { vendor: lab.vendor, account: account.address, id: messageId, change });
    const mail = { from: 'a@example.org', subject: 'x', text: 'x' };
    const [moved, deleted, other] = [
      await account.deliver(mail),
      await account.deliver(mail),
      await account.deliver({ ...mail, mailbox: { name: 'Projects' } }),
    ];
    let { cursor } = await changesSince(account, null);
    const told = new Map<string, string[]>();
    const look = async (...hints: Hint[]) => {
      const next = await changesSince(account, cursor, hints);
      cursor = next.cursor;
      for (const change of next.changes)
        if (change.kind !== 'mailbox') told.set(change.messageId, [...(told.get(change.messageId) ?? []), change.kind]);
    };
    const created = await account.deliver(mail);
    await look({ kind: 'created', messageId: created }, { kind: 'updated', messageId: created });
    expect(told.get(created)).toEqual(['created']);
    // The second notification of the message comes a while later.
    await look({ kind: 'updated', messageId: created });
    await touch(moved, 'archive');
    await look({ kind: 'updated', messageId: moved });
    expect(told.get(moved)).toEqual(['updated']);
    await touch(deleted, 'delete');
    await look({ kind: 'deleted', messageId: deleted });
    expect(told.get(deleted)).toEqual(['deleted']);
    // No notification named these messages.
    await touch(other, 'read');
    const unnamed = await account.deliver({ ...mail, mailbox: { name: 'Projects' } });
    await look();
    await look();
    expect(told).toEqual(
      new Map([
        [created, ['created']],
        [moved, ['updated']],
        [deleted, ['deleted']],
        [other, ['updated']],
        [unnamed, ['created']],
      ]),
    );
  });

  it('is not misled by hints of what is not there, or is no id', async () => {
    const account = await lab.account('misled');
    const { cursor } = await changesSince(account, null);
    const messageId = await account.deliver({ from: 'a@example.org', subject: 'x', text: 'x' });
    for (const named of ['AAMkAGI2', '../me', '', 'x'.repeat(3_000)]) {
      const { changes } = await changesSince(account, cursor, [{ kind: 'created', messageId: named }]);
      expect(changes).toEqual([{ kind: 'created', messageId }]);
    }
  });

  it('tells what comes while the first sync is under way, and nothing that was there before', async () => {
    const account = await lab.account('newcomer');
    for (let n = 0; n < 3; n++) await account.deliver({ from: 'a@example.org', subject: `old ${n}`, text: 'x' });
    const begun = await account.session.changes(null, interactive());
    const second = () => Math.floor(Date.now() / 1_000);
    const began = second();
    // Providers date mail with a precision of a second.
    await expect.poll(second).toBeGreaterThan(began);
    const meanwhile = await account.deliver({ from: 'a@example.org', subject: 'meanwhile', text: 'x' });
    const rest = await changesSince(account, begun.cursor);
    expect(rest.changes.filter(({ kind }) => kind !== 'mailbox')).toEqual([{ kind: 'created', messageId: meanwhile }]);
    expect((await changesSince(account, rest.cursor)).changes).toEqual([]);
  });

  it('reads on where a page tells nothing and says that there is more', async () => {
    const account = await lab.account('sparse');
    const { cursor } = await changesSince(account, null);
    const messageId = await account.deliver({ from: 'a@example.org', subject: 'behind an empty page', text: 'x' });
    await lab.control('/faults', {
      vendor: lab.vendor,
      account: account.address,
      operation: lab.operations.changes,
      emptyPage: true,
      times: 2,
    });
    expect((await changesSince(account, cursor)).changes).toEqual([{ kind: 'created', messageId }]);
  });

  it('reports mail of a burst completely', async () => {
    const account = await lab.account('burst');
    const { cursor } = await changesSince(account, null);
    const ids = new Set<string>();
    for (let i = 0; i < 130; i++)
      ids.add(await account.deliver({ from: 'a@example.org', subject: `burst ${i}`, text: 'x' }));
    const { changes } = await changesSince(account, cursor);
    expect(new Set(changes.flatMap((c) => (c.kind === 'created' ? [c.messageId] : [])))).toEqual(ids);
  });

  it('says CURSOR_EXPIRED when the provider has forgotten', async () => {
    const account = await lab.account('forgotten');
    const { cursor } = await changesSince(account, null);
    await account.deliver({ from: 'a@example.org', subject: 'x', text: 'x' });
    await lab.control('/expire-history', { vendor: lab.vendor, account: account.address });
    await expect(changesSince(account, cursor)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    const again = await changesSince(account, null);
    expect((await changesSince(account, again.cursor)).changes).toEqual([]);
  });

  it('is told of new mail by push, believes only the provider, and answers at once', async () => {
    const account = await lab.account('pushed');
    const { watch } = account.session;
    const provider = lab.provider;
    if (!watch || !provider.receive) return expect(lab.capabilities.push).not.toBe('WEBHOOK');
    const prove = provider.receive.bind(provider);
    const secret = 'a-secret-of-the-suite';
    const keys = new Set<string>();
    const signals: WatchNotification[] = [];
    const arrived = new Map<string, (signal: WatchNotification) => void>();
    let recorded: WebhookRequest | null = null;
    const findWatch = async (key: string) => (keys.has(key) ? [{ integrationId: 'integration-1', secret }] : []);
    receive = async (request) => {
      const outcome = await prove(request, findWatch);
      for (const signal of outcome.notifications) {
        recorded = request;
        signals.push(signal);
        arrived.get(signal.kind)?.(signal);
      }
      return outcome.reply;
    };
    const options = {
      notificationUrl: `${lab.publicUrl}/webhooks/${id.toLowerCase()}`,
      secret,
      isSilent: false,
      isTaken: async () => false,
      lost: async () => {},
    };
    const state = await watch.start(null, options, interactive());
    keys.add(state.key);
    expect(state.expiresAt.getTime()).toBeGreaterThan(Date.now() + 24 * 3600_000);
    const told = new Promise<WatchNotification>((resolve) => arrived.set('CHANGED', resolve));
    await account.deliver({ from: 'a@example.org', subject: 'ping', text: 'x' });
    expect(await told).toMatchObject({ integrationId: 'integration-1', kind: 'CHANGED' });

    const renewed = await watch.start(state, options, interactive());
    expect(renewed.key).toBe(state.key);

    // The same notification is refused when it does not come from the provider.
    const real = recorded as unknown as WebhookRequest;
    const withoutProof: WebhookRequest = {
      ...real,
      headers: { ...real.headers, authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' },
      body: Buffer.from(Buffer.from(real.body).toString().replaceAll(secret, 'another-secret')),
    };
    const forged = await provider.receive(withoutProof, findWatch);
    expect(forged.notifications).toEqual([]);
    for (const garbage of ['', '{', '[]', '{"value":[{}]}', '{"message":{"data":"!!"}}', 'x'.repeat(10_000)]) {
      const outcome = await provider.receive({ ...real, body: Buffer.from(garbage) }, findWatch);
      expect(outcome.notifications).toEqual([]);
      expect(outcome.reply.status).toBeLessThan(500);
    }
    await watch.stop(renewed, interactive());
  });

  it.each(['taken', 'refused'])('replaces a watch that is silent, where a second one is %s', async (duplicates) => {
    const account = await lab.account(`silent-${duplicates}`);
    const { watch } = account.session;
    const prove = lab.provider.receive?.bind(lab.provider);
    if (!watch || !prove) return expect(lab.capabilities.push).not.toBe('WEBHOOK');
    const target = { vendor: lab.vendor, account: account.address };
    // Some vendors allow one watch for each mailbox.
    await lab.control('/duplicates', { ...target, duplicates }).catch(() => {});
    const secret = 'a-secret-of-the-suite';
    let known = '';
    let told = 0;
    receive = async (request) => {
      const found = [{ integrationId: 'integration-1', secret }];
      const { notifications: signals, reply } = await prove(request, async (key) => (key === known ? found : []));
      told += signals.length;
      return reply;
    };
    const start = async (previous: WatchState | null, isSilent: boolean) => {
      const notificationUrl = `${lab.publicUrl}/webhooks/${id.toLowerCase()}`;
      const options = { notificationUrl, secret, isSilent, isTaken: async () => false, lost: async () => {} };
      const state = await watch.start(previous, options, interactive());
      known = state.key;
      return state;
    };
    const first = await start(null, false);
    await account.deliver({ from: 'a@example.org', subject: 'heard', text: 'x' });
    await expect.poll(() => told).toBeGreaterThan(0);
    await lab.control('/silence-watches', target);
    const renewed = await start(first, false);
    expect(renewed.key).toBe(first.key);
    // By then every notification from before the silence has arrived.
    await expect.poll(lab.hasNotified).toBe(true);
    told = 0;
    await account.deliver({ from: 'a@example.org', subject: 'unheard', text: 'x' });
    await expect.poll(lab.hasNotified).toBe(true);
    expect(told).toBe(0);
    const replaced = await start(renewed, true);
    await account.deliver({ from: 'a@example.org', subject: 'heard again', text: 'x' });
    await expect.poll(() => told).toBeGreaterThan(0);
    await watch.stop(replaced, interactive());
  });
});

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
