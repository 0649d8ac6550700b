import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/domain/message.ts';
import { branchesOf, decisions } from '../../src/domain/search/branches.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { type Evaluation, isUnreadable, type Page, type PageRequest } from '../../src/providers/contract/list.ts';
import { type Account, interactive, type Lab, openLab, PROVIDER_IDS } from '../support/app/lab.ts';

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

  const WEAKER = ['NATIVE', 'FILTERED', 'INDEXED'];
  /** Returns the merged results of all alternatives by name, oldest first, and the weakest of their evaluations. */
  async function list(where: Condition | null, size = 50, more: Partial<PageRequest> = {}) {
    const branches = where === null ? [null] : branchesOf(where, account.session.decides, account.session.narrows);
    if (branches === null) throw new Error('too many alternatives');
    const items = new Map<string, Message>();
    let evaluation: string | undefined;
    for (const branch of branches) {
      const one = await listOf(branch, size, more);
      for (const item of one.items) items.set(item.id, item);
      if (WEAKER.indexOf(one.evaluation ?? '') >= WEAKER.indexOf(evaluation ?? '')) evaluation = one.evaluation;
    }
    const name = new Map(Object.entries(idOf).map(([key, value]) => [value, key]));
    const found = [...items.values()].sort((x, y) => x.receivedAt.getTime() - y.receivedAt.getTime());
    return { found: found.map(({ id }) => name.get(id) ?? id), evaluation };
  }
  async function listOf(where: Condition | null, size: number, more: Partial<PageRequest>) {
    const items: Message[] = [];
    let evaluation: string | undefined;
    for (let after: string | null = null, pages = 0; after !== null || pages === 0; pages += 1) {
      if (pages > 50) throw new Error('the list has no end');
      const page: Page<Message> = await account.session.listMessages(
        { mailboxId: null, where },
        { size, after, ...more },
        interactive(),
      );
      expect(page.items.length).toBeLessThanOrEqual(size);
      for (const item of page.items) {
        if (isUnreadable(item)) throw item.error;
        items.push(item);
      }
      evaluation = page.evaluation;
      after = page.next;
    }
    const times = items.map((item) => item.receivedAt.getTime());
    expect(times).toEqual([...times].sort((x, y) => y - x));
    return { items, evaluation };
  }
  const find = async (where: Condition) => (await list(where)).found;
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
    ['whole words only', () => or(subject('contract'), subject('voice'), text('eur')), ['contract']],
    ['a phrase in its order', () => or(text('Friday meet'), subject('walk harbour')), []],
    ['a name and an address as two texts', () => from('Park mina'), []],
    [
      'an address as a whole',
      () => or(from('mina@friends'), from('Anybody <mina@friends.example>')),
      ['lunch', 'quoted'],
    ],
    ['no part of an address for a whole one', () => from('ina@friends.example'), []],
    ['nobody for me', () => or({ kind: 'to', value: 'me' }, from('me')), []],
    [
      'words of any case, accent and width',
      () => or(subject('ＲÉMINDER'), from('MINÄ')),
      ['lunch', 'quoted', 'reminder'],
    ],
    ['a Message-ID of any case', () => ({ kind: 'internetMessageId', value: '<CONTRACT@work.example>' }), ['contract']],
    ['not a word in a body', () => not(text('euro')), ['lunch', 'quoted', 'reminder', 'contract']],
    ['not what has no word', () => and(not(subject('%%')), starred), ['lunch']],
    ['what has no word', () => or(text('%%'), subject('"'), from('🎉')), []],
    [
      'a date beside an alternative',
      () => or(starred, { kind: 'receivedBefore', at: new Date(day(2)) }),
      ['invoice', 'lunch'],
    ],
    ['a date under not', () => not({ kind: 'receivedAfter', at: new Date(day(2)) }), ['invoice']],
    ['a quotation mark in the value', () => subject('"harbour"'), ['quoted']],
    ['nothing', () => ({ kind: 'nothing' }), []],
  ])('%s', async (_, where, expected) => {
    expect(await find(where())).toEqual(expected);
  });

  it('parts the list in two by anything and its negation', async () => {
    const all = ['invoice', 'lunch', 'quoted', 'reminder', 'contract'];
    const conditions = [
      from('Mina'),
      from('billing@shop.example'),
      subject('"harbour"'),
      subject('%%'),
      text('invoice'),
      text('the'),
      unread,
      { kind: 'receivedAfter', at: new Date(day(3)) },
      { kind: 'internetMessageId', value: 'contract@work.example' },
      { kind: 'hasAttachment', value: true },
      and(from('mina'), starred),
      or(from('mina'), subject('invoice'), { kind: 'receivedBefore', at: new Date(day(2)) }),
      and(text('invoice'), not(from('Billing Desk'))),
      and(text('harbour'), or(starred, from('nobody'))),
      not(and(not(text('harbour')), text('the'))),
    ] satisfies Condition[];
    for (const where of conditions)
      for (const beside of [null, unread, from('friends')]) {
        const [yes, no, whole] = await Promise.all(
          [where, not(where), null].map(async (one) => {
            const parts = [one, beside].filter((part) => part !== null);
            return (await list(parts.length > 0 ? and(...parts) : null, 2)).found;
          }),
        );
        expect([...(yes ?? []), ...(no ?? [])].sort(), JSON.stringify([where, beside])).toEqual(
          [...(whole ?? [])].sort(),
        );
        if (beside === null) expect([...(whole ?? [])].sort()).toEqual([...all].sort());
      }
  });

  /** The evaluations that the contract allows for a condition, by what the session says of its parts. */
  const allowed = (where: Condition): readonly Evaluation[] => {
    const kinds = decisions(where, account.session.decides);
    if (kinds.has('indexed')) return ['INDEXED'];
    return kinds.has('checked') ? ['FILTERED', 'NATIVE'] : ['NATIVE'];
  };

  it('says who decided', async () => {
    const late: Condition = { kind: 'receivedAfter', at: new Date(day(3)) };
    const evaluation = async (where: Condition | null) => (await list(where)).evaluation;
    expect(await evaluation(null)).toBeUndefined();
    const flags = [unread, and(starred, late), or(not(unread), late), not(subject('%%'))];
    const envelopes = [from('mina'), not(subject('invoice')), or(unread, from('mina'))];
    const words = [text('invoice'), not(text('invoice')), and(unread, from('mina'), text('harbour'))];
    for (const where of [...flags, ...envelopes, ...words])
      expect(allowed(where), JSON.stringify(where)).toContain(await evaluation(where));
  });

  it('goes on from any moment without a cursor', async () => {
    for (const where of [null, from('mina'), not(text('euro')), unread]) {
      const { found } = await list(where, 2);
      const early = await list(where, 2, { before: new Date(day(4)) });
      expect([where, early.found]).toEqual([where, found.filter((name) => !['reminder', 'contract'].includes(name))]);
    }
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
      'OR',
      'label:inbox',
      'subject:Lunch',
      'Lun*',
    ]) {
      expect([value, await find(and(subject('Lunch'), text(value)))]).toEqual([value, []]);
    }
  });

  it('reads no more for a page than it may spend, and goes on from there', async () => {
    const busy = await lab.account('sparse');
    const wanted: string[] = [];
    for (let n = 0; n < 60; n += 1) {
      const isWanted = n % 20 === 0;
      const id = await busy.deliver({
        from: isWanted ? 'rare@work.example' : 'often@work.example',
        subject: `number ${n}`,
        text: 'x',
        receivedAt: new Date(Date.UTC(2026, 1, 1, 12, n)).toISOString(),
      });
      if (isWanted) wanted.unshift(id);
    }
    for (const where of [not(from('often')), not(subject('x')), or(from('rare'), and(subject('1'), from('nobody')))])
      for (const budget of [1, 10]) {
        const found: string[] = [];
        let pages = 0;
        let spent = 0;
        for (let after: string | null = null; after !== null || pages === 0; pages += 1) {
          const request = { size: 5, after, budget };
          const page = await busy.session.listMessages({ mailboxId: null, where }, request, interactive());
          found.push(...page.items.map(({ id }) => id));
          spent += page.spent ?? 0;
          after = page.next;
          // A provider may return only pages of a size of its own.
          if (budget > 1) expect(page.spent).toBeLessThanOrEqual(2 * budget);
          if (pages > 200) throw new Error('the list has no end');
        }
        if (where.kind === 'not' && where.of.kind === 'subject') expect(found.length).toBe(60);
        else expect(found).toEqual(wanted);
        expect(new Set(found).size).toBe(found.length);
        if (budget > 1) expect(spent).toBeLessThanOrEqual(180);
      }
  });
});
