import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAccounts } from '../../src/accounts/open.ts';
import type { Compose } from '../../src/domain/compose.ts';
import { MailError } from '../../src/domain/error.ts';
import { encodeId } from '../../src/domain/global-id.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Principal } from '../../src/domain/principal.ts';
import { MESSAGES } from '../../src/mail/list/list-kind.ts';
import { type Mail, openMail } from '../../src/mail/open.ts';
import { TRASH } from '../../src/mail/organise/change.ts';
import { type Closers, openPlatform } from '../../src/platform/open.ts';
import type { Draft, MailSession } from '../../src/providers/contract/mail-session.ts';
import { fillDataDir, silent } from '../support/app/database.ts';
import { createTestDatabaseUrl } from '../support/app/database-url.ts';
import { aMessage } from '../support/fakes/fake-account.ts';
import { FakeList } from '../support/fakes/fake-list.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

/** A mailbox in memory. It stores drafts and sent messages. */
class FakeMailbox extends FakeList {
  readonly drafts = new Map<string, Compose>();
  readonly sent: (Compose | undefined)[] = [];

  readonly verbs = {
    ...this.session,
    close: async () => {},
    sendSettlesMs: 0,
    identities: async () => [{ address: 'ada@mail.example', name: 'Ada', isDefault: true }],
    getMessages: async (ids) => ids.map((id) => this.messages.find((m) => m.id === id) ?? notFound()),
    update: async (patches) => patches.map(({ id, moveTo }) => this.moved(id, String(moveTo))),
    saveDraft: async ({ id, compose }) => {
      const saved = id ?? randomUUID();
      this.drafts.set(saved, compose);
      return { id: saved, version: '1', message: aMessage(saved, { subject: compose.subject }) } satisfies Draft;
    },
    deleteDraft: async (id) => {
      if (!this.drafts.delete(id)) throw notFound();
    },
    send: async (id) => {
      this.sent.push(this.drafts.get(id));
      this.drafts.delete(id);
      return { messageId: `sent ${id}` };
    },
  } satisfies Partial<MailSession> & { close(): Promise<void> };

  private moved(id: string, mailboxId: string): Message | MailError {
    this.messages = this.messages.map((m) => (m.id === id ? { ...m, mailboxIds: [mailboxId] } : m));
    return this.messages.find((m) => m.id === id) ?? notFound();
  }
}
const notFound = () => new MailError('NOT_FOUND', 'There is no such message.');

const closers: Closers = [];
const mailbox = new FakeMailbox([
  aMessage('new', { receivedAt: new Date('2026-11-20T10:00:00Z'), subject: 'Lunch' }),
  aMessage('old', { receivedAt: new Date('2026-11-19T10:00:00Z'), subject: 'Breakfast' }),
]);
const [userId, integrationId] = [randomUUID(), randomUUID()];
const integration = encodeId('Integration', integrationId);
let mail: Mail;

beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'postern-services-'));
  closers.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const database = await createTestDatabaseUrl({ migrated: true });
  if (database) closers.push(() => database.drop());
  else await fillDataDir(dataDir);
  const settings = { databaseUrl: database?.url ?? null, dataDir, redisUrl: null, jwtSecret: randomUUID() };
  const encryptionKeys = [{ version: 1, bytes: randomBytes(32) }];
  const platform = await openPlatform({ ...settings, encryptionKeys }, { log: silent, closers });
  const accounts = await openAccounts(platform, {
    providers: [fakeProvider({ open: () => mailbox.verbs as unknown as MailSession })],
    registration: 'off',
    redirects: { allowed: [], anyLoopback: false },
    callbackUrl: () => 'http://postern.example/oauth/callback',
    hooks: [],
  });
  const limits = { sourceDeadlineMs: 60_000, scanBudget: 1_000, uploadMaxBytes: 1_000 };
  mail = openMail(platform, accounts, { publicUrl: 'http://postern.example', ...limits });
  closers.push(() => mail.stop());
  await mail.start();
  const { prisma } = platform.db;
  await prisma.user.create({ data: { id: userId, email: `${userId}@people.example`, passwordHash: '' } });
  const account = { provider: 'GMAIL', address: 'ada@mail.example', addressKey: 'ada@mail.example' };
  const granted = { status: 'CONNECTED', access: 'FULL', scopes: [] };
  await prisma.integration.create({ data: { id: integrationId, userId, ...account, ...granted } });
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** Returns the mail of a user, as a job or a caller without GraphQL gets it. */
const mailOf = (user: string) => mail.mails.of({ userId: user } as Principal, new AbortController().signal, silent);
const subjects = async () => {
  const reader = mailOf(userId);
  const everything = { condition: null, scope: ['services'], first: 10, after: null };
  const { entries, sources } = await mail.lists.page(reader, MESSAGES, {
    accounts: await reader.all(),
    ...everything,
  });
  expect(sources).toMatchObject([{ state: 'COMPLETE' }]);
  return entries.map(({ item }) => item?.subject);
};

it('lists the messages of a user', async () => {
  expect(await subjects()).toEqual(['Lunch', 'Breakfast']);
});

it('moves a message, and returns the outcome for each id', async () => {
  const ids = [encodeId('Message', integrationId, 'old'), encodeId('Message', integrationId, 'lost'), 'no id'];
  expect(await mail.changeMessages(mailOf(userId), ids, TRASH)).toMatchObject([
    { message: { id: 'old', mailboxIds: ['TRASH'] }, error: null },
    { message: null, error: { code: 'NOT_FOUND' } },
    { account: null, error: { code: 'BAD_USER_INPUT' } },
  ]);
  expect(await subjects()).toEqual(['Lunch']);
});

it('refuses a mailbox that the account cannot have', async () => {
  const account = await mailOf(userId).find(integrationId);
  const created = account && mail.mailboxChangesOf(account).create({ name: 'Plans' });
  await expect(created).rejects.toMatchObject({ code: 'UNSUPPORTED', field: ['kind'] });
});

it('lists what was sent, and refuses what is no cursor', async () => {
  const request = { statuses: null, first: 1, after: null };
  expect(await mail.submissionList.page(mailOf(userId), request)).toEqual({ entries: [], hasNextPage: false });
  const after = { ...request, after: 'no cursor' };
  await expect(mail.submissionList.page(mailOf(userId), after)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

it('stores a draft and deletes it', async () => {
  const { draft } = await mail.drafts.save(mailOf(userId), { integration, subject: 'Unfinished' });
  expect(mailbox.drafts.get(draft.id)).toMatchObject({ subject: 'Unfinished', from: { name: 'Ada' } });
  await mail.drafts.delete(mailOf(userId), encodeId('Draft', integrationId, draft.id), null);
  expect(mailbox.drafts.size).toBe(0);
});

it('sends once for each key', async () => {
  const message = { integration, to: [{ address: 'zoe@example.org' }], subject: 'Dinner', text: 'At eight?' };
  const first = await mail.submissions.send(mailOf(userId), { message, idempotencyKey: 'dinner' });
  expect(first).toMatchObject({ status: 'SENT', problem: null });
  expect(await mail.submissions.send(mailOf(userId), { message, idempotencyKey: 'dinner' })).toMatchObject({
    id: first.id,
  });
  expect(mailbox.sent).toMatchObject([{ subject: 'Dinner', to: [{ address: 'zoe@example.org' }] }]);
});

it("reaches nobody else's account", async () => {
  const stranger = mailOf(randomUUID());
  expect(await stranger.all()).toEqual([]);
  const [outcome] = await mail.changeMessages(stranger, [encodeId('Message', integrationId, 'new')], TRASH);
  expect(outcome).toMatchObject({ account: null, error: { code: 'NOT_FOUND' } });
  await expect(mail.drafts.save(stranger, { integration })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    field: ['input', 'integration'],
  });
  const message = { integration, to: [{ address: 'zoe@example.org' }], text: 'x' };
  await expect(mail.submissions.send(stranger, { message, idempotencyKey: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    field: ['input', 'message', 'integration'],
  });
});
