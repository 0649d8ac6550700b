import { expect, it } from 'vitest';
import { AccountCache, INDEX_SETTLE_MS } from '../../src/cache/account-cache.ts';
import { CacheBudget } from '../../src/cache/cache-budget.ts';
import type { Evaluation, ListQuery, PageRequest } from '../../src/providers/contract/list.ts';
import type { MailSession } from '../../src/providers/contract/mail-session.ts';
import { aMessage } from '../support/fakes/fake-account.ts';

const SESSION = { roleMailboxId: () => null } as unknown as MailSession;
const PAGE: PageRequest = { size: 10, after: null };
const LUNCH: ListQuery = { mailboxId: null, where: { kind: 'text', value: 'lunch' } };

it.each([
  ['INDEXED', false],
  ['FILTERED', true],
] as const)('a page that is %s and was read soon after a change is kept: %s', (evaluation: Evaluation, isKept) => {
  const clock = { now: 0 };
  const cache = new AccountCache({
    budget: new CacheBudget(1_000_000),
    mailboxesPerMessage: 'MANY',
    settleMs: 0,
    now: () => clock.now,
  });
  const read = () => {
    const mark = cache.begin();
    const messages = { items: [aMessage('one')], next: null, evaluation };
    cache.keepMessageList(SESSION, LUNCH, PAGE, messages, [], mark);
    cache.keepThreadList(SESSION, LUNCH, PAGE, { items: [], next: null, evaluation }, [], mark);
    cache.end(mark);
    return (['messages', 'threads'] as const).map((kind) => cache.list(kind, LUNCH, PAGE) !== null);
  };
  cache.apply({ kind: 'created', subject: 'other', detail: null });
  clock.now = INDEX_SETTLE_MS - 1;
  expect(read()).toEqual([isKept, isKept]);
  clock.now = INDEX_SETTLE_MS;
  expect(read()).toEqual([true, true]);
});
