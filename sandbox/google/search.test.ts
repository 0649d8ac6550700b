import { beforeAll, expect, test } from 'vitest';
import { connect, googleFor, MAIL_SCOPE, ME, mail, USER } from '../testing/google.ts';

const { running } = googleFor('file');
const names = new Map<string, string>();

beforeAll(async () => {
  const keep = (name: string, each: ReturnType<typeof mail>) => names.set(running().emulator.deliver(ME, each), name);
  const person = (name: string, address: string) => ({ name, address });
  keep(
    'ada',
    mail({
      from: person('Ada Lovelace', 'ada@engine.example'),
      subject: 'Engine notes',
      text: 'The analytical engine weaves patterns',
      date: new Date('2026-01-10T20:00:00Z'),
      messageId: '<ada-1@engine.example>',
    }),
  );
  keep(
    'ben',
    mail(
      {
        from: person('Ben', 'ben@office.example'),
        to: [person('', 'team@office.example')],
        cc: [person('', ME)],
        subject: 'Invoice May',
        text: 'see file',
        files: [{ filename: 'invoice-2026.pdf', mimeType: 'application/pdf', bytes: Buffer.alloc(300_000) }],
        date: new Date('2026-02-10T12:00:00Z'),
      },
      { isRead: true, isStarred: true },
    ),
  );
  keep(
    'cho',
    mail(
      {
        from: person('趙', 'cho@office.example'),
        subject: '会議の予定',
        text: '来週の会議',
        date: new Date('2026-03-10T12:00:00Z'),
      },
      { mailbox: { name: 'Work/Plans' }, isRead: true },
    ),
  );
  keep('spam', mail({ subject: 'Engine prize', date: new Date('2026-03-11T12:00:00Z') }, { mailbox: 'junk' }));
  keep('trash', mail({ subject: 'Old engine', date: new Date('2026-03-12T12:00:00Z') }, { mailbox: 'trash' }));
});

async function search(q: string): Promise<string[]> {
  const { data } = await running().users.messages.list({ ...USER, q });
  return (data.messages ?? []).map(({ id }) => names.get(id ?? '') ?? '?').sort();
}

test.each([
  ['', ['ada', 'ben', 'cho']],
  ['from:ada', ['ada']],
  ['from:ad', []],
  ['from:engine.example', ['ada']],
  ['from:(ada OR ben)', ['ada', 'ben']],
  ['from:"Ada Lovelace"', ['ada']],
  ['to:me', ['ada', 'ben', 'cho']],
  ['cc:me', ['ben']],
  ['to:team@office.example', ['ben']],
  ['subject:(invoice may)', ['ben']],
  ['subject:"may invoice"', []],
  ['subject:会議', ['cho']],
  ['subject:会', ['cho']],
  ['subject:"議会"', []],
  ['patterns', ['ada']],
  ['"analytical engine"', ['ada']],
  ['"engine analytical"', []],
  ['engine -weaves', []],
  ['engine', ['ada']],
  ['in:anywhere engine', ['ada', 'spam', 'trash']],
  ['in:spam', ['spam']],
  ['in:trash engine', ['trash']],
  ['-in:trash engine', ['ada']],
  ['in:inbox', ['ada', 'ben']],
  ['in:archive', ['cho']],
  ['label:work-plans', ['cho']],
  ['label:inbox is:starred', ['ben']],
  ['is:unread', ['ada']],
  ['is:read', ['ben', 'cho']],
  ['has:attachment', ['ben']],
  ['has:userlabels', ['cho']],
  ['filename:pdf', ['ben']],
  ['filename:invoice-2026.pdf', ['ben']],
  ['larger:100K', ['ben']],
  ['smaller:100K', ['ada', 'cho']],
  ['after:2026/02/01 before:2026/03/01', ['ben']],
  ['after:2026/01/11', ['ben', 'cho']],
  ['before:2026/01/10', []],
  [`after:${Date.parse('2026-03-01T00:00:00Z') / 1000}`, ['cho']],
  ['newer_than:1d', []],
  ['older_than:1d', ['ada', 'ben', 'cho']],
  ['rfc822msgid:<ada-1@engine.example>', ['ada']],
  ['rfc822msgid:ada-1@engine.example', ['ada']],
  ['{from:ada from:ben}', ['ada', 'ben']],
  ['from:ada OR from:ben is:starred', ['ben']],
  ['(from:ada is:unread) OR (from:ben is:starred)', ['ada', 'ben']],
  ['from:ada AND engine', ['ada']],
  ['-(from:ada OR from:ben)', ['cho']],
  ['-from:ada -from:ben', ['cho']],
  ['category:primary', ['ada', 'ben']],
  ['((unbalanced', []],
  ['OR', ['ada', 'ben', 'cho']],
  ['is:nonsense', []],
])('q=%s', async (q, expected) => {
  expect(await search(q)).toEqual(expected);
});

test.each([
  [{}, 'subject:reunion', ['fête', 'team']],
  [{}, 'subject:"strasse"', ['fête']],
  [{ accents: 'kept' }, 'subject:reunion', ['team']],
  [{ accents: 'kept' }, 'subject:"réunion"', ['fête']],
  [{}, 'subject:annual', []],
  [{ underscore: 'separates' }, 'subject:annual', ['team']],
  [{}, 'subject:plan', []],
  [{ forms: 'stems' }, 'subject:planned', ['team']],
  [{}, '"東"', ['fête']],
  [{ unspaced: 'runs' }, '"東"', []],
  [{ unspaced: 'runs' }, '"東京"', ['fête']],
  [{}, 'from:assistant', ['team']],
  [{ sender: 'ignored' }, 'from:assistant', []],
  [{}, 'rfc822msgid:TEAM@office.example', ['team']],
  [{ messageIds: 'exact' }, 'rfc822msgid:TEAM@office.example', []],
] as const)('an index of other ways: %j q=%s', async (index, q, expected) => {
  running().emulator.createAccount('ways@gmail.example', 'Ways');
  if (running().emulator.dump('ways@gmail.example').length === 0) {
    const keep = (name: string, each: ReturnType<typeof mail>) =>
      names.set(running().emulator.deliver('ways@gmail.example', each), name);
    keep('fête', mail({ subject: 'Re\u0301union, Straße, 東京' }));
    keep(
      'team',
      mail({
        headers: { Sender: 'Assistant <pa@office.example>' },
        subject: 'Reunion planning annual_report',
        messageId: '<team@office.example>',
      }),
    );
  }
  running().emulator.setSearchIndex('ways@gmail.example', index);
  const { auth } = await connect(running().url, [MAIL_SCOPE], 'ways@gmail.example');
  const url = `${running().url}/gmail/v1/users/me/messages?q=${encodeURIComponent(q)}`;
  const { data } = await auth.request<{ messages?: { id: string }[] }>({ url });
  expect((data.messages ?? []).map(({ id }) => names.get(id)).sort()).toEqual(expected);
});

test('an index that lags finds new mail later, while plain lists show it at once', async () => {
  running().emulator.setSearchLag(ME, 60);
  const id = running().emulator.deliver(ME, mail({ subject: 'Freshly arrived' }));
  const inbox = (await running().users.messages.list({ ...USER, labelIds: ['INBOX'] })).data.messages;
  expect(inbox?.some((message) => message.id === id)).toBe(true);
  expect(await search('subject:freshly')).toEqual([]);
  running().clock.ahead = 61_000;
  expect(await search('subject:freshly')).toEqual(['?']);
});

test('an index that lags finds no new messages and threads, and finds all older ones by a future date', async () => {
  const everything = 'before:2147483647';
  const before = await search(everything);
  expect(before).toEqual(await search(''));
  running().emulator.setSearchLag(ME, 3_600);
  const late = running().emulator.deliver(ME, mail({ subject: 'Late', date: new Date('2026-03-13T12:00:00Z') }));
  names.set(late, 'late');
  const listed = async (asked: object) => {
    const { data } = await running().users.messages.list({ ...USER, ...asked });
    const { data: threads } = await running().users.threads.list({ ...USER, ...asked });
    const has = (items: { id?: string | null }[] | undefined) => (items ?? []).some(({ id }) => id === late);
    return [has(data.messages), has(threads.threads)];
  };
  expect(await search(everything)).toEqual(before);
  for (const q of [everything, 'is:unread', '-in:sent', 'subject:late'])
    expect([q, await listed({ q })]).toEqual([q, [false, false]]);
  expect(await listed({})).toEqual([true, true]);
  expect(await listed({ labelIds: ['UNREAD', 'INBOX'] })).toEqual([true, true]);
  // The index keeps what it had, and has the waiting mail once the lag ends.
  running().emulator.setSearchLag(ME, 7_200);
  expect(await search(everything)).toEqual(before);
  running().emulator.setSearchLag(ME, 0);
  expect(await search(everything)).toEqual([...before, 'late'].sort());
});
