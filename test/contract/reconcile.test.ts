import { randomInt } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedChange } from '../../src/changes/change.store.ts';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { MailError } from '../../src/domain/error.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { type Instance, openInstance, storeAccount } from '../support/app/compared-account.ts';
import { openTestDatabase } from '../support/app/database.ts';
import { type Account, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';
import { THROUGH_RETRIES } from '../support/run/polls.ts';

describe.each(PROVIDER_IDS)('%s: an account compared with its index', (providerId) => {
  let lab: Lab;
  let db: Database;
  const sessions = new Map<string, MailSession>();
  const instances: Instance[] = [];
  beforeAll(async () => {
    [lab, db] = await Promise.all([openLab(providerId), openTestDatabase()]);
  });
  afterEach(async () => {
    await Promise.all(instances.splice(0).map((instance) => instance.close()));
    await db.prisma.integration.updateMany({ data: { status: 'DISCONNECTED' } });
  });
  afterAll(async () => {
    await db.close();
    await lab.close();
  });

  const open = async (options?: Parameters<typeof openInstance>[3]) => {
    const instance = await openInstance(db, lab, sessions, options);
    instances.push(instance);
    return instance;
  };
  let names = 0;
  /** Creates an account with so many messages. `change` replaces members of its session. */
  const prepared = async (messages: number, change: (session: MailSession) => Partial<MailSession> = () => ({})) => {
    const account = await lab.account(`compared${names++}`);
    const mailIds: string[] = [];
    for (let n = 0; n < messages; n++) mailIds.push(await deliver(account, n));
    const id = await storeAccount(db, lab, account);
    const { session } = account;
    sessions.set(
      id,
      new Proxy(session, {
        get: (own, name) => {
          const changed = change(own);
          return name in changed ? Reflect.get(changed, name) : Reflect.get(own, name);
        },
      }),
    );
    return { account, id, mailIds };
  };
  const deliver = ({ deliver: send }: Account, n: number) =>
    send({
      from: 'a@example.org',
      subject: `mail ${n}`,
      text: 'x',
      receivedAt: new Date(Date.UTC(2025, 1, 1, 0, n)).toISOString(),
    });
  const read = (instance: Instance, id: string) => instance.sync.readAll(id, new AbortController().signal);
  /** Returns the results of the next comparison. */
  const compare = async (instance: Instance, id: string) => {
    const before = await instance.proofs.report(id);
    await instance.reconcile.request(id);
    let ended = before;
    const endedAt = async () => {
      ended = await instance.proofs.report(id);
      return ended.endedAt;
    };
    // One that fails is tried again a second later, and then two.
    await expect.poll(endedAt, THROUGH_RETRIES).not.toEqual(before.endedAt);
    const { checked, missing, repaired } = ended;
    return { checked, missing, repaired };
  };
  const log = (id: string, after = 0n): Promise<LoggedChange[]> => new ChangeStore(db).read(id, after, 10_000);
  const end = async (id: string) => (await new ChangeStore(db).position(id)).sequence;
  const told = async (id: string, after: bigint) =>
    (await log(id, after)).filter(({ kind }) => kind !== 'mailbox').map(({ kind, subject }) => `${kind} ${subject}`);

  it('finds exactly what no event has told, and tells it', async () => {
    const { account, id, mailIds } = await prepared(12);
    const instance = await open();
    expect(await read(instance, id)).toBe(true);
    expect(await compare(instance, id)).toEqual({ checked: 12, missing: 0, repaired: 0 });
    const [read1 = '', gone = '', starred = '', untold = ''] = mailIds;
    // What the log has said since is not missing, also where an instance that keeps no index has read it.
    const older = await open({ syncIndex: false });
    await account.touch(read1, 'read');
    await read(older, id);
    await account.touch(read1, 'star');
    await read(instance, id);
    await deliver(account, 20);
    await read(older, id);
    expect(await compare(instance, id)).toEqual({ checked: 13, missing: 0, repaired: 0 });
    const before = await end(id);
    // As if no event had told that it was deleted, starred, created, or deleted at the provider.
    const rows = db.prisma.indexedMessage;
    await account.touch(gone, 'delete');
    await account.touch(starred, 'star');
    expect(await read(instance, id)).toBe(true);
    const afterChanges = await end(id);
    expect(afterChanges).toBeGreaterThan(before);
    const of = (messageId: string) => ({ integrationId_messageId: { integrationId: id, messageId } });
    await rows.update({ where: of(gone), data: { deletedAt: null, state: '0abcdefg' } });
    await rows.update({ where: of(starred), data: { state: '0abcdefg' } });
    await rows.delete({ where: of(untold) });
    const since = await end(id);
    expect(await compare(instance, id)).toEqual({ checked: 12, missing: 3, repaired: 3 });
    const expected = [`deleted ${gone}`, `updated ${starred}`, `created ${untold}`];
    expect((await told(id, since)).sort()).toEqual(expected.sort());
    expect(await compare(instance, id)).toEqual({ checked: 12, missing: 0, repaired: 0 });
  });

  it.each(['omitted', 'malformed'])('finds the changes that the provider reports %s', async (as) => {
    const { account, id, mailIds } = await prepared(8);
    const instance = await open();
    await read(instance, id);
    await compare(instance, id);
    const since = await end(id);
    const [starred = '', gone = '', trashed = ''] = mailIds;
    await lab.control('/spoil-changes', { vendor: lab.vendor, account: account.address, next: 4, as });
    await account.touch(starred, 'star');
    await account.touch(gone, 'delete');
    await account.touch(trashed, 'trash');
    const arrived = await deliver(account, 40);
    await deliver(account, 41);
    await lab.ignoringWire(() => read(instance, id));
    expect(await told(id, since)).toHaveLength(1);
    // With the record that could not be read a comparison was requested, in one transaction.
    const due = (await instance.proofs.due()).map((one) => [one.id, one.purpose]);
    expect(due).toEqual(as === 'malformed' ? [[id, 'check']] : []);
    const planted = await end(id);
    expect(await compare(instance, id)).toEqual({ checked: 9, missing: 4, repaired: 4 });
    const expected = [`updated ${starred}`, `deleted ${gone}`, `updated ${trashed}`, `created ${arrived}`];
    expect((await told(id, planted)).sort()).toEqual(expected.sort());
  });

  it.each(['none', 'not begun', 'begun'])(
    'a change that the provider reports malformed is a reset where no index can find it: the index is %s',
    async (index) => {
      const { account, id } = await prepared(2);
      const instance = await open({ syncIndex: index !== 'none' });
      await read(instance, id);
      if (index === 'begun') await instance.proofs.begin();
      const since = await end(id);
      await lab.control('/spoil-changes', { vendor: lab.vendor, account: account.address, next: 1, as: 'malformed' });
      await deliver(account, 40);
      const arrived = await deliver(account, 41);
      await lab.ignoringWire(() => read(instance, id));
      expect(await told(id, since)).toEqual([expect.stringContaining(arrived), 'reset CHANGES_UNREADABLE']);
    },
  );

  it('goes on with its first snapshot when a change cannot be read meanwhile, and then compares the account', async () => {
    const begun: (string | null)[] = [];
    let gone = '';
    const { account, id } = await prepared(9, (own) => ({
      snapshot: async (after, call) => {
        begun.push(after);
        if (begun.length === 2) {
          await lab.control('/spoil-changes', {
            vendor: lab.vendor,
            account: account.address,
            next: 1,
            as: 'malformed',
          });
          await account.touch(gone, 'delete');
          await lab.ignoringWire(() => read(instance, id));
        }
        const page = await own.snapshot?.(after, call, 3);
        gone ||= page?.messages[0]?.id ?? '';
        return page as never;
      },
    }));
    const instance = await open();
    await read(instance, id);
    const since = await end(id);
    instance.reconcile.start();
    await expect.poll(() => told(id, since), THROUGH_RETRIES).toHaveLength(2);
    expect(await told(id, since)).toEqual(['reset CHANGES_UNREADABLE', `deleted ${gone}`]);
    // The first snapshot was read to its end before the account was compared.
    expect(begun.indexOf(null, 1)).toBeGreaterThan(2);
  });

  it('tells a mail that arrives with an old date as new', async () => {
    const { account, id } = await prepared(2);
    const instance = await open();
    await read(instance, id);
    await compare(instance, id);
    const since = await end(id);
    const imported = await deliver(account, 30);
    await read(instance, id);
    expect(await told(id, since)).toEqual([`created ${imported}`]);
    await account.touch(imported, 'star');
    await read(instance, id);
    expect(await told(id, since)).toEqual([`created ${imported}`, `updated ${imported}`]);
  });

  it('finds the entries that the log has lost, and tells them to who reads it again and to who has read past them', async () => {
    const { account, id, mailIds } = await prepared(6);
    const instance = await open();
    await read(instance, id);
    await compare(instance, id);
    const begun = await end(id);
    const [flagged = '', gone = ''] = mailIds;
    await account.touch(flagged, 'star');
    await read(instance, id);
    await account.touch(gone, 'delete');
    const arrived = await deliver(account, 30);
    await read(instance, id);
    await account.touch(arrived, 'star');
    await read(instance, id);
    const entries = (await log(id, begun)).filter(({ kind }) => kind !== 'mailbox');
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(['created', 'updated', 'deleted']));
    const lost = entries.map(({ sequence }) => sequence);
    const since = await end(id);
    await db.prisma.change.deleteMany({ where: { integrationId: id, sequence: { in: lost } } });
    expect(await compare(instance, id)).toMatchObject({ missing: lost.length, repaired: lost.length });
    const again = await log(id, begun);
    expect(again.slice(0, Number(since - begun)).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: Number(since - begun) }, (_, n) => begun + 1n + BigInt(n)),
    );
    const expected = [`updated ${flagged}`, `deleted ${gone}`, `created ${arrived}`];
    const repaired = await told(id, since);
    expect(repaired).toEqual(expect.arrayContaining(expected));
    // Where a provider does not report the state of what it changes, the message is told again once its state is known.
    for (const one of repaired) expect([...expected, `updated ${arrived}`]).toContain(one);
    expect(await compare(instance, id)).toMatchObject({ missing: 0 });

    // Each is a repetition of the entry that was lost, and so is an arrival that the provider reports once more.
    const keyOf = ({ kind, subject }: { kind: string; subject: string }) => `${kind} ${subject}`;
    const { cursor, sequence } = await instance.store.position(id);
    await instance.store.advance(id, cursor, cursor ?? '', [{ kind: 'created', subject: arrived }]);
    for (const change of await log(id, since)) {
      const first = entries.find((entry) => keyOf(entry) === keyOf(change));
      const isRepeated = expected.includes(keyOf(change)) || change.sequence > sequence;
      if (isRepeated) expect([keyOf(change), change.repeats]).toEqual([keyOf(change), first?.sequence]);
    }
    expect(await end(id)).toBe(sequence + 1n);
  });

  it('finds nothing while the account changes at random and two instances read it', async () => {
    const seed = randomInt(2 ** 31);
    let state = seed;
    const random = (n: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % n;
    };
    const { account, id, mailIds } = await prepared(12, (own) => ({
      snapshot: (after, call) => own.snapshot?.(after, call, 5) as never,
    }));
    const [one, two] = [await open(), await open()];
    await read(one, id);
    await compare(one, id);
    let isOver = false;
    const changing = (async () => {
      for (let n = 0; !isOver; n++) {
        const target = mailIds[random(mailIds.length)] ?? '';
        const change = ['read', 'unread', 'star', 'unstar', 'archive', 'inbox', 'trash'][random(7)] ?? '';
        if (random(5) === 0) mailIds.push(await deliver(account, 100 + n));
        else if (random(6) === 0 && mailIds.length > 6) {
          mailIds.splice(mailIds.indexOf(target), 1);
          await account.touch(target, 'delete');
        } else await account.touch(target, change);
        if (random(3) === 0) await read(random(2) ? one : two, id);
      }
    })();
    for (let n = 0; n < 2; n++)
      expect(await compare(n % 2 ? two : one, id), `seed ${seed}`).toMatchObject({ missing: 0 });
    isOver = true;
    await changing;
    expect(await compare(two, id), `seed ${seed}`).toEqual({ checked: mailIds.length, missing: 0, repaired: 0 });
  });

  it('tells what was created, changed and deleted while the provider had lost the history, without a reset', async () => {
    const { account, id, mailIds } = await prepared(8);
    const instance = await open();
    await read(instance, id);
    await compare(instance, id);
    const call = { signal: new AbortController().signal, priority: 'interactive' } as const;
    const folder = await account.session.saveMailbox({ id: null, name: 'short-lived' }, call);
    await read(instance, id);
    const since = await end(id);
    await account.session.deleteMailbox(folder.id, call);
    const [gone = '', starred = '', trashed = ''] = mailIds;
    await account.touch(gone, 'delete');
    await account.touch(starred, 'star');
    await account.touch(trashed, 'trash');
    // An imported mail with an old date.
    const old = await deliver(account, 3);
    await lab.control('/expire-history', { vendor: lab.vendor, account: account.address });
    const record = { id, status: 'CONNECTED' } as const;
    await read(instance, id);
    expect(await instance.proofs.canRecover(id)).toBe(true);
    instance.reconcile.start();
    const position = async () => (await instance.health.of(record)).position;
    await expect.poll(async () => (await position()).historyLostAt === null && (await told(id, since)).length).toBe(4);
    const mailboxes = (await log(id, since)).flatMap(({ kind, subject }) => (kind === 'mailbox' ? [subject] : []));
    expect(mailboxes).toContain(folder.id);
    const expected = [`deleted ${gone}`, `updated ${starred}`, `updated ${trashed}`, `created ${old}`];
    expect((await told(id, since)).sort()).toEqual(expected.sort());
    expect((await instance.proofs.report(id)).missing).toBe(0);
    expect(await compare(instance, id)).toEqual({ checked: 8, missing: 0, repaired: 0 });
  });

  it.each(['is disconnected', 'is kept without an index', 'cannot list its messages any more'])(
    'a lost history of an account that %s is a reset, in the transaction that gives it up',
    async (how) => {
      let isListed = true;
      const { account, id } = await prepared(2, () => (isListed ? {} : ({ snapshot: undefined } as never)));
      const instance = await open();
      await read(instance, id);
      await compare(instance, id);
      await lab.control('/expire-history', { vendor: lab.vendor, account: account.address });
      const since = await end(id);
      await read(instance, id);
      const isLost = async () => (await new ChangeStore(db).position(id)).historyLostAt !== null;
      expect([await isLost(), await told(id, since)]).toEqual([true, []]);
      isListed = false;
      if (how === 'is disconnected') await instance.reconcile.disconnecting(id);
      else if (how === 'is kept without an index') (await open({ syncIndex: false })).reconcile.start();
      else instance.reconcile.start();
      await expect.poll(isLost).toBe(false);
      expect(await told(id, since)).toEqual(['reset CURSOR_EXPIRED']);
    },
  );

  it('counts and announces what it has repaired, also when the comparison fails before it has looked at everything again', async () => {
    let looks = 0;
    let isMoving = false;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { account, id, mailIds } = await prepared(4, (own) => ({
      // The comparison that continues after the failure would end, and begin its counts again.
      snapshot: async (...asked) => {
        if (looks > 1) await held;
        return own.snapshot?.(...asked) as never;
      },
      getMessages: async (ids, part, call) => {
        const answers = await own.getMessages(ids, part, call);
        if (!isMoving) return answers;
        looks++;
        if (looks > 1) throw new MailError('PROVIDER_UNAVAILABLE', 'The provider does not answer.');
        // One of the messages changes between this look and the next, so that it is looked at again.
        await account.touch(moving, 'star');
        return answers;
      },
    }));
    const [starred = '', moving = ''] = mailIds;
    const instance = await open();
    await read(instance, id);
    await compare(instance, id);
    const of = (messageId: string) => ({ integrationId_messageId: { integrationId: id, messageId } });
    for (const messageId of [starred, moving])
      await db.prisma.indexedMessage.update({ where: of(messageId), data: { state: '0abcdefg' } });
    const since = await end(id);
    const announced: string[] = [];
    const follower = await instance.hub.follow(id, since, () => announced.push('grown'));
    isMoving = true;
    instance.reconcile.start();
    await instance.reconcile.request(id);
    await expect.poll(() => looks).toBeGreaterThan(1);
    await expect.poll(() => announced).not.toEqual([]);
    const { passMissing } = await db.prisma.proof.findUniqueOrThrow({ where: { integrationId: id } });
    expect(passMissing).toBe(1);
    isMoving = false;
    letGo();
    const missing = async () => (await instance.proofs.report(id)).missing;
    await expect.poll(missing, THROUGH_RETRIES).toBeGreaterThanOrEqual(1);
    expect((await told(id, since)).filter((one) => one === `updated ${starred}`)).toHaveLength(1);
    follower.leave();
  });

  it.each(['PROVIDER_UNAVAILABLE', 'INVALID'] as const)(
    'a message that is never read (%s) holds up no comparison: what the provider lists of it is reported',
    async (code) => {
      const poisonous = new Set<string>();
      let young: string | null = null;
      let isSpoilt = false;
      const { account, id, mailIds } = await prepared(6, (own) => ({
        getMessages: async (ids, part, call) =>
          (await own.getMessages(ids, part, call)).map((answer, n) =>
            poisonous.has(ids[n] ?? '') ? new MailError(code, 'This message cannot be read.') : answer,
          ),
        snapshot: async (after, call) => {
          const page = await own.snapshot?.(after, call);
          if (!isSpoilt || !page) return page as never;
          if (young === null) {
            young = await deliver(account, 20);
            poisonous.add(young);
          }
          return { ...page, messages: page.messages.filter((one) => one.id !== unlisted && one.id !== young) };
        },
      }));
      const [starred = '', unlisted = '', other = ''] = mailIds;
      const instance = await open();
      await read(instance, id);
      await compare(instance, id);
      const rows = db.prisma.indexedMessage;
      const spoil = (messageId: string) =>
        rows.update({
          where: { integrationId_messageId: { integrationId: id, messageId } },
          data: { state: '0abcdefg' },
        });
      // Alone, it may be an outage, which the comparison waits for at first.
      poisonous.add(starred);
      await spoil(starred);
      const since = await end(id);
      instance.reconcile.start();
      expect(await compare(instance, id)).toEqual({ checked: 6, missing: 1, repaired: 1 });
      expect(await told(id, since)).toEqual([`updated ${starred}`]);
      expect(await compare(instance, id)).toEqual({ checked: 6, missing: 0, repaired: 0 });
      // Beside another one, it is its own fault. One that is not listed any more was deleted, unless it is newer than the list.
      for (const messageId of [starred, other]) await spoil(messageId);
      poisonous.add(unlisted);
      isSpoilt = true;
      const later = await end(id);
      expect(await compare(instance, id)).toMatchObject({ missing: 3, repaired: 3 });
      const expected = [`updated ${starred}`, `updated ${other}`, `deleted ${unlisted}`, `created ${young}`];
      expect((await told(id, later)).sort()).toEqual(expected.sort());
    },
  );

  it('a lost history is recovered although a message that changed meanwhile is never read', async () => {
    let poisonous = '';
    const { account, id, mailIds } = await prepared(3, (own) => ({
      getMessages: async (ids, part, call) =>
        (await own.getMessages(ids, part, call)).map((answer, n) =>
          ids[n] === poisonous ? new MailError('PROVIDER_UNAVAILABLE', 'This message cannot be read.') : answer,
        ),
    }));
    const instance = await open();
    await read(instance, id);
    await compare(instance, id);
    poisonous = mailIds[0] ?? '';
    await account.touch(poisonous, 'star');
    await lab.control('/expire-history', { vendor: lab.vendor, account: account.address });
    const since = await end(id);
    await read(instance, id);
    instance.reconcile.start();
    const historyLostAt = async () => (await new ChangeStore(db).position(id)).historyLostAt;
    await expect.poll(historyLostAt, THROUGH_RETRIES).toBeNull();
    expect(await told(id, since)).toEqual([`updated ${poisonous}`]);
  });

  it('continues the first snapshot where a killed instance stopped, and only one instance makes it', async () => {
    const begun: (string | null)[] = [];
    let stuck = true;
    const { id } = await prepared(30, (own) => ({
      snapshot: async (after, call) => {
        begun.push(after);
        if (after !== null && stuck)
          await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)));
        return own.snapshot?.(after, call, 8) as never;
      },
    }));
    const first = await open();
    await read(first, id);
    first.reconcile.start();
    await expect.poll(() => begun.length).toBe(2);
    await first.close();
    instances.splice(instances.indexOf(first), 1);
    // The claim is left as a killed process leaves it. The instance would claim it again if it were still running.
    await db.prisma.proof.update({
      where: { integrationId: id },
      data: { claimOwner: 'killed', claimUntil: new Date() },
    });
    stuck = false;
    const others = [await open(), await open()];
    for (const { reconcile } of others) reconcile.start();
    const report = async () => (await first.proofs.report(id)).checked;
    await expect.poll(report).toBeGreaterThanOrEqual(30);
    expect(begun.filter((after) => after === null)).toHaveLength(1);
    expect(new Set(begun).size).toBe(begun.length - 1);
  });

  it('erases the index of a disconnected account, and every index when it is switched off', async () => {
    const rows = async (id: string) =>
      (await db.prisma.indexedMessage.count({ where: { integrationId: id } })) +
      (await db.prisma.indexedSubject.count({ where: { integrationId: id } })) +
      (await db.prisma.proof.count({ where: { integrationId: id } }));
    const [ada, bob] = [await prepared(3), await prepared(3)];
    const instance = await open();
    for (const { id } of [ada, bob]) {
      await read(instance, id);
      await compare(instance, id);
      expect(await rows(id)).toBeGreaterThan(3);
    }
    await instance.reconcile.disconnecting(ada.id);
    expect([await rows(ada.id), (await rows(bob.id)) > 3]).toEqual([0, true]);
    const off = await open({ syncIndex: false });
    off.reconcile.start();
    await expect.poll(() => rows(bob.id)).toBe(0);
    await deliver(bob.account, 9);
    expect(await read(off, bob.id)).toBe(true);
    expect(await rows(bob.id)).toBe(0);
    await expect(off.reconcile.request(bob.id)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
