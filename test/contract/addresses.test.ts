import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Address } from '../../src/domain/address.ts';
import { isMailError } from '../../src/domain/error.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Thread } from '../../src/domain/thread.ts';
import { type Account, interactive, type Lab, openLab, PROVIDERS_AND_HEADERS } from '../support/app/lab.ts';
import { compose, mailCalled, sends } from '../support/mail/composing.ts';

type Pair = readonly [name: string | null, address: string];
interface Case {
  readonly headers: readonly string[];
  readonly from?: Pair;
  readonly to?: readonly Pair[];
  readonly replyTo?: readonly Pair[];
}

const q = (text: string): string =>
  `=?utf-8?Q?${[...Buffer.from(text)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')}?=`;
const b = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
const EVIL = 'mallory@evil.example';

/** The structure of a field is parsed before its encoded words are decoded (RFC 2047 6.2). */
const CASES: Record<string, Case> = {
  'a name that is an address': {
    headers: [
      `From: ${q('Bank Support <support@bank.example>')} <${EVIL}>`,
      `Reply-To: ${b('ops@corp.example')} <${EVIL}>`,
    ],
    from: ['Bank Support <support@bank.example>', EVIL],
    replyTo: [['ops@corp.example', EVIL]],
  },
  'a name that is a list, a group or the beginning of one': {
    headers: [
      `From: ${q('Boss <boss@corp.example>, Eve')} <${EVIL}>`,
      `Reply-To: ${q('Ops: Real <ops@corp.example>;')} <${EVIL}>`,
      `To: ${q('a@corp.example, b')} <one@x.example>, ${b('All: c@corp.example')} <two@x.example>, ${q(';')} <three@x.example>`,
    ],
    from: ['Boss <boss@corp.example>, Eve', EVIL],
    replyTo: [['Ops: Real <ops@corp.example>;', EVIL]],
    to: [
      ['a@corp.example, b', 'one@x.example'],
      ['All: c@corp.example', 'two@x.example'],
      [';', 'three@x.example'],
    ],
  },
  'quotes, brackets and comments in encoded names': {
    headers: [
      `From: ${q('Anna "Anni" Müller')} <anni@x.example>`,
      `Reply-To: ${q('5" Disk <boss@corp.example')} <disk@x.example>`,
      `To: ${q('5" A')} <a@x.example>, ${q('6" B')} <b@x.example>, ${q('Jörg (Sales)')} <js@x.example>, ${q('(open')} <o@x.example>, ${q('back\\slash"')} <bs@x.example>`,
    ],
    from: ['Anna "Anni" Müller', 'anni@x.example'],
    replyTo: [['5" Disk <boss@corp.example', 'disk@x.example']],
    to: [
      ['5" A', 'a@x.example'],
      ['6" B', 'b@x.example'],
      ['Jörg (Sales)', 'js@x.example'],
      ['(open', 'o@x.example'],
      ['back\\slash"', 'bs@x.example'],
    ],
  },
  'a quote that begins in one name and ends in the next': {
    headers: [`From: x@x.example`, `To: ${q('"A')} <a@x.example>, ${q('B"')} <b@x.example>`],
    to: [
      ['"A', 'a@x.example'],
      ['B"', 'b@x.example'],
    ],
  },
  'quoted names that hold the signs of a list': {
    headers: [
      `From: "support@bank.example" <${EVIL}>`,
      `Reply-To: "Boss <boss@corp.example>, Eve" <${EVIL}>`,
      'To: "Doe, Jane" <jane@x.example>, "Roe \\"R\\" Rick" <rick@x.example>, plain@x.example',
    ],
    from: ['support@bank.example', EVIL],
    replyTo: [['Boss <boss@corp.example>, Eve', EVIL]],
    to: [
      ['Doe, Jane', 'jane@x.example'],
      ['Roe "R" Rick', 'rick@x.example'],
      [null, 'plain@x.example'],
    ],
  },
  'an encoded word inside quotes': {
    headers: [`From: "${q('Jörg <boss@corp.example>')}" <${EVIL}>`],
    from: ['Jörg <boss@corp.example>', EVIL],
  },
  'words side by side, also those that cut a letter in two, and B beside Q': {
    headers: [
      'From: =?utf-8?Q?J=C3?=\r\n =?utf-8?Q?=B6rg?= =?utf-8?B?IDxi?= =?utf-8?B?b3NzQGNvcnAuZXhhbXBsZT4=?= <joerg@x.example>',
      'Reply-To: Mr =?iso-8859-1*de?Q?M=FCller?= and =?UTF-8?b?5bGx?= =?utf-8?q?=E7=94=B0?= <m@x.example>',
    ],
    from: ['Jörg <boss@corp.example>', 'joerg@x.example'],
    replyTo: [['Mr Müller and 山田', 'm@x.example']],
  },
  'line breaks, NUL and direction overrides in a name': {
    headers: [`From: ${q('Bank\r\nTo: x@y.example\0\u202e <boss@corp.example>')} <${EVIL}>`],
    from: ['Bank To: x@y.example <boss@corp.example>', EVIL],
  },
  'an empty word, and a name that spells an encoded word': {
    headers: [`From: =?utf-8?Q??= <empty@x.example>`, `Reply-To: ${q(q('x <boss@corp.example>'))} <${EVIL}>`],
    from: [null, 'empty@x.example'],
  },
  'comments, routes and obsolete forms': {
    headers: [
      'From: Pete(A nice \\) (nested) chap) <pete(his account)@silly.example(his host)>',
      'Reply-To: <@relay.example,@other.example:ada@x.example>',
      'To: A Group(Some people)\r\n :Chris Jones <c@(his host.)x.example>,\r\n  joe@x.example,\r\n John <jdoe@one.example> (my dear friend); (the end), john . doe @ x . example, old@x.example (Old Name)',
    ],
    from: ['Pete', 'pete@silly.example'],
    replyTo: [[null, 'ada@x.example']],
    to: [
      ['Chris Jones', 'c@x.example'],
      [null, 'joe@x.example'],
      ['John', 'jdoe@one.example'],
      [null, 'john.doe@x.example'],
      ['Old Name', 'old@x.example'],
    ],
  },
  'letters that are not encoded at all': {
    headers: ['From: Jörg Müller <joerg@x.example>', 'To: "Größe, Ägidius" <g@x.example>, 山田 <y@x.example>'],
    from: ['Jörg Müller', 'joerg@x.example'],
    to: [
      ['Größe, Ägidius', 'g@x.example'],
      ['山田', 'y@x.example'],
    ],
  },
  'an ordinary list, and one that only looks like it': {
    headers: [
      'From: x@x.example',
      `To: Alice <alice@x.example>, Bob <bob@x.example>, ${q('Carl <carl@x.example>, Dora')} <dora@x.example>`,
    ],
    to: [
      ['Alice', 'alice@x.example'],
      ['Bob', 'bob@x.example'],
      ['Carl <carl@x.example>, Dora', 'dora@x.example'],
    ],
  },
  'quoted local parts': {
    headers: ['From: "john smith"@x.example', 'To: "a,b<c>"@x.example, Q <"d@e"@x.example>'],
    from: [null, '"john smith"@x.example'],
    to: [
      [null, '"a,b<c>"@x.example'],
      ['Q', '"d@e"@x.example'],
    ],
  },
  'nobody in a group': { headers: ['From: x@x.example', 'To: undisclosed-recipients:;'], to: [] },
  'nobody in a group that is written as an address': {
    headers: [
      'From: x@x.example',
      'Reply-To: "undisclosed recipients: ;"',
      'To: <undisclosed-recipients:;>, a@x.example',
    ],
    replyTo: [],
    to: [[null, 'a@x.example']],
  },
  'a charset that is registered with a year': {
    headers: ['From: =?ISO_8859-5:1988?Q?=BF=E0?= <x@x.example>'],
    from: ['Пр', 'x@x.example'],
  },
  'groups, some of them empty': {
    headers: ['From: x@x.example', "To: none:;, Team : Ann <a@x.example>, 'Bob' <b@x.example>; more: ;, c@x.example"],
    to: [
      ['Ann', 'a@x.example'],
      ['Bob', 'b@x.example'],
      [null, 'c@x.example'],
    ],
  },
  'quotes and brackets around names and addresses': {
    headers: [
      "From: 'Ann Smith' <ann@x.example>",
      'Reply-To: Ann <<ann@x.example>>',
      `To: <<a@x.example>>, 'b@x.example' <b@x.example>, "<c@x.example>" <c@x.example>, 'd@x.example', "'Eve'" <e@x.example>, F@x.example <f@x.example>, <mailto:g@x.example>, O'Neil <h@x.example>, 'Al d'Or' <i@x.example>, 'A' and 'B' <j@x.example>`,
    ],
    from: ['Ann Smith', 'ann@x.example'],
    replyTo: [['Ann', 'ann@x.example']],
    to: [
      [null, 'a@x.example'],
      [null, 'b@x.example'],
      [null, 'c@x.example'],
      [null, 'd@x.example'],
      ['Eve', 'e@x.example'],
      [null, 'f@x.example'],
      [null, 'g@x.example'],
      ["O'Neil", 'h@x.example'],
      ["Al d'Or", 'i@x.example'],
      ["'A' and 'B'", 'j@x.example'],
    ],
  },
  'separators too many, and of another kind': {
    headers: ['From: x@x.example', 'To: ,a@x.example, ,b@x.example; C <c@x.example>;, Doe, Jane <jane@x.example>,'],
    to: [
      [null, 'a@x.example'],
      [null, 'b@x.example'],
      ['C', 'c@x.example'],
      ['Doe, Jane', 'jane@x.example'],
    ],
  },
  'hosts in other letters, and by number': {
    headers: ['From: ü@münchen.example', 'To: Ann <ann@[192.168.0.1]>, ann@[IPv6:2001:db8::1]'],
    from: [null, 'ü@münchen.example'],
    to: [
      ['Ann', 'ann@[192.168.0.1]'],
      [null, 'ann@[IPv6:2001:db8::1]'],
    ],
  },
};

const pairs = (people: readonly Address[]) => people.map(({ name, address }) => [name, address]);

describe.each(PROVIDERS_AND_HEADERS)('%s: addresses, with headers %s', (id, headers) => {
  let lab: Lab;
  let account: Account;
  beforeAll(async () => {
    lab = await openLab(id, undefined, { headers });
    account = await lab.account('reader');
  });
  afterAll(() => lab.close());

  let mails = 0;
  const deliver = (lines: readonly string[]) =>
    account.deliver({
      raw: [...lines, `Message-ID: <address.${++mails}@x.example>`, 'Subject: addresses', '', 'x', ''].join('\r\n'),
    });
  const read = async (messageId: string): Promise<Message> => {
    const [message] = await account.session.getMessages([messageId], 'full', interactive());
    if (!message || isMailError(message)) throw message;
    return message;
  };

  it.each(Object.entries(CASES))('%s', async (_name, { headers: lines, from, to, replyTo }) => {
    const message = await read(await deliver(lines));
    if (from) expect([message.from?.name, message.from?.address]).toEqual(from);
    if (to) expect(pairs(message.to)).toEqual(to);
    if (replyTo) expect(pairs(message.replyTo)).toEqual(replyTo);
    expect(message.replyTo.every(({ address }) => !address.endsWith('@corp.example'))).toBe(true);
  });

  it('are the same in lists, in threads and by id', async () => {
    const other = await lab.account('lister');
    const raw = (n: number, lines: readonly string[]) =>
      [...lines, `Message-ID: <listed.${n}@x.example>`, `Subject: listed ${n}`, '', 'x', ''].join('\r\n');
    const cases = Object.values(CASES);
    for (const [n, { headers: lines }] of cases.entries()) await other.deliver({ raw: raw(n, lines) });
    const query = { mailboxId: null, where: null };
    const page = { size: 50, after: null };
    const messages = (await other.session.listMessages(query, page, interactive())).items as readonly Message[];
    const threads = (await other.session.listThreads(query, page, interactive())).items as readonly Thread[];
    const lists = [messages, threads.flatMap((thread) => thread.messages)];
    for (const list of lists) {
      expect(list).toHaveLength(cases.length);
      for (const message of list) {
        const { from, to, replyTo } = cases[Number(message.subject.split(' ')[1])] as Case;
        if (from) expect([message.from?.name, message.from?.address]).toEqual(from);
        if (to) expect(pairs(message.to)).toEqual(to);
        if (replyTo) expect(pairs(message.replyTo)).toEqual(replyTo);
      }
    }
  });

  it('go out as they were given, whatever a name looks like, and come back so', async () => {
    if (!lab.operations.send) return;
    const peer = await lab.elsewhere('peer');
    const names = [
      'Doe, Jane',
      'support@bank.example',
      'Boss <boss@corp.example>, Eve',
      'Anna "Anni" Müller',
      'back\\slash',
      'Ops: a@corp.example;',
      '(in brackets)',
      'Ünïcödé, 山田 👩‍💻',
    ];
    const odd = ['"john smith"@x.example', '"a..b, \\"c@d"@x.example', 'josé@münchen.example', '"zoë ü"@x.example'];
    const to: Address[] = [
      ...names.map((name, n) => ({ name, address: `n${n}@x.example` })),
      ...odd.flatMap((address) => [
        { name: null, address },
        { name: 'Doe, Jöhn', address: address.replace('@', '2@').replace('"2@', '2"@') },
      ]),
    ];
    const sent = await sends(
      account,
      compose({ to: [...to, { name: null, address: peer.address }], replyTo: to.slice(0, 2), subject: 'names' }),
    );
    const arrived = await mailCalled(peer.session, sent.internetMessageId ?? '');
    for (const message of [sent, arrived]) {
      expect(message.to.slice(0, -1)).toEqual(to);
      expect(message.replyTo).toEqual(to.slice(0, 2));
    }
  });
});
