import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SubmissionStore } from '../../src/mail/submission/submission.store.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { openTestDatabase, TEST_DATABASES } from '../support/app/database.ts';

describe.each(TEST_DATABASES)('the draft that a submission holds on %s', (kind) => {
  const [userId, integrationId] = [randomUUID(), randomUUID()];
  let db: Database;
  let store: SubmissionStore;
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    store = new SubmissionStore(db);
    await db.prisma.user.create({ data: { id: userId, email: `${userId}@people.example`, passwordHash: '' } });
    const account = { provider: 'GMAIL', address: 'me@x.example', addressKey: 'me@x.example', status: 'CONNECTED' };
    await db.prisma.integration.create({ data: { id: integrationId, userId, ...account, access: 'FULL', scopes: [] } });
  });
  afterAll(() => db.close());

  const holding = (heldDraftId: string, sendAt = new Date(Date.now() - 10)) => {
    const id = randomUUID();
    const row = { id, userId, integrationId, idempotencyKey: id, fingerprint: 'f', status: 'SENDING' as const };
    const draft = { payload: Buffer.alloc(1), draftId: heldDraftId, ownDraft: false, heldDraftId };
    return store.create({ ...row, ...draft, sendAt, undoUntil: null, internetMessageId: '' }, []);
  };
  const ended = async (draftId: string, status: 'SENT' | 'FAILED') => {
    const created = await holding(draftId);
    const claim = created && (await store.claim(created.id));
    if (claim) await store.finish(claim, { status });
  };

  it('is free when it ended without being sent, and never after it was sent', async () => {
    await ended('failed', 'FAILED');
    expect(await store.holder(integrationId, 'failed')).toBeNull();
    expect(await holding('failed')).not.toBeNull();
    await ended('sent', 'SENT');
    expect((await store.holder(integrationId, 'sent'))?.status).toBe('SENT');
    expect(await holding('sent')).toBeNull();
  });

  it('is free when it was cancelled', async () => {
    const created = await holding('cancelled');
    if (created) await store.cancel(created, new Date());
    expect(await holding('cancelled')).not.toBeNull();
  });

  it('is released when an older release has ended the submission', async () => {
    const created = await holding('older');
    await db.prisma.submission.update({ where: { id: created?.id ?? '' }, data: { status: 'FAILED', dueAt: null } });
    expect(await holding('older')).toBeNull();
    expect(await store.releaseDraft(integrationId, 'older')).toBe(true);
    expect(await holding('older')).not.toBeNull();
    expect(await store.releaseDraft(integrationId, 'older')).toBe(false);
  });

  it('is held too when it was made for the submission', async () => {
    const created = await holding('own');
    const change = { draftId: 'made', ownDraft: true, heldDraftId: null };
    await db.prisma.submission.update({ where: { id: created?.id ?? '' }, data: change });
    expect((await store.holder(integrationId, 'made'))?.id).toBe(created?.id);
    expect(await store.holder(randomUUID(), 'made')).toBeNull();
  });

  it('reports the submissions that are due when it is deleted', async () => {
    const later = new Date(Date.now() + 3_600_000);
    const [mine, other] = [await holding('deleted', later), await holding('kept', later)];
    expect(await store.retryNow(integrationId, new Date(), 'deleted')).toEqual([mine?.id]);
    expect((await store.get(other?.id ?? ''))?.dueAt).toEqual(later);
  });

  it('belongs to a submission whose changes are read in pages, also when many have one time', async () => {
    const at = new Date(Date.now() + 60_000);
    const created = await Promise.all(Array.from({ length: 5 }, (_, n) => holding(`at once ${n}`)));
    const ids = created.map((row) => row?.id ?? '').sort();
    await db.prisma.submission.updateMany({ where: { id: { in: ids } }, data: { updatedAt: at } });
    const read: string[] = [];
    for (let id: string | null = null; ; id = read.at(-1) ?? null) {
      const page = await store.changedAfter(userId, null, { updatedAt: at, id }, 2);
      read.push(...page.map((row) => row.id));
      if (page.length < 2) break;
    }
    expect(read).toEqual(ids);
  });
});
