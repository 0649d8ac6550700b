import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TWINS } from '../../sandbox/twins.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { isUnreadable } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab } from '../support/app/lab.ts';

const PROVIDERS_AND_INDEXES = TWINS.flatMap(({ provider, searchIndexes }) =>
  searchIndexes.map((index) => [provider, index] as const),
);
const SUBJECTS = [
  'Réunion at the café',
  'reunion at the cafe',
  'annual_report is ready',
  'annual report is ready',
  'Starting the engines',
  'start the engine',
  '東京都の会議',
  '東京 の 会議',
  'me and C++',
  '회의 일정 안내',
  '東京タワー',
];
const VALUES = [
  'reunion',
  'RÉUNION',
  'annual',
  'annual_report',
  'annual report',
  'start',
  'engines',
  '東京',
  '会',
  'me',
  'c',
  '회의 일정',
  '회의 안내',
];

describe.each(PROVIDERS_AND_INDEXES)('%s, whose index may be %j: searching', (id, index) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('indexed');
    await lab.control('/search-index', { vendor: lab.vendor, account: account.address, ...index });
    for (const [n, subject] of SUBJECTS.entries())
      await account.deliver({
        from: n % 2 === 0 ? { name: subject, address: `sender_${n}@work.example` } : 'Ada <ada@example.org>',
        headers: n % 3 === 0 ? { Sender: 'Starts Assistant <me@work.example>' } : {},
        subject,
        text: subject,
        receivedAt: new Date(Date.UTC(2026, 1, 1, 12, n)).toISOString(),
      });
  });
  afterAll(() => lab.close());

  async function list(where: Condition | null) {
    const page = await account.session.listMessages(
      { mailboxId: null, where },
      { size: 50, after: null },
      interactive(),
    );
    expect(page.next).toBeNull();
    return page.items.map((item) => {
      if (isUnreadable(item)) throw item.error;
      return item;
    });
  }

  it.each(['from', 'to', 'subject', 'text'] as const)(
    'shows nothing by %s that is not meant, and never X and not X at once',
    async (kind) => {
      const all = (await list(null)).map((message) => message.id).sort();
      for (const value of VALUES) {
        const where: Condition = { kind, value };
        const yes = await list(where);
        const no = await list({ kind: 'not', of: where });
        const both = [...yes, ...no].map((message) => message.id).sort();
        expect([value, new Set(both).size]).toEqual([value, both.length]);
        // For words in bodies the vendor's index decides, however it works.
        if (kind === 'text') expect([value, both]).toEqual([value, all]);
        else
          for (const message of yes)
            expect([value, message.subject, matches(message, where)]).toEqual([value, message.subject, true]);
      }
    },
  );

  it.each([
    ['회의 일정', '회의 일정 안내'],
    ['東京タワー', '東京タワー'],
    ['東京 タワー', '東京タワー'],
  ])('finds %s in %s, whether the index goes by spaces or by characters', async (value, subject) => {
    for (const kind of ['subject', 'text'] as const)
      expect((await list({ kind, value })).map((message) => message.subject)).toEqual([subject]);
  });
});
