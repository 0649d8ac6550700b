import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, DatabaseError } from '../../src/platform/database/database.ts';
import { checkKeys } from '../../src/platform/secrets/key.check.ts';
import { openKeys } from '../../src/platform/secrets/keys.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

const key = (version: number) => ({ version, bytes: randomBytes(32) });

describe('generated keys', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'postern-keys-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('are generated once and kept readable by their owner only', () => {
    const keys = openKeys({ encryptionKeys: [], jwtSecret: null, dataDir });
    expect(openKeys({ encryptionKeys: [], jwtSecret: null, dataDir })).toEqual(keys);
    expect(statSync(join(dataDir, 'keys.json')).mode & 0o777).toBe(0o600);
    expect(keys.encryptionKeys[0]?.bytes).toHaveLength(32);
  });

  it('report in one line where they cannot be stored', () => {
    const taken = join(dataDir, 'a-file');
    writeFileSync(taken, '');
    // /proc refuses every new name as missing, and Node's own recursive mkdir then retries without end.
    for (const path of [taken, join(taken, 'below'), '/proc/postern', '/proc/postern/below']) {
      const open = () => openKeys({ encryptionKeys: [], jwtSecret: null, dataDir: path });
      expect(open).toThrow(DatabaseError);
      expect(open).toThrow(/^DATA_DIR: \/\S+ cannot be written/);
    }
  });

  it('give way to configured ones, each independently', () => {
    const configured = [key(7)];
    const keys = openKeys({ encryptionKeys: configured, jwtSecret: null, dataDir });
    expect(keys.encryptionKeys).toBe(configured);
    expect(keys.jwtSecret).toBe(JSON.parse(readFileSync(join(dataDir, 'keys.json'), 'utf8')).jwtSecret);
  });

  it.each(['', '{}', 'not json', '{"encryptionKeys":[{"version":1,"key":"c2hvcnQ="}],"jwtSecret":"short"}'])(
    'are refused when the file is damaged (%j)',
    (text) => {
      writeFileSync(join(dataDir, 'keys.json'), text);
      expect(() => openKeys({ encryptionKeys: [], jwtSecret: null, dataDir })).toThrow(/damaged.*ENCRYPTION_KEYS/);
    },
  );
});

describe.each(TEST_DATABASES)('the keys of a database on %s', (kind) => {
  let db: Database;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
  });
  afterAll(() => db.close());

  it('are remembered, so that other keys are refused by name', async () => {
    const [one, two] = [key(1), key(2)];
    await checkKeys(db, [one]);
    await checkKeys(db, [one]);
    await expect(checkKeys(db, [key(1)])).rejects.toThrow(/ENCRYPTION_KEYS: key 1 is not the one/);
    await checkKeys(db, [two, one]);

    const [userId, id] = [randomUUID(), randomUUID()];
    await db.prisma.user.create({ data: { id: userId, email: 'a@x.example', passwordHash: '' } });
    const account = { provider: 'GMAIL', address: 'a', addressKey: 'a', status: 'CONNECTED', access: 'READ' };
    const secret = { create: { keyVersion: 1, sealed: new Uint8Array([1]) } };
    await db.prisma.integration.create({ data: { id, userId, ...account, secret } });
    await expect(checkKeys(db, [two])).rejects.toThrow(/ENCRYPTION_KEYS: .* missing: 1 \(1 secrets\)/);
    await db.prisma.secret.deleteMany({});
    await checkKeys(db, [two]);
  });
});
