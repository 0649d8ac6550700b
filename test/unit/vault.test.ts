import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/platform/database/database.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import { SecretStore } from '../../src/vault/secret.store.ts';
import { Vault } from '../../src/vault/vault.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

const key = (version: number) => ({ version, bytes: randomBytes(32) });

describe.each(TEST_DATABASES)('the vault on %s', (kind) => {
  let db: Database;
  let store: SecretStore;
  const [one, two] = [key(1), key(2)];
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    store = new SecretStore(db);
  });
  afterAll(() => db.close());

  async function integration(): Promise<string> {
    const [id, userId] = [randomUUID(), randomUUID()];
    await db.prisma.user.create({ data: { id: userId, email: userId, passwordHash: '' } });
    const account = { provider: 'GMAIL', address: 'a', addressKey: 'a', status: 'CONNECTED', access: 'READ' };
    await db.prisma.integration.create({ data: { id, userId, ...account } });
    return id;
  }

  it('returns what was stored, stores nothing unencrypted, and deletes', async () => {
    const vault = new Vault(store, new Sealer([one]));
    const id = await integration();
    expect(await vault.get(id)).toBeNull();
    await vault.put(id, { refreshToken: 'the-secret' });
    expect((await vault.get(id))?.secret).toEqual({ refreshToken: 'the-secret' });
    expect(Buffer.from((await store.read(id))?.sealed ?? []).includes('the-secret')).toBe(false);
    await vault.erase(id);
    expect(await vault.get(id)).toBeNull();
  });

  it('does not open a row that was copied to another integration', async () => {
    const vault = new Vault(store, new Sealer([one]));
    const [mine, theirs] = [await integration(), await integration()];
    await vault.put(theirs, 'secret');
    const row = await store.read(theirs);
    if (row) await store.write(mine, row);
    await expect(vault.get(mine)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('refuses with a missing or another key, without revealing the secret', async () => {
    const id = await integration();
    await new Vault(store, new Sealer([one])).put(id, 'secret');
    for (const wrong of [new Sealer([two]), new Sealer([key(1)])]) {
      await expect(new Vault(store, wrong).get(id)).rejects.toThrow(/cannot be opened/);
    }
  });

  it('encrypts with the newest key at the next write, after which the old one can be removed', async () => {
    const id = await integration();
    await new Vault(store, new Sealer([one])).put(id, 'secret');
    const rotated = new Vault(store, new Sealer([two, one]));
    const read = await rotated.get(id);
    expect(read?.secret).toBe('secret');
    expect(await rotated.replace(id, 'next', read?.revision ?? new Uint8Array())).toBe(true);
    expect((await store.read(id))?.keyVersion).toBe(2);
    expect((await new Vault(store, new Sealer([two])).get(id))?.secret).toBe('next');
  });

  it('replaces only what was read', async () => {
    const vault = new Vault(store, new Sealer([one]));
    const id = await integration();
    await vault.put(id, 'first');
    const revision = (await vault.get(id))?.revision ?? new Uint8Array();
    await vault.put(id, 'first');
    expect(await vault.isCurrent(id, revision)).toBe(false);
    expect(await vault.replace(id, 'second', revision)).toBe(false);
    expect((await vault.get(id))?.secret).toBe('first');
  });
});
