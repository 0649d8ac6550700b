import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SessionService } from '../../src/accounts/users/session.service.ts';
import { SessionStore } from '../../src/accounts/users/session.store.ts';
import { UserStore } from '../../src/accounts/users/user.store.ts';
import { MailError, storeErrorIn } from '../../src/domain/error.ts';
import { createBus } from '../../src/platform/bus/bus.ts';
import { openDatabase } from '../../src/platform/database/database.open.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { migrate } from '../../src/platform/database/migrations.ts';
import { asStoreError } from '../../src/platform/database/store/store.error.ts';
import { STORE_LIMITS, type StoreLimits } from '../../src/platform/database/store/store.limits.ts';
import { retryUntilStoreIsBack } from '../../src/platform/database/store/store.retry.ts';
import { openAccounts } from '../support/app/accounts.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';
import { Relay } from '../support/app/relay.ts';
import { exchanged, fakeProvider } from '../support/fakes/provider.ts';

const AWAY = { name: 'MailError', code: 'STORE_UNAVAILABLE', retryAfterMs: expect.any(Number) };
const row = () => ({ id: randomUUID(), email: `${randomUUID()}@x.example`, passwordHash: '' });

it('an unrelated error is left as it is, and a store failure is found inside the error that wraps it', () => {
  for (const error of [
    new Error('no'),
    Object.assign(new Error('no'), { code: '23505', severity: 'ERROR' }),
    null,
    'x',
  ])
    expect(asStoreError(error)).toBe(error);
  const away = asStoreError(Object.assign(new Error('full'), { code: '53100', severity: 'ERROR' }));
  const wrapped = new MailError('PROVIDER_UNAVAILABLE', 'x', { cause: new TypeError('fetch failed', { cause: away }) });
  expect(storeErrorIn(wrapped)).toBe(away);
  expect(storeErrorIn(new MailError('PROVIDER_UNAVAILABLE', 'x', { cause: new Error('y') }))).toBeNull();
});

it('required work is done when the store is back, and not after its deadline', async () => {
  const away = asStoreError(Object.assign(new Error('full'), { code: '53100' }));
  const work = vi.fn().mockRejectedValueOnce(away).mockResolvedValue('done');
  expect(await retryUntilStoreIsBack(work, new AbortController().signal)).toBe('done');
  await expect(retryUntilStoreIsBack(() => Promise.reject(away), AbortSignal.abort())).rejects.toBe(away);
  const bug = new Error('a bug');
  await expect(retryUntilStoreIsBack(() => Promise.reject(bug), new AbortController().signal)).rejects.toBe(bug);
});

describe.each(TEST_DATABASES)('on %s', (kind) => {
  let db: Database;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    await db.execute(`
      CREATE TABLE bad_day (code text);
      CREATE FUNCTION have_it() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE given text := (SELECT code FROM bad_day LIMIT 1);
      BEGIN
        IF given IS NOT NULL THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = given; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER bad_day BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION have_it()`);
  });
  afterAll(() => db.close());

  // In this order: disk full, out of memory, too many connections, read-only, statement timeout, starting up, deadlock,
  // connection lost, I/O error, and missing tables while a backup is being restored.
  it.each(['53100', '53200', '53300', '25006', '57014', '57P03', '40P01', '08006', '58030', '42P01'])(
    'a database that reports %s is unavailable to every kind of query, and serves when that is over',
    async (code) => {
      const { id, email } = row();
      const insert = `INSERT INTO users (id, email, password_hash) VALUES ('${id}', '${email}', '')`;
      await db.execute('INSERT INTO bad_day VALUES ($1)', [code]);
      const asked = [
        () => db.prisma.user.create({ data: row() }),
        () => db.prisma.$executeRawUnsafe(insert),
        () => db.prisma.$transaction((tx) => tx.user.create({ data: row() })),
        () => db.execute(insert),
      ];
      for (const ask of asked) await expect(ask()).rejects.toMatchObject(AWAY);
      await db.execute('DELETE FROM bad_day');
      for (const ask of asked) await ask().catch((error: unknown) => expect(error).not.toMatchObject(AWAY));
    },
  );

  it('an error of a statement is not one of the store', async () => {
    const taken = await db.prisma.user.create({ data: row() });
    await expect(db.prisma.user.create({ data: taken })).rejects.toMatchObject({ code: 'P2002' });
    await expect(db.execute('SELECT nonsense')).rejects.not.toMatchObject(AWAY);
    const refused = db.prisma.$transaction(() => Promise.reject(new Error('mine')));
    await expect(refused).rejects.toThrow('mine');
  });
});

describe.each(TEST_DATABASES.filter((kind) => kind === 'postgres'))('on a %s that cannot be reached', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /**
   * The product's own limits where a busy server only has to answer, and shorter ones where the test waits for a
   * timeout.
   */
  const SHORT = { ...STORE_LIMITS, statementMs: 2_000, probeEveryMs: 50 };
  /** The same for a server that answers, however busy it is: the probe that follows a timeout finds that it does not hang. */
  const ANSWERING = { ...SHORT, probeMs: 30_000 };

  async function open(limits: Partial<StoreLimits> = {}): Promise<{ db: Database; relay: Relay; direct: Database }> {
    const own = await createTestDatabaseUrl({ migrated: true });
    if (!own) throw new Error('TEST_DATABASE_URL names no server');
    const direct = await openDatabase({ url: own.url, dataDir: null, log: silent });
    await migrate(direct);
    const relay = await Relay.open(own.url);
    const db = await openDatabase({ url: relay.url, dataDir: null, log: silent, limits });
    closers.push(
      () => own.drop(),
      () => relay.cut(),
      () => direct.close(),
      () => db.close(),
    );
    return { db, relay, direct };
  }

  /** The next commit is made, but its answer is lost. */
  const loseCommit = (relay: Relay, then: () => void = () => {}) => {
    relay.onPiece = (piece, cut) => {
      if (!piece.includes('C\0\0\0\x0bCOMMIT\0')) return;
      relay.onPiece = null;
      cut();
      then();
    };
  };

  /** Ends every connection to the database but the one that runs this statement. */
  const terminate = (direct: Database) =>
    direct.execute(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  const sleeping = async (direct: Database) =>
    (
      await direct.execute(`
        SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%pg_sleep(3%' AND query NOT LIKE '%LIKE%'`)
    ).rows.length;

  it('every use of a connection survives its loss, and the next one serves', async () => {
    const { db, direct } = await open();
    let enter = () => {};
    const inside = new Promise<void>((resolve) => {
      enter = resolve;
    });
    let go = () => {};
    const cut = new Promise<void>((resolve) => {
      go = resolve;
    });
    const running = [
      db.execute('SELECT 1; SELECT pg_sleep(30) FOR UPDATE'),
      db.execute('INSERT INTO users SELECT gen_random_uuid(), pg_sleep(30)::text, $1', ['']),
      db.prisma.$executeRaw`INSERT INTO users SELECT gen_random_uuid(), pg_sleep(30)::text, '2'`,
      // Between its two statements this transaction waits for no answer.
      db.prisma.$transaction(async (tx) => {
        await tx.user.count();
        enter();
        await cut;
        return tx.user.create({ data: row() });
      }),
    ];
    const outcomes = Promise.allSettled(running);
    await inside;
    await expect.poll(() => sleeping(direct)).toBeGreaterThanOrEqual(2);
    const exclusive = db.exclusively('w', async () => {
      await terminate(direct);
      // By then the relay has also passed on the loss of the connection that holds the lock, on which nothing waits.
      await expect
        .poll(() =>
          db.execute('SELECT 1').then(
            () => 'served',
            () => 'away',
          ),
        )
        .toBe('served');
      await db.ping();
      return 'done';
    });
    expect(await exclusive).toBe('done');
    go();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: AWAY });
    await db.prisma.user.create({ data: row() });
    expect(await db.prisma.user.count()).toBe(1);
  });

  it('a database that refuses all connections is unavailable, whatever its reason', async () => {
    const { db, direct } = await open();
    const [{ name } = { name: '' }] = (await direct.execute('SELECT current_database() AS name')).rows;
    const elsewhere = await openDatabase({ url: process.env.TEST_DATABASE_URL ?? '', dataDir: null, log: silent });
    closers.push(() => elsewhere.close());
    await elsewhere.execute(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await terminate(direct);
    const asked = [
      () => db.ping(),
      () => db.execute('SELECT 1'),
      () => db.prisma.user.count(),
      () => db.prisma.$queryRaw`SELECT 1`,
      () => db.prisma.$transaction((tx) => tx.user.count()),
    ];
    for (const ask of asked) await expect(ask()).rejects.toMatchObject(AWAY);
    await elsewhere.execute(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    for (const ask of asked) await ask();
  });

  const taken = async (direct: Database, role: string) =>
    (await direct.execute('SELECT 1 FROM pg_stat_activity WHERE usename = $1', [role])).rows.length;

  /** Opens the database as a user who may have only so many connections. */
  async function openFew(connections: number) {
    const { relay, direct } = await open();
    const role = `postern_test_${randomUUID().replaceAll('-', '')}`;
    await direct.execute(`CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT ${connections}`);
    closers.push(() => direct.execute(`DROP ROLE ${role}`));
    const url = Object.assign(new URL(relay.url), { username: role, password: 'x' }).href;
    const few = await openDatabase({ url, dataDir: null, log: silent });
    closers.push(() => few.close());
    return { few, direct, role };
  }

  it('a server that allows few connections serves everybody with those', async () => {
    const { few, direct, role } = await openFew(3);
    await Promise.all(Array.from({ length: 50 }, () => few.execute('SELECT pg_sleep(0.02)')));
    // Without any connection the refusal comes at once.
    await direct.execute(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
    await terminate(direct);
    await expect(few.execute('SELECT 1')).rejects.toMatchObject(AWAY);
    // A connection that was ended counts until its server process has ended.
    await expect.poll(() => taken(direct, role)).toBe(0);
    await direct.execute(`ALTER ROLE ${role} CONNECTION LIMIT 3`);
    await Promise.all(Array.from({ length: 50 }, () => few.execute('SELECT pg_sleep(0.02)')));
  });

  it('the listening connection gets through beside a busy pool that uses all others', async () => {
    const { few, direct, role } = await openFew(4);
    const received = vi.fn();
    await few.listen('postern_bus', received);
    let busy = true;
    const work = Array.from({ length: 8 }, async () => {
      while (busy) await few.execute('SELECT pg_sleep(0.02)');
    });
    closers.push(async () => {
      busy = false;
      await Promise.all(work);
    });
    // One connection fewer where the server still counted an ended one, and refused the last.
    await expect.poll(() => taken(direct, role)).toBeGreaterThanOrEqual(3);
    await direct.execute(`ALTER ROLE ${role} CONNECTION LIMIT 3`);
    await direct.execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND query LIKE 'LISTEN%'",
      [role],
    );
    const receivedCount = async () => {
      await few.notify('postern_bus', 'x');
      return received.mock.calls.length;
    };
    await expect.poll(receivedCount).toBeGreaterThan(0);
  });

  it('a read whose connection breaks is retried, and a write is not', async () => {
    const { db, relay } = await open();
    let cuts = 0;
    const cutOnce = (text: string) => {
      cuts = 0;
      relay.onPiece = (piece, cut) => {
        if (cuts > 0 || !piece.includes(text)) return;
        cuts++;
        cut();
      };
    };
    cutOnce('SELECT COUNT');
    expect(await db.prisma.user.count()).toBe(0);
    expect(cuts).toBe(1);
    cutOnce('pg_notify');
    await db.notify('postern_bus', 'x');
    expect(cuts).toBe(1);
    cutOnce('INSERT INTO');
    await expect(db.prisma.user.create({ data: row() })).rejects.toMatchObject(AWAY);
    expect(cuts).toBe(1);
  });

  it('a server that hangs is given up in time, then everybody is refused at once, and all serve again when it continues', async () => {
    const { db, relay } = await open(SHORT);
    await Promise.all(Array.from({ length: 10 }, () => db.ping()));
    relay.hang();
    const inRequest = <T>(work: () => Promise<T>) => db.limited((end) => work().finally(end));
    const first = await Promise.allSettled([
      inRequest(() => db.prisma.user.create({ data: row() })),
      inRequest(() => db.prisma.$transaction((tx) => tx.user.count())),
      inRequest(() => db.execute('SELECT 1')),
      ...Array.from({ length: 20 }, () => inRequest(() => db.ping())),
    ]);
    for (const outcome of first) expect(outcome).toMatchObject({ status: 'rejected', reason: AWAY });
    // Nothing is sent to a server that is known to be unavailable.
    let pieces = 0;
    relay.onPiece = () => pieces++;
    for (let i = 0; i < 50; i++) await expect(db.ping()).rejects.toMatchObject(AWAY);
    expect(pieces).toBe(0);
    relay.resume();
    await expect.poll(() => db.prisma.user.count().catch(() => 'away')).toBeTypeOf('number');
    // None of the connections that hung is used again.
    await Promise.all(Array.from({ length: 20 }, () => inRequest(() => db.ping())));
  });

  it('one slow statement is given up, and delays no other query', async () => {
    const { db } = await open(ANSWERING);
    const slow = db.limited((end) => db.execute('SELECT pg_sleep(30)').finally(end));
    await expect(slow).rejects.toMatchObject(AWAY);
    await Promise.all(Array.from({ length: 20 }, () => db.ping()));
  });

  it('a statement that was given up while it waited for a lock occupies no connection of the server', async () => {
    const { db, direct } = await open(ANSWERING);
    const waiting = async () =>
      (
        await direct.execute(`
          SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"users"%'`)
      ).rows.length;
    await direct.prisma.$transaction(
      async (tx) => {
        await tx.$executeRaw`LOCK TABLE users`;
        const counting = Array.from({ length: 5 }, () => db.limited((end) => db.prisma.user.count().finally(end)));
        for (const { status } of await Promise.allSettled(counting)) expect(status).toBe('rejected');
        await expect.poll(waiting).toBe(0);
      },
      { timeout: 25_000 },
    );
    expect(await db.prisma.user.count()).toBe(0);
  });

  it('the statements of one request share a limit, those of the background do not', async () => {
    const { db } = await open({ ...ANSWERING, statementMs: STORE_LIMITS.statementMs, requestMs: 1_500 });
    let done = 0;
    const several = async () => {
      for (done = 0; done < 8; done++) await db.execute('SELECT pg_sleep(0.4)');
    };
    await expect(db.limited((end) => several().finally(end))).rejects.toMatchObject(AWAY);
    expect(done).toBeLessThan(8);
    await db.limited((end) => several().finally(end), { streamed: true });
    expect(done).toBe(8);
    // Work that a request began continues after its answer.
    await db.limited((end) => {
      end();
      return several();
    });
    expect(done).toBe(8);
  });

  it('a session that another instance ended unheard is ended here when the store is back', async () => {
    const { db, relay, direct } = await open(SHORT);
    const jwtSecret = 'a secret of at least thirty-two characters';
    const on = async (database: Database) => {
      const bus = await createBus(database, silent);
      const sessions = new SessionService({ store: new SessionStore(database), bus, jwtSecret, log: silent });
      closers.push(
        () => bus.close(),
        () => sessions.close(),
      );
      return sessions;
    };
    const [here, there] = [await on(db), await on(direct)];
    const session = await there.open((await new UserStore(direct).create('a@x.example', '')).id);
    expect(await here.authenticate(session.accessToken)).not.toBeNull();
    relay.cut();
    await there.end(session.sessionId, 'SIGNED_OUT');
    // The listening connection is restored first, and the queries that it causes are lost again.
    let lost = 0;
    relay.onPiece = (piece, cut) => {
      if (lost >= 4 || !piece.includes('"sessions"')) return;
      lost++;
      cut();
    };
    await relay.restore();
    const refusal = () =>
      here.authenticate(session.accessToken).then(
        () => null,
        (error: Error) => error.message,
      );
    await expect.poll(refusal).toMatch(/has ended/);
    expect(lost).toBe(4);
  });

  describe('a refresh token', () => {
    async function signedIn(limits: Partial<StoreLimits> = {}) {
      const opened = await open(limits);
      const { db, direct } = opened;
      const jwtSecret = 'a secret of at least thirty-two characters';
      const instance = async (on: Database) => {
        const bus = await createBus(on, silent);
        closers.push(() => bus.close());
        return new SessionService({ store: new SessionStore(on), bus, jwtSecret, log: silent });
      };
      const [sessions, elsewhere] = [await instance(db), await instance(direct)];
      const user = await new UserStore(db).create(`${randomUUID()}@x.example`, '');
      const session = await sessions.open(user.id);
      return { ...opened, sessions, elsewhere, session };
    }
    /** The number of refresh tokens whose exchange was committed, and whose clients have no answer. */
    const unanswered = (direct: Database) =>
      direct.prisma.refreshToken.count({ where: { usedAt: { not: null }, unanswered: true } });

    it('is exchanged when the answer to the commit is lost', async () => {
      const { relay, sessions, session } = await signedIn();
      loseCommit(relay);
      const next = await sessions.refresh(session.refreshToken);
      expect(relay.onPiece).toBeNull();
      await sessions.refresh(next.refreshToken);
      // A token whose successor was used is used up, however the successor was received.
      await expect(sessions.refresh(session.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });

    it('still works when the store stayed unavailable after the commit', async () => {
      const { relay, direct, sessions, session } = await signedIn(SHORT);
      loseCommit(relay, () => relay.cut());
      await expect(sessions.refresh(session.refreshToken)).rejects.toMatchObject(AWAY);
      await expect.poll(() => unanswered(direct)).toBe(1);
      await expect(sessions.refresh(session.refreshToken)).rejects.toMatchObject(AWAY);
      await relay.restore();
      const next = await sessions.refresh(session.refreshToken);
      const { accessToken } = await sessions.refresh(next.refreshToken);
      expect(await sessions.authenticate(accessToken)).not.toBeNull();
      // The exchange that was committed is the one that the client has now, so its token is used up.
      await expect(sessions.refresh(session.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    });

    it('still works on another instance when the first one never received the answer', async () => {
      const { relay, direct, sessions, session, elsewhere } = await signedIn(SHORT);
      loseCommit(relay, () => relay.cut());
      await expect(sessions.refresh(session.refreshToken)).rejects.toMatchObject(AWAY);
      await expect.poll(() => unanswered(direct)).toBe(1);
      const next = await elsewhere.refresh(session.refreshToken);
      await elsewhere.refresh(next.refreshToken);
      await expect(elsewhere.refresh(session.refreshToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      await expect(elsewhere.authenticate(next.accessToken)).rejects.toThrow(/has ended/);
    });
  });

  describe('a connected account', () => {
    async function consented() {
      const opened = await open(SHORT);
      let spent = false;
      const exchange = vi.fn(async () => {
        if (spent) throw new MailError('INVALID', 'The code was used before.');
        spent = true;
        before();
        return exchanged('ada@mail.example');
      });
      let before = () => {};
      const connected = vi.fn(async () => {});
      const accounts = await openAccounts(opened.db, {
        providers: [fakeProvider({ connect: { exchange } })],
        hooks: [{ connected, disconnecting: async () => {} }],
      });
      const userId = await accounts.user();
      const request = {
        address: null,
        provider: 'GMAIL',
        access: 'READ' as const,
        redirectUri: 'https://app.example/mail',
      };
      const sent = new URL((await accounts.begin(userId, request)).authorizationUrl).searchParams;
      const back = await accounts.callback.handle(new URLSearchParams({ state: sent.get('state') ?? '', code: 'c' }));
      const token = new URL(back.headers.location ?? '').searchParams.get('token') ?? '';
      const finish = () => accounts.connect.finish(userId, token);
      return {
        ...opened,
        connected,
        finish,
        onceSpent: (fn: () => void) => {
          before = fn;
        },
      };
    }

    it('is stored when the store is back, although the code of its consent is used up', async () => {
      const { relay, finish, onceSpent, connected } = await consented();
      onceSpent(() => relay.cut());
      await expect(finish()).rejects.toMatchObject(AWAY);
      await relay.restore();
      await expect.poll(() => finish().catch(() => null)).toMatchObject({ status: 'CONNECTED' });
      expect(connected).toHaveBeenCalledTimes(1);
    });

    it('is stored once and announced when the answer to the commit is lost', async () => {
      const { relay, finish, onceSpent, connected, direct } = await consented();
      onceSpent(() => loseCommit(relay));
      expect(await finish()).toMatchObject({ status: 'CONNECTED' });
      expect(relay.onPiece).toBeNull();
      expect(connected).toHaveBeenCalledTimes(1);
      expect(await direct.prisma.integration.count()).toBe(1);
    });
  });

  it('is announced by a gap to all other instances when it could not be announced at once', async () => {
    const { db, relay, direct } = await open(SHORT);
    const [here, there] = await Promise.all([createBus(db, silent), createBus(direct, silent)]);
    const [received, gap] = [vi.fn(), vi.fn()];
    here.subscribe('t', received);
    there.onGap(gap);
    relay.cut();
    await here.publish('t', 1);
    expect(received).toHaveBeenCalledWith(1);
    await relay.restore();
    await expect.poll(() => gap).toHaveBeenCalled();
    await here.close();
    await there.close();
  });
});
