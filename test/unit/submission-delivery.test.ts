import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compose } from '../../src/domain/compose.ts';
import { MailError, type MailErrorCode } from '../../src/domain/error.ts';
import type { MailAccount } from '../../src/mail/account/mail-account.ts';
import { Delivery } from '../../src/mail/submission/delivery.ts';
import { Payloads } from '../../src/mail/submission/payload.ts';
import { ProviderCalls } from '../../src/mail/submission/provider-calls.ts';
import type { SubmissionFeed } from '../../src/mail/submission/submission.feed.ts';
import { SubmissionStore } from '../../src/mail/submission/submission.store.ts';
import type { SubmissionRecord } from '../../src/mail/submission/submission.ts';
import { SubmissionWriter } from '../../src/mail/submission/submission-writer.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { Sealer } from '../../src/platform/secrets/seal.ts';
import type {
  Draft,
  DraftWrite,
  MailSession,
  SendStatus,
  Submitted,
} from '../../src/providers/contract/mail-session.ts';
import { openTestDatabase, silent, TEST_DATABASES } from '../support/app/database.ts';

/** A provider whose answers a test can lose. */
class FakeProvider {
  drafts = new Map<string, string>();
  sent: string[] = [];
  sendCalls = 0;
  probeCalls = 0;
  /** Drafts that the provider has accepted for sending, and has not sent yet. */
  submitted = new Set<string>();
  /** Whether the provider knows the id of the sent copy. */
  names = true;
  /** Runs when `send` is called. */
  onSend = () => {};
  fault: Partial<Record<'save' | 'send' | 'probe' | 'open', () => Error>> = {};
  /**
   * What `send` loses: 'answer' sends the message without an answer, 'request' does nothing, 'nothing' answers but does
   * not send.
   */
  loses: 'answer' | 'request' | 'nothing' | null = null;

  readonly session = {
    saveDraft: async ({ compose }: DraftWrite) => {
      if (this.fault.save) throw this.fault.save();
      const id = randomUUID();
      this.drafts.set(id, compose.internetMessageId);
      return { id, version: '1' } as Draft;
    },
    listDrafts: async () => ({
      items: [...this.drafts].map(([id, internetMessageId]) => ({ id, version: '1', message: { internetMessageId } })),
      next: null,
    }),
    deleteDraft: async (id: string) => {
      if (!this.drafts.delete(id)) throw new MailError('NOT_FOUND', 'gone');
    },
    send: async (id: string) => {
      this.sendCalls++;
      this.onSend();
      if (this.fault.send) throw this.fault.send();
      const message = this.drafts.get(id);
      if (message === undefined) throw new MailError('NOT_FOUND', 'gone');
      if (this.loses === 'nothing') return { messageId: null };
      if (this.loses !== 'request') {
        this.drafts.delete(id);
        this.sent.push(message);
      }
      if (this.loses) {
        this.loses = null;
        throw new MailError('PROVIDER_UNAVAILABLE', 'The connection was cut.');
      }
      return { messageId: this.names ? `sent-${id}` : null };
    },
    probe: async ({ draftId, internetMessageId }: Submitted): Promise<SendStatus> => {
      this.probeCalls++;
      if (this.fault.probe) throw this.fault.probe();
      if (this.sent.includes(internetMessageId))
        return { state: 'sent', messageId: this.names ? `sent-${draftId}` : null };
      if (this.submitted.has(draftId ?? '')) return { state: 'submitted' };
      return { state: this.drafts.has(draftId ?? '') ? 'not-sent' : 'unknown' };
    },
    sendSettlesMs: 5_000,
  } as unknown as MailSession;

  readonly account = {
    written: () => {},
    session: async () => {
      if (this.fault.open) throw this.fault.open();
      return this.session;
    },
  } as unknown as MailAccount;
}

const never = new Promise<never>(() => {});

/** The clock of a delivery, which advances only while the delivery pauses. */
class Clock extends ProviderCalls {
  private at = Date.now();
  readonly now = () => new Date(this.at);

  override async wait(ms: number): Promise<boolean> {
    this.at += ms;
    return !this.stopped;
  }
}

describe.each(TEST_DATABASES)('a delivery on %s', (kind) => {
  let db: Database;
  let store: SubmissionStore;
  let userId: string;
  let integrationId: string;
  const payloads = new Payloads(new Sealer([{ version: 1, bytes: randomBytes(32) }]));
  beforeAll(async () => {
    db = await openTestDatabase(kind);
    store = new SubmissionStore(db);
    userId = randomUUID();
    integrationId = randomUUID();
    await db.prisma.user.create({ data: { id: userId, email: `${userId}@people.example`, passwordHash: '' } });
    const account = { provider: 'GMAIL', address: 'me@x.example', addressKey: 'me@x.example', status: 'CONNECTED' };
    await db.prisma.integration.create({ data: { id: integrationId, userId, ...account, access: 'FULL', scopes: [] } });
  });
  afterAll(() => db.close());

  const submitted = async (sendAt = new Date(Date.now() - 10)): Promise<SubmissionRecord> => {
    const id = randomUUID();
    const created = await store.create(
      {
        id,
        userId,
        integrationId,
        idempotencyKey: id,
        fingerprint: 'f',
        status: 'SENDING',
        payload: payloads.seal(id, { kind: 'message', input: { integration: 'i', text: 'An hour of work' } }),
        sendAt,
        undoUntil: null,
        draftId: null,
        ownDraft: true,
        heldDraftId: null,
        internetMessageId: `${id}@x.example`,
      },
      [],
    );
    if (!created) throw new Error('it was there already');
    return created;
  };

  /** Returns a worker. It calls `step` at each of its steps, which may never return. */
  const worker = (
    provider: FakeProvider,
    {
      step = async () => {},
      clock = new Clock(),
      feed = { changed: async () => {} },
    }: { step?: () => Promise<void>; clock?: Clock; feed?: Pick<SubmissionFeed, 'changed'> } = {},
  ) => {
    const stepping = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (on, name) => {
          const method = Reflect.get(on, name) as unknown;
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            await step();
            const result: unknown = await method.apply(on, args);
            await step();
            return result;
          };
        },
      });
    const writer = new SubmissionWriter({
      store: stepping(store),
      feed,
      requeue: async () => {},
      log: silent,
    });
    const session = stepping(provider.session);
    const account = {
      ...provider.account,
      session: async () => provider.account.session().then(() => session),
    } as MailAccount;
    const composer = {
      compose: async (_accounts: unknown, _a: MailAccount, _i: unknown, id: string) =>
        ({ internetMessageId: id }) as Compose,
    };
    const delivery = new Delivery({
      writer,
      payloads,
      composer,
      accounts: { ofUser: () => ({ find: async () => account }) },
      log: silent,
      now: clock.now,
    });
    return async (id: string, lateMs = 0): Promise<SubmissionRecord | null> => {
      const claim = await store.claim(id);
      return claim && delivery.run(claim, clock, lateMs);
    };
  };
  const dueNow = (id: string) =>
    db.prisma.submission.update({ where: { id }, data: { dueAt: new Date(Date.now() - 5), claimUntil: new Date(0) } });
  const failing = (code: MailErrorCode) => () => new MailError(code, `It says ${code}.`);

  it('is stored, sent, and erased', async () => {
    const provider = new FakeProvider();
    const { id, internetMessageId } = await submitted();
    const done = await worker(provider)(id);
    expect(done).toMatchObject({
      status: 'SENT',
      attempts: 1,
      payload: null,
      dueAt: null,
      claimUntil: null,
      problem: null,
    });
    expect(provider.sent).toEqual([internetMessageId]);
  });

  it('is sent once, whenever the worker dies', async () => {
    for (let deadly = 1; ; deadly++) {
      const provider = new FakeProvider();
      const { id, internetMessageId } = await submitted();
      let steps = 0;
      const died = new Promise<void>((resolve) => {
        const dying = worker(provider, {
          step: async () => {
            if (++steps < deadly) return;
            resolve();
            await never;
          },
        });
        void dying(id).then(() => resolve());
      });
      await died;
      const survived = steps < deadly;
      if (!survived) {
        await dueNow(id);
        await worker(provider)(id);
      }
      const end = await store.get(id);
      expect({ deadly, status: end?.status, payload: end?.payload }).toEqual({ deadly, status: 'SENT', payload: null });
      expect({ deadly, sent: provider.sent, drafts: provider.drafts.size }).toEqual({
        deadly,
        sent: [internetMessageId],
        drafts: 0,
      });
      if (survived) return expect(deadly).toBeGreaterThan(8);
    }
  });

  it('is looked up when the answer is lost, and not sent again', async () => {
    const provider = new FakeProvider();
    provider.loses = 'answer';
    const { id } = await submitted();
    expect(await worker(provider)(id)).toMatchObject({ status: 'SENT', attempts: 1 });
    expect(provider).toMatchObject({ sendCalls: 1, sent: { length: 1 } });
  });

  it('is sent again only once it is proven not to have been sent', async () => {
    const provider = new FakeProvider();
    provider.loses = 'request';
    const { id } = await submitted();
    const clock = new Clock();
    const toldAt: number[] = [];
    provider.onSend = () => void toldAt.push(clock.now().getTime());
    expect(await worker(provider, { clock })(id)).toMatchObject({ status: 'SENT', attempts: 2 });
    expect(provider).toMatchObject({ sendCalls: 2, sent: { length: 1 } });
    expect((toldAt[1] ?? 0) - (toldAt[0] ?? 0)).toBeGreaterThanOrEqual(5_000);
  });

  it('is sent although the sent copy is not known yet, which is looked for until it is found, and announced', async () => {
    const provider = new FakeProvider();
    provider.names = false;
    const { id } = await submitted();
    const reports: SubmissionRecord[] = [];
    const feed = { changed: async (record: object) => void reports.push(record as SubmissionRecord) };
    const sent = await worker(provider, { feed })(id);
    expect(sent).toMatchObject({ status: 'SENT', messageId: null });
    expect(await store.get(id)).toMatchObject({ payload: null, claimUntil: null, dueAt: expect.any(Date) });
    await dueNow(id);
    const quiet = reports.length;
    const { updatedAt } = (await store.get(id)) ?? {};
    await worker(provider, { feed })(id);
    expect(reports).toHaveLength(quiet);
    expect(await store.get(id)).toMatchObject({ status: 'SENT', messageId: null, updatedAt });
    provider.names = true;
    await dueNow(id);
    await worker(provider, { feed })(id);
    expect(reports.at(-1)).toMatchObject({ status: 'SENT', messageId: expect.stringMatching(/^sent-/), dueAt: null });
    expect(provider).toMatchObject({ sendCalls: 1, sent: { length: 1 } });
  });

  it('is looked for up to an hour after it was sent', async () => {
    const provider = new FakeProvider();
    provider.names = false;
    const { id } = await submitted();
    await worker(provider)(id);
    await db.prisma.submission.update({ where: { id }, data: { attemptedAt: new Date(Date.now() - 3_600_000) } });
    await dueNow(id);
    expect(await worker(provider)(id)).toMatchObject({
      status: 'SENT',
      messageId: null,
      dueAt: null,
      attemptedAt: null,
    });
  });

  it('does not remain SENT when it is a draft an hour after the provider accepted it', async () => {
    const provider = new FakeProvider();
    provider.names = false;
    provider.loses = 'nothing';
    const { id } = await submitted();
    expect(await worker(provider)(id)).toMatchObject({ status: 'SENT' });
    await db.prisma.submission.update({ where: { id }, data: { attemptedAt: new Date(Date.now() - 3_600_000) } });
    await dueNow(id);
    const end = await worker(provider)(id);
    expect(end).toMatchObject({ status: 'UNKNOWN', problem: { message: expect.stringContaining('drafts') } });
    expect(provider.sendCalls).toBe(1);
  });

  it.each([20_000, 3_600_000])('is not sent again %i ms late, when it is found in the sent mail', async (lateMs) => {
    const provider = new FakeProvider();
    const { id, internetMessageId } = await submitted(new Date(Date.now() - lateMs));
    provider.sent.push(internetMessageId);
    expect(await worker(provider)(id, lateMs)).toMatchObject({ status: 'SENT', attempts: 0, problem: null });
    expect(provider.sendCalls).toBe(0);
  });

  it('is sent when it is a little late and found nowhere, and unknown when it is very late, and kept as a draft', async () => {
    const provider = new FakeProvider();
    const little = await submitted(new Date(Date.now() - 20_000));
    expect(await worker(provider)(little.id, 20_000)).toMatchObject({ status: 'SENT', attempts: 1 });
    const long = await submitted(new Date(Date.now() - 3_600_000));
    const end = await worker(provider)(long.id, 3_600_000);
    expect(end).toMatchObject({
      status: 'UNKNOWN',
      attempts: 0,
      problem: { message: expect.stringContaining('drafts') },
    });
    expect(provider).toMatchObject({ sendCalls: 1, drafts: { size: 1 } });
  });

  it('is not sent again when it is a little late, and among the drafts that the provider is sending', async () => {
    const provider = new FakeProvider();
    const { id, internetMessageId } = await submitted(new Date(Date.now() - 20_000));
    provider.drafts.set('begun', internetMessageId);
    provider.submitted.add('begun');
    expect(await worker(provider)(id, 20_000)).toMatchObject({ status: 'SENT', attempts: 0, problem: null });
    expect(provider.sendCalls).toBe(0);
  });

  it('is not sent a little late while the provider cannot say whether it was sent', async () => {
    const provider = new FakeProvider();
    const { id, internetMessageId } = await submitted(new Date(Date.now() - 20_000));
    provider.sent.push(internetMessageId);
    provider.fault.probe = failing('PROVIDER_UNAVAILABLE');
    const problem = { code: 'PROVIDER_UNAVAILABLE' };
    expect(await worker(provider)(id, 20_000)).toMatchObject({ status: 'SENDING', attempts: 0, problem });
    provider.fault = {};
    await dueNow(id);
    expect(await worker(provider)(id, 20_000)).toMatchObject({ status: 'SENT', attempts: 0, problem: null });
    expect(provider.sendCalls).toBe(0);
  });

  it('is sent however late when its draft is still there, and that only once', async () => {
    const provider = new FakeProvider();
    const { id, internetMessageId } = await submitted(new Date(Date.now() - 3_600_000));
    // The draft was created, but this database has no record of it.
    provider.drafts.set('begun', internetMessageId);
    expect(await worker(provider)(id, 3_600_000)).toMatchObject({ status: 'SENT', attempts: 1 });
    expect(provider).toMatchObject({ sendCalls: 1, sent: { length: 1 }, drafts: { size: 0 } });
  });

  it('waits when it is very late and the provider does not answer', async () => {
    const provider = new FakeProvider();
    const { id, internetMessageId } = await submitted(new Date(Date.now() - 3_600_000));
    provider.sent.push(internetMessageId);
    provider.fault.probe = failing('PROVIDER_UNAVAILABLE');
    expect(await worker(provider)(id, 3_600_000)).toMatchObject({ status: 'SENDING', attempts: 0 });
    provider.fault = {};
    await dueNow(id);
    expect(await worker(provider)(id)).toMatchObject({ status: 'SENT', attempts: 0 });
    expect(provider.sendCalls).toBe(0);
  });

  it('is unknown, and never sent again, when the provider cannot say', async () => {
    const provider = new FakeProvider();
    provider.loses = 'request';
    const { id } = await submitted();
    provider.onSend = () => provider.drafts.clear();
    expect(await worker(provider)(id)).toMatchObject({ status: 'SENDING', attempts: 1, problem: { code: 'TIMEOUT' } });
    // According to the row, the attempt was long ago.
    await db.prisma.submission.update({ where: { id }, data: { attemptedAt: new Date(Date.now() - 400_000) } });
    await dueNow(id);
    const end = await worker(provider)(id);
    expect(end).toMatchObject({ status: 'UNKNOWN', attempts: 1, payload: null, problem: { code: 'TIMEOUT' } });
    expect(provider.sendCalls).toBe(1);
  });

  it('fails permanently when it is refused, with the reason', async () => {
    const provider = new FakeProvider();
    provider.fault.save = failing('FORBIDDEN');
    const { id } = await submitted();
    const end = await worker(provider)(id);
    expect(end).toMatchObject({ status: 'FAILED', attempts: 0, payload: null, problem: { code: 'FORBIDDEN' } });
  });

  it.each(['RECONNECT_REQUIRED', 'RATE_LIMITED', 'PROVIDER_UNAVAILABLE'] as const)(
    'is retried after %s, for a day',
    async (code) => {
      const provider = new FakeProvider();
      provider.fault.open = failing(code);
      const { id } = await submitted();
      const clock = new Clock();
      const waiting = await worker(provider, { clock })(id);
      expect(waiting).toMatchObject({ status: 'SENDING', attempts: 0, problem: { code }, claimUntil: null });
      expect(waiting?.dueAt?.getTime()).toBeGreaterThan(clock.now().getTime());
      provider.fault = {};
      await dueNow(id);
      expect(await worker(provider)(id)).toMatchObject({ status: 'SENT', problem: null });
      const old = await submitted(new Date(Date.now() - 86_500_000));
      provider.fault.open = failing(code);
      expect(await worker(provider)(old.id)).toMatchObject({ status: 'FAILED', problem: { code }, payload: null });
    },
  );

  it('can be cancelled until `send` is called, together with its draft', async () => {
    const provider = new FakeProvider();
    const early = await submitted();
    const saving = deferred();
    const slow = worker(provider, {
      step: async () => {
        if (provider.drafts.size === 1) {
          const current = await store.get(early.id);
          if (current?.status === 'SENDING' && current.draftId === null) {
            expect(await store.cancel(current, new Date())).toMatchObject({ status: 'CANCELLED', payload: null });
            saving.resolve();
          }
        }
      },
    });
    await expect(slow(early.id)).rejects.toThrow(expect.objectContaining({ name: 'ClaimLost' }));
    await saving.promise;
    expect(provider).toMatchObject({ sendCalls: 0, sent: [] });
    expect(provider.drafts.size).toBe(0);

    const late = await submitted();
    await worker(provider)(late.id);
    expect(await store.cancel(late, new Date())).toBeNull();
  });

  it('is done by one of two workers', async () => {
    const provider = new FakeProvider();
    const { id } = await submitted();
    const done = await Promise.all([worker(provider)(id), worker(provider)(id), worker(provider)(id)]);
    expect(done.filter((record) => record !== null)).toHaveLength(1);
    expect(provider.sendCalls).toBe(1);
  });

  it('is left to the next worker when the process stops', async () => {
    const provider = new FakeProvider();
    provider.loses = 'request';
    const { id } = await submitted();
    const stop = new AbortController();
    provider.onSend = () => stop.abort();
    const left = await worker(provider, { clock: new Clock(stop.signal) })(id);
    expect(left).toMatchObject({ status: 'SENDING', claimUntil: null });
    expect(left?.attemptedAt).not.toBeNull();
  });
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
