import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/domain/message.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { isUnreadable } from '../../src/providers/provider.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/lab.ts';

const day = (n: number): string => new Date(Date.UTC(2026, 1, n, 12)).toISOString();
const PDF = [
  'Content-Type: application/pdf',
  'Content-Disposition: attachment; filename=a.pdf',
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERg==',
];

describe.each(PROVIDER_IDS)('%s: searching', (id) => {
  let lab: Lab;
  let account: Account;
  const idOf: Record<string, string> = {};
  beforeAll(async () => {
    lab = await openLab(id);
    account = await lab.account('searcher');
    const plain = (n: number, from: string, subject: string, text: string, more: object = {}) =>
      account.deliver({ from, to: account.address, subject, text, receivedAt: day(n), ...more });
    idOf.invoice = await plain(
      1,
      'Billing Desk <billing@shop.example>',
      'Invoice for January',
      'The total is 40 euro',
      { isRead: true },
    );
    idOf.lunch = await plain(
      2,
      'Mina Park <mina@friends.example>',
      'Lunch?',
      'Shall we meet on Friday at the harbour',
      { isStarred: true },
    );
    idOf.quoted = await plain(3, 'Mina Park <mina@friends.example>', 'the "harbour" walk', 'another text', {
      isRead: true,
    });
    idOf.reminder = await plain(4, 'billing@shop.example', 'Reminder: invoice', 'Please pay the invoice');
    const raw = [
      'From: Files <files@work.example>',
      `To: ${account.address}`,
      'Cc: Carol <carol@work.example>',
      'Subject: The contract',
      'Message-ID: <contract@work.example>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Signed version attached',
      '--b',
      ...PDF,
      '--b--',
      '',
    ].join('\r\n');
    idOf.contract = await account.deliver({ raw, receivedAt: day(5) });
  });
  afterAll(() => lab.close());

  /** What the list gives after the rest has been evaluated, by name, oldest first. */
  async function find(where: Condition): Promise<string[]> {
    const page = await account.session.listMessages(
      { mailboxId: null, where },
      { size: 50, after: null },
      interactive(),
    );
    const found: string[] = [];
    for (const item of page.items) {
      if (isUnreadable(item)) throw item.error;
      let message: Message = item;
      if (page.rest) {
        const [full] = await account.session.getMessages([item.id], 'full', interactive());
        if (!full || full instanceof Error) throw full;
        message = full;
      }
      if (!page.rest || matches(message, page.rest)) found.push(item.id);
    }
    const name = new Map(Object.entries(idOf).map(([key, value]) => [value, key]));
    return found.map((x) => name.get(x) ?? x).reverse();
  }
  const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
  const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
  const not = (of: Condition): Condition => ({ kind: 'not', of });
  const from = (value: string): Condition => ({ kind: 'from', value });
  const subject = (value: string): Condition => ({ kind: 'subject', value });
  const text = (value: string): Condition => ({ kind: 'text', value });
  const unread: Condition = { kind: 'read', value: false };
  const starred: Condition = { kind: 'starred', value: true };

  it.each<[string, () => Condition, string[]]>([
    ['from an address', () => from('billing@shop.example'), ['invoice', 'reminder']],
    ['from a name', () => from('Mina'), ['lunch', 'quoted']],
    ['to someone in Cc', () => ({ kind: 'to', value: 'carol@work.example' }), ['contract']],
    ['subject', () => subject('invoice'), ['invoice', 'reminder']],
    ['text in a body', () => text('euro'), ['invoice']],
    ['text in a subject', () => text('lunch'), ['lunch']],
    ['a phrase', () => text('meet on Friday'), ['lunch']],
    ['unread', () => unread, ['lunch', 'reminder', 'contract']],
    ['starred', () => starred, ['lunch']],
    ['not starred', () => ({ kind: 'starred', value: false }), ['invoice', 'quoted', 'reminder', 'contract']],
    ['with an attachment', () => ({ kind: 'hasAttachment', value: true }), ['contract']],
    ['after a day, inclusive', () => ({ kind: 'receivedAfter', at: new Date(day(4)) }), ['reminder', 'contract']],
    ['before a day, exclusive', () => ({ kind: 'receivedBefore', at: new Date(day(2)) }), ['invoice']],
    ['a Message-ID', () => ({ kind: 'internetMessageId', value: 'contract@work.example' }), ['contract']],
    ['and', () => and(from('billing'), unread), ['reminder']],
    ['or', () => or(from('mina'), subject('contract')), ['lunch', 'quoted', 'contract']],
    ['not', () => not(from('billing@shop.example')), ['lunch', 'quoted', 'contract']],
    ['nested', () => and(or(from('mina'), from('billing')), not(or(starred, text('pay')))), ['invoice', 'quoted']],
    [
      'text and unread and a date',
      () => and(text('invoice'), unread, { kind: 'receivedAfter', at: new Date(day(2)) }),
      ['reminder'],
    ],
    ['a quotation mark in the value', () => subject('"harbour"'), ['quoted']],
    ['nothing', () => ({ kind: 'nothing' }), []],
  ])('%s', async (_, where, expected) => {
    expect(await find(where())).toEqual(expected);
  });

  it('takes operators of the provider inside a value as plain words', async () => {
    for (const value of [
      '" OR from:billing',
      "') or 1 eq 1 or ('",
      'is:unread',
      '{a b}',
      '-invoice',
      '\\"',
      '%',
      "'",
    ]) {
      expect([value, await find(and(subject('Lunch'), text(value)))]).toEqual([value, []]);
    }
  });
});
