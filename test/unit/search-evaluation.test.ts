import { describe, expect, it } from 'vitest';
import type { Mailbox, MailboxRole } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';
import { EVERYTHING, simplify } from '../../src/domain/search/algebra.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { visibleOnly } from '../../src/domain/search/visibility.ts';
import { needsMailboxes, resolveMailboxes } from '../../src/mail/search/resolve-mailboxes.ts';
import { parseSearch } from '../../src/mail/search/search-syntax.ts';
import { aMailbox } from '../support/fakes/fake-account.ts';

const message: Message = {
  id: 'm1',
  threadId: 't1',
  mailboxIds: ['INBOX', 'garden'],
  subject: 'Réunion: the  GARDEN plan',
  snippet: 'We meet on',
  from: { name: 'Ada Lovelace', address: 'ada@example.org' },
  sender: null,
  to: [{ name: null, address: 'bob@example.org' }],
  cc: [{ name: 'Straße', address: 'c@example.org' }],
  bcc: [],
  replyTo: [],
  sentAt: null,
  receivedAt: new Date('2026-11-20T10:00:00Z'),
  isRead: false,
  isStarred: true,
  isDraft: false,
  isImportant: false,
  isAnswered: null,
  hasAttachments: null,
  internetMessageId: 'x@example.org',
  sizeBytes: null,
  content: {
    text: 'We meet on Friday at the harbour.\nBring ﬁles.',
    html: null,
    attachments: [
      { id: 'a', filename: 'logo.png', mimeType: 'image/png', sizeBytes: 1, isInline: true, contentId: 'x' },
    ],
    headers: [],
    inReplyTo: [],
    references: [],
  },
};
const mailbox = (id: string, name: string, more: Partial<Mailbox> = {}): Mailbox => aMailbox(id, { name, ...more });
const mailboxes = [
  mailbox('INBOX', 'Posteingang', { role: 'INBOX' }),
  mailbox('projects', 'Projects'),
  mailbox('garden', 'Garden', { parentId: 'projects' }),
];
const account = { mailboxes, ownId: (id: string) => (id === 'global-garden' ? 'garden' : null) };
const holds = (search: string) =>
  matches(message, resolveMailboxes(parseSearch(search) ?? { kind: 'nothing' }, account));

describe('evaluating a search here', () => {
  it.each([
    'ada',
    'from:lovelace',
    'from:ADA@example',
    'to:bob',
    'to:STRASSE OR to:straße',
    'subject:"the garden"',
    'subject:re\u0301union',
    'harbour',
    'files',
    '"friday at the harbour. bring"',
    'is:unread is:starred',
    '-is:read',
    '-has:attachment',
    'after:2026-11-20 before:2026-11-21',
    'in:inbox',
    'in:garden',
    'in:Projects/Garden',
    'in:global-garden',
    'nothing OR garden',
    '-(nothing ada)',
  ])('%s matches', (search) => expect(holds(search)).toBe(true));

  it.each([
    'from:bob',
    'to:ada',
    'subject:harbour',
    'is:read',
    'has:attachment',
    'before:2026-11-20',
    'after:2026-11-21',
    'in:projects',
    'in:trash',
    '-garden',
    'ada nothing',
  ])('%s does not match', (search) => expect(holds(search)).toBe(false));

  it.each([
    ['jörg@müller.example', 'jörg@müller.example', true],
    ['jörg@müller.example', 'JO\u0308RG@MÜLLER.example', true],
    ['jörg@müller.example', 'jorg@muller.example', false],
    ['jorg@muller.example', 'jörg@müller.example', false],
    ['gross@muller.example', 'groß@muller.example', false],
    ['jorg@muller.example', 'ｊｏｒｇ@muller.example', true],
    ['jorg@muller.example', 'jorg@muller.example,', true],
    ['jorg@muller.example', 'x.jorg@muller.example', false],
  ])('decides whether an address %s is meant by %s', (address, value, isMeant) => {
    const from = { name: null, address };
    expect(matches({ ...message, from }, { kind: 'from', value })).toBe(isMeant);
  });

  it('compares Message-IDs without their brackets', () => {
    expect(matches(message, { kind: 'internetMessageId', value: '<x@example.org>' })).toBe(true);
  });
});

describe('the roles of a search', () => {
  const ROLES: readonly MailboxRole[] = ['INBOX', 'DRAFTS', 'SENT', 'TRASH', 'JUNK'];
  /** One account whose inbox is a label that archiving removes, with labels for flags, and one account with folders. */
  const labels = [...ROLES, 'STARRED' as const, 'IMPORTANT' as const].map((role) => mailbox(role, role, { role }));
  const folders = [...ROLES, 'ARCHIVE' as const].map((role) => mailbox(role, role, { role, kind: 'FOLDER' }));
  const own = mailbox('garden', 'Garden');
  const accounts = [
    { mailboxes: [...labels, own], ownId: () => null, archived: [] },
    { mailboxes: [...folders, { ...own, kind: 'FOLDER' as const }], ownId: () => null, archived: ['ARCHIVE'] },
  ];
  const hidden = new Set(['TRASH', 'JUNK']);
  const listed = (search: string, on: (typeof accounts)[number], mailboxIds: readonly string[], flags = {}) => {
    const where = resolveMailboxes(parseSearch(search) ?? EVERYTHING, on);
    const lies: Message = { ...message, isStarred: false, mailboxIds: [...mailboxIds], ...flags };
    return matches(lies, visibleOnly(where, hidden));
  };

  it.each(accounts)('mean the same for labels and for folders %#', (on) => {
    const flagged = { isStarred: true, isImportant: true };
    for (const role of ['starred', 'important']) {
      expect(listed(`in:${role}`, on, ['INBOX'], flagged)).toBe(true);
      expect(listed(`in:${role}`, on, ['INBOX', role.toUpperCase()])).toBe(false);
      expect(listed(`in:${role}`, on, ['TRASH'], flagged)).toBe(false);
      expect(listed(`-in:${role}`, on, ['INBOX'])).toBe(true);
    }
    expect(listed('in:archive', on, on.archived)).toBe(true);
    for (const role of ROLES) expect(listed('in:archive', on, [role]), role).toBe(false);
    expect(listed('in:all', on, ['INBOX'])).toBe(true);
    expect(listed('in:all', on, on.archived)).toBe(true);
    for (const role of hidden) expect(listed('in:all', on, [role])).toBe(false);
  });

  it.each(accounts)('include trash and junk only where these are named %#', (on) => {
    for (const search of [
      '-in:all',
      '-in:archive',
      '-in:inbox',
      'in:all OR in:archive',
      '-(in:all in:archive)',
      '-(-in:all)',
    ])
      expect(listed(search, on, ['TRASH']), search).toBe(false);
    for (const search of [
      'in:trash',
      'in:all OR in:trash',
      'in:trash -in:all',
      '-(-in:trash in:all)',
      'in:trash -in:archive',
    ])
      expect(listed(search, on, ['TRASH']), search).toBe(true);
    for (const search of ['in:trash in:all', 'in:trash in:archive', 'in:junk', 'in:junk OR -in:all'])
      expect(listed(search, on, ['TRASH']), search).toBe(false);
    for (const mailboxIds of [['INBOX'], on.archived]) expect(listed('-in:all', on, mailboxIds)).toBe(false);
  });

  it('has no archive when there are folders and none of them is the archive', () => {
    const on = { mailboxes: folders.filter(({ role }) => role !== 'ARCHIVE'), ownId: () => null };
    expect(resolveMailboxes({ kind: 'role', role: 'ARCHIVE' }, on)).toEqual({ kind: 'nothing' });
  });

  it('needs no mailboxes for a flag', () => {
    expect(needsMailboxes({ kind: 'not', of: { kind: 'role', role: 'STARRED' } })).toBe(false);
    expect(needsMailboxes({ kind: 'and', of: [{ kind: 'role', role: 'ALL' }] })).toBe(true);
  });
});

it('matches nothing, and everything when negated, for a value without a word', () => {
  for (const kind of ['from', 'to', 'subject', 'text'] as const) {
    expect(resolveMailboxes({ kind, value: '%% 🎉' }, account)).toEqual({ kind: 'nothing' });
    expect(resolveMailboxes({ kind: 'not', of: { kind, value: '"' } }, account)).toEqual({ kind: 'and', of: [] });
  }
});

describe('resolving what a condition names', () => {
  const unread: Condition = { kind: 'read', value: false };

  it('removes what cannot match', () => {
    const nothing: Condition = { kind: 'nothing' };
    expect(simplify({ kind: 'and', of: [unread, nothing] })).toEqual(nothing);
    expect(simplify({ kind: 'or', of: [unread, nothing] })).toEqual(unread);
    expect(simplify({ kind: 'not', of: { kind: 'or', of: [] } })).toEqual({ kind: 'and', of: [] });
    expect(
      simplify({
        kind: 'and',
        of: [
          { kind: 'and', of: [unread] },
          { kind: 'and', of: [] },
        ],
      }),
    ).toEqual(unread);
    expect(resolveMailboxes({ kind: 'role', role: 'TRASH' }, account)).toEqual(nothing);
    expect(resolveMailboxes({ kind: 'mailbox', id: 'of another account' }, account)).toEqual(nothing);
  });
});
