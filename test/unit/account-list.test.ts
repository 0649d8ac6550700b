import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import type { Context } from '../../src/graphql/context.ts';
import { createContext } from '../../src/graphql/request-context.ts';
import { ListCursors } from '../../src/mail/list/list-cursor.ts';
import { MESSAGES } from '../../src/mail/list/list-kind.ts';
import { UnifiedList } from '../../src/mail/list/unified-list.ts';
import { Sealer } from '../../src/platform/seal.ts';
import type { MailSession } from '../../src/providers/provider.ts';
import { aMessage, fakeAccount, someContent } from '../support/fake-account.ts';

const cursors = new ListCursors(new Sealer([{ version: 1, bytes: randomBytes(32) }]));
const listsWithin = (sourceDeadlineMs: number) => new UnifiedList({ cursors, sourceDeadlineMs, scanBudget: 500 });
const lists = listsWithin(60_000);
const context = () =>
  createContext({
    principal: { userId: 'ada' },
    signal: new AbortController().signal,
    log: { warn() {}, error() {}, debug() {} },
  } as unknown as Context);
const WORDS: Condition = { kind: 'text', value: 'plums' };
const page = (account: ReturnType<typeof fakeAccount>, after: string | null = null, by = lists) =>
  by.page(context(), MESSAGES, { accounts: [account], condition: WORDS, scope: ['one'], first: 10, after });
const at = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, 60 - n));
const shown = ({ entries }: Awaited<ReturnType<typeof page>>) => entries.map(({ item }) => item?.id ?? null);

/** Ten mails whose words only their content tells; that of the even ones matches. */
function holding(content: (id: string) => Promise<Message | MailError>): Partial<MailSession> {
  const items = Array.from({ length: 10 }, (_, n) => aMessage(`m${n}`, { receivedAt: at(n), content: null }));
  return {
    listMessages: async (_query, { skip }) => ({
      items: items.filter(({ id }) => !skip?.(id)),
      next: null,
      rest: WORDS,
    }),
    getMessages: async (ids) => Promise.all(ids.map(content)),
  };
}
const whole = (id: string): Message => {
  const n = Number(id.slice(1));
  return aMessage(id, { receivedAt: at(n), content: someContent({ text: n % 2 === 0 ? 'Some plums' : 'No fruit' }) });
};

it('shows what a filtered search had found when its time was over, and finds the rest on the next page', async () => {
  let isWell = false;
  const session: Partial<MailSession> = {
    ...holding(async (id) => whole(id)),
    getMessages: async (ids) =>
      ids.map((id) => (isWell || Number(id.slice(1)) < 5 ? whole(id) : new MailError('TIMEOUT', 'too slow'))),
  };
  const first = await page(fakeAccount('a', session));
  expect(shown(first)).toEqual(['m0', 'm2', 'm4']);
  expect(first).toMatchObject({ hasNextPage: true, sources: [{ state: 'PARTIAL', problem: { code: 'TIMEOUT' } }] });
  isWell = true;
  const second = await page(fakeAccount('a', session), first.end());
  expect(shown(second)).toEqual(['m6', 'm8']);
  expect(second).toMatchObject({ hasNextPage: false, sources: [{ state: 'COMPLETE', problem: null }] });
});

it('ends at its deadline where what it reads never answers, and keeps its place', async () => {
  let isWell = false;
  const never = new Promise<never>(() => {});
  const session = holding(async (id) => (isWell ? whole(id) : never));
  const first = await page(fakeAccount('a', session), null, listsWithin(300));
  expect(shown(first)).toEqual([]);
  expect(first).toMatchObject({ hasNextPage: true, sources: [{ state: 'FAILED', problem: { code: 'TIMEOUT' } }] });
  isWell = true;
  expect(shown(await page(fakeAccount('a', session), first.end()))).toEqual(['m0', 'm2', 'm4', 'm6', 'm8']);
});

it('has a node for a mail that cannot be decided for good, and goes on behind it', async () => {
  const broken = new MailError('PROVIDER_UNAVAILABLE', 'cannot be read');
  const session = holding(async (id) => (id === 'm3' ? broken : whole(id)));
  const all = await page(fakeAccount('a', session));
  expect(shown(all)).toEqual(['m0', 'm2', null, 'm4', 'm6', 'm8']);
  expect(all).toMatchObject({ hasNextPage: false, sources: [{ state: 'PARTIAL' }] });
});

it('fails as a whole where the account cannot be read at all', async () => {
  const session = holding(async () => new MailError('RECONNECT_REQUIRED', 'connect it again'));
  const none = await page(fakeAccount('a', session));
  expect(none).toMatchObject({ entries: [], sources: [{ state: 'FAILED', problem: { code: 'RECONNECT_REQUIRED' } }] });
});
