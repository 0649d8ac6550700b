import { expect, it } from 'vitest';
import { AccountHandles } from '../../src/accounts/handles/account-handles.ts';
import { MailSessions } from '../../src/accounts/handles/mail-sessions.ts';
import { RequestLimiters } from '../../src/accounts/handles/request-limiters.ts';
import type { IntegrationRecord } from '../../src/accounts/integrations/integration.ts';
import type { Principal } from '../../src/domain/principal.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import type { AccountDetails } from '../../src/providers/contract/provider.ts';
import { silent } from '../support/app/database.ts';
import { fakeProvider } from '../support/fakes/provider.ts';

/** A provider whose servers differ in what they support, which is known when an account is connected. */
const usual = fakeProvider();
const provider = fakeProvider({
  capabilities: (account: AccountDetails) => ({
    ...usual.capabilities(account),
    push: account.scopes.includes('IDLE') ? 'HELD' : 'POLL',
  }),
  open: () => ({ close: async () => {} }) as unknown as MailSession,
});

const record = (id: string, userId: string, more: Partial<IntegrationRecord> = {}): IntegrationRecord => ({
  id,
  userId,
  provider: 'GMAIL',
  address: `${id}@mail.example`,
  status: 'CONNECTED',
  access: 'FULL',
  scopes: [],
  problem: null,
  connectedAt: new Date(1),
  lastEventAt: null,
  lastReconciledAt: null,
  ...more,
});
const records = [
  record('a', 'ada', { scopes: ['IDLE', 'MOVE'] }),
  record('b', 'ada', { scopes: ['MOVE'] }),
  record('c', 'bob'),
  record('d', 'ada', { status: 'DISCONNECTED' }),
];
const directory = {
  get: async (id: string) => records.find((one) => one.id === id) ?? null,
  find: async (userId: string, id: string) => records.find((one) => one.id === id && one.userId === userId) ?? null,
  all: async (userId: string) => records.filter((one) => one.userId === userId),
  forUser: async (userId: string) => records.filter((one) => one.userId === userId && one.status !== 'DISCONNECTED'),
  onChanged: () => () => {},
};
const sessions = new MailSessions({
  providers: [provider],
  directory,
  tokens: { get: async () => 'token', forget: () => {} },
  health: { refused: async () => {}, answered: async () => {} },
  limiters: new RequestLimiters({ log: silent }),
  log: silent,
});
const handles = new AccountHandles(directory, sessions);
const ada = { userId: 'ada' } as Principal;
const ids = (all: readonly { readonly integration: IntegrationRecord }[]) =>
  all.map(({ integration }) => integration.id);

it('a principal gets handles of their own accounts and no others', async () => {
  expect(ids(await handles.all(ada))).toEqual(['a', 'b']);
  expect(ids(await handles.ofAnyStatus(ada))).toEqual(['a', 'b', 'd']);
  expect((await handles.find(ada, 'a'))?.integration).toBe(records[0]);
  expect([await handles.find(ada, 'c'), await handles.find(ada, 'nothing')]).toEqual([null, null]);
});

it('a signed link gets a handle of an account of its user and of no other', async () => {
  const link = { userId: 'ada', expiresAt: new Date(1) };
  expect((await handles.ofLink(link, 'a'))?.integration).toBe(records[0]);
  expect([await handles.ofLink(link, 'c'), await handles.ofLink(link, 'nothing')]).toEqual([null, null]);
});

it('the gateway itself gets a handle of any account', async () => {
  expect((await handles.internal('c')).integration).toBe(records[2]);
  await expect(handles.internal('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('all handles of an account return its one open session', async () => {
  const [one, other] = [await handles.internal('a'), await handles.find(ada, 'a')];
  expect(await other?.session()).toBe(await one.session());
});

it('a disconnected account has a handle, but no session', async () => {
  await expect((await handles.find(ada, 'd'))?.session()).rejects.toMatchObject({ code: 'RECONNECT_REQUIRED' });
});

it('two accounts of one provider may be able to do different things', async () => {
  expect((await handles.all(ada)).map(({ capabilities }) => capabilities.push)).toEqual(['HELD', 'POLL']);
});
