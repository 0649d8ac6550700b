import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConnectFlowStore } from '../../src/accounts/connect/connect-flow.store.ts';
import { AttemptStore } from '../../src/accounts/users/attempt.store.ts';
import { SessionStore } from '../../src/accounts/users/session.store.ts';
import { UserStore } from '../../src/accounts/users/user.store.ts';
import { ChangeStore } from '../../src/changes/change.store.ts';
import { UploadStore } from '../../src/mail/upload/upload.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

/** More rows than one statement deletes. One statement deletes far fewer files than rows. */
const ROWS = 2_200;
const FILES = 60;

describe.each(TEST_DATABASES)('old rows on %s', (kind) => {
  let db: Database;
  let userId: string;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    userId = (await new UserStore(db).create('a@x.example', '')).id;
    // A single statement that deletes all rows would time out. This trigger refuses it, however fast the machine is.
    await db.execute(`
      CREATE FUNCTION not_all() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT count(*) FROM deleted) > TG_ARGV[0]::int THEN RAISE EXCEPTION 'too many at once' USING ERRCODE = '57014'; END IF;
        RETURN NULL;
      END $$`);
    for (const table of ['changes', 'attempts', 'sessions', 'refresh_tokens', 'connect_flows', 'uploads'])
      await db.execute(`
        CREATE TRIGGER not_all AFTER DELETE ON ${table}
        REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION not_all(${table === 'uploads' ? FILES - 10 : ROWS - 100})`);
  });
  afterAll(() => db.close());

  it('are deleted however many there are, a few by each statement, and newer ones stay', async () => {
    const [old, young] = [new Date('2020-01-01'), new Date('2090-01-01')];
    const now = new Date();
    const rows = <T>(make: (at: Date, i: number) => T, many = ROWS): T[] =>
      Array.from({ length: many + 1 }, (_, i) => make(i < many ? old : young, i));
    const integrationId = randomUUID();
    await db.prisma.integration.create({
      data: {
        id: integrationId,
        userId,
        provider: 'GMAIL',
        address: 'a@x.example',
        addressKey: 'a@x.example',
        access: 'READ',
        status: 'CONNECTED',
      },
    });
    await db.prisma.change.createMany({
      data: rows((at, i) => ({ integrationId, sequence: BigInt(i), kind: 'created', subject: 'x', at })),
    });
    await db.prisma.attempt.createMany({ data: rows((wholeAt, i) => ({ key: String(i), wholeAt })) });
    await db.prisma.session.createMany({ data: rows((expiresAt) => ({ id: randomUUID(), userId, expiresAt })) });
    await db.prisma.upload.createMany({
      data: rows((expiresAt) => ({ id: randomUUID(), userId, expiresAt }), FILES),
    });
    for (const store of [
      new ChangeStore(db),
      new AttemptStore(db),
      new SessionStore(db),
      new ConnectFlowStore(db),
      new UploadStore(db),
    ])
      await store.prune(now);
    const { change, attempt, session, upload } = db.prisma;
    expect(await Promise.all([change.count(), attempt.count(), session.count(), upload.count()])).toEqual([1, 1, 1, 1]);
  });
});
