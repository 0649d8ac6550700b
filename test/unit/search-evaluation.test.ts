import { describe, expect, it } from 'vitest';
import type { Mailbox } from '../../src/domain/mailbox.ts';
import type { Message } from '../../src/domain/message.ts';
import { simplify } from '../../src/domain/search/algebra.ts';
import type { Condition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { resolveMailboxes } from '../../src/mail/search/resolve-mailboxes.ts';
import { parseSearch } from '../../src/mail/search/search-syntax.ts';

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
const mailbox = (id: string, name: string, more: Partial<Mailbox> = {}): Mailbox => ({
  id,
  name,
  kind: 'LABEL',
  role: null,
  parentId: null,
  color: null,
  totalMessages: null,
  unreadMessages: null,
  ...more,
});
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
  ])('%s holds', (search) => expect(holds(search)).toBe(true));

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
  ])('%s does not', (search) => expect(holds(search)).toBe(false));

  it('compares Message-IDs without their brackets', () => {
    expect(matches(message, { kind: 'internetMessageId', value: '<x@example.org>' })).toBe(true);
  });
});

describe('resolving what a condition names', () => {
  const unread: Condition = { kind: 'read', value: false };

  it('folds what cannot match', () => {
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
    expect(resolveMailboxes({ kind: 'role', role: 'STARRED' }, account)).toEqual({ kind: 'starred', value: true });
    expect(resolveMailboxes({ kind: 'mailbox', id: 'of another account' }, account)).toEqual(nothing);
  });
});
