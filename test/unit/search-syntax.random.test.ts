import { expect, it } from 'vitest';
import { MailError } from '../../src/domain/error.ts';
import { extent } from '../../src/domain/search/algebra.ts';
import type { UserCondition } from '../../src/domain/search/condition.ts';
import { matches } from '../../src/domain/search/matches.ts';
import { hasWord } from '../../src/domain/search/words.ts';
import { listQueries } from '../../src/mail/list/account-queries.ts';
import { resolveMailboxes } from '../../src/mail/search/resolve-mailboxes.ts';
import { parseSearch } from '../../src/mail/search/search-syntax.ts';
import { aMessage, someContent } from '../support/fakes/fake-account.ts';
import { seeded, seedOf } from '../support/mail/seeded.ts';

const { below, pick } = seeded(seedOf('search-syntax.random'));
const account = { mailboxes: [], ownId: (id: string) => id };

const WORDS = ['lunch', 'Réunion', '東京', 'C++', 'OR', 'AND', 'or', '42', 'well-known', 'https://a.example/x', 'ﬁle'];
const SIGNS = [...'()()--""“”„＂:;%!/\\<>@#$&*,.~|{}[]`\'', ' ', ' ', ' ', '\t', '\n', '\u00a0', '\u2028', '\u3000'];
const OPERATORS = [
  'from:',
  'TO:',
  'subject: ',
  'has:',
  'has:attachment',
  'is:',
  'is:unread',
  'is:odd',
  'in:',
  'in:inbox',
];
const DATES = ['after:2026-11-20', 'before:2026/1/2', 'after:2026-02-30', 'before:2026-11-20T09:30:00Z', 'after: '];
const FOREIGN = ['label:x', 'cc: ', 'list:', 'size:(1', 'constructor:', '__proto__:x', 'x:'];
const ODD = [
  '🎉',
  '👩‍👩‍👧',
  '\u202e',
  '\u200f',
  '\ufeff',
  '\ud800',
  '\udfff',
  '\0',
  'e\u0301',
  '\u0301',
  'ไทย',
  '한국',
  'a'.repeat(40),
];
const PIECES = [WORDS, SIGNS, SIGNS, SIGNS, OPERATORS, DATES, FOREIGN, ODD];

const scribble = (pieces: number, of = PIECES) => Array.from({ length: pieces }, () => pick(pick(of))).join('');

/** Returns the condition of a search, or 'refused'. Any other error fails the test. */
function parsed(search: string): UserCondition | null | 'refused' {
  try {
    return parseSearch(search);
  } catch (error) {
    expect(error, JSON.stringify(search)).toBeInstanceOf(MailError);
    expect((error as MailError).code, JSON.stringify(search)).toBe('BAD_USER_INPUT');
    return 'refused';
  }
}

it('accepts or refuses any input, and ends within its limits', () => {
  const hostile = SIGNS.flatMap((a) => ['', ' ', 'a', '(', '-'].map((b) => (a + b).repeat(1_000).slice(0, 2_000)));
  const typed = Array.from({ length: 4_000 }, (_, n) => scribble(below(n % 20 === 0 ? 700 : 25)));
  let taken = 0;
  for (const search of [...hostile, ...typed]) {
    const condition = parsed(search);
    if (condition === 'refused' || condition === null) continue;
    taken++;
    const { depth } = extent(condition);
    expect(depth, JSON.stringify(search)).toBeLessThanOrEqual(10);
  }
  expect(taken).toBeGreaterThan(1_500);
});

it('accepts words and signs in any order', () => {
  for (let n = 0; n < 2_000; n++) {
    const search = scribble(below(20), [
      WORDS.filter((word) => !word.includes('://')),
      SIGNS.filter((sign) => sign !== '('),
    ]);
    expect(parsed(search), JSON.stringify(search)).not.toBe('refused');
  }
});

const leaf = (): UserCondition =>
  pick([
    (): UserCondition => ({ kind: 'text', value: pick([...WORDS, 'two words', 'a) (b'].filter(hasWord)) }),
    (): UserCondition => ({ kind: pick(['from', 'to', 'subject'] as const), value: pick([...WORDS, 'Ada L', '-x']) }),
    (): UserCondition => ({ kind: pick(['read', 'starred', 'important'] as const), value: below(2) === 0 }),
    (): UserCondition => ({ kind: 'hasAttachment', value: true }),
    (): UserCondition => ({ kind: 'role', role: pick(['INBOX', 'TRASH', 'ALL', 'JUNK'] as const) }),
    (): UserCondition => ({ kind: 'mailboxName', name: pick(['Projects/Garden', 'in box', 'inbox']) }),
    (): UserCondition => ({
      kind: pick(['receivedAfter', 'receivedBefore'] as const),
      at: new Date(Date.UTC(2026, below(12), below(28))),
    }),
  ])();

function condition(depth: number): UserCondition {
  const kind = depth === 0 ? 'leaf' : pick(['leaf', 'and', 'or', 'not'] as const);
  if (kind === 'leaf') return leaf();
  if (kind === 'not') return { kind, of: condition(depth - 1) };
  return { kind, of: Array.from({ length: 2 + below(3) }, () => condition(depth - 1)) };
}

/**
 * Writes the condition as a person would, with the parentheses and quotes that are needed and sometimes with others.
 */
function print(where: UserCondition): string {
  switch (where.kind) {
    case 'and':
      return where.of
        .map((part) => (part.kind === 'and' ? `(${print(part)})` : print(part)))
        .join(pick([' ', ' AND ', '\n']));
    case 'or':
      return `(${where.of.map((part) => (part.kind === 'and' ? `(${print(part)})` : print(part))).join(' OR ')})`;
    case 'not':
      return where.of.kind === 'not' || where.of.kind === 'and' ? `-(${print(where.of)})` : `-${print(where.of)}`;
    case 'text':
      return quoted(where.value);
    case 'from':
    case 'to':
    case 'subject':
      return `${pick([where.kind, where.kind.toUpperCase()])}:${pick(['', ' '])}${quoted(where.value)}`;
    case 'read':
      return where.value ? 'is:read' : 'is:UNREAD';
    case 'starred':
      return where.value ? 'is:starred' : 'is:unstarred';
    case 'important':
      return where.value ? 'is:important' : 'is:unimportant';
    case 'role':
      return `in:${where.role}`;
    case 'mailboxName':
      return `in:"${where.name}"`;
    case 'receivedAfter':
      return `after:${where.at.toISOString()}`;
    case 'receivedBefore':
      return `before:${where.at.toISOString().slice(0, 10)}`;
    default:
      return 'has:attachment';
  }
}

const quoted = (value: string): string => pick([`"${value}"`, `“${value}”`]);

it('is read as it was written', () => {
  for (let n = 0; n < 1_500; n++) {
    const meant = condition(3);
    if (extent(meant).terms > 50) continue;
    const search = print(meant);
    expect(parsed(search), search).toEqual(meant);
  }
});

const queryOf = (where: UserCondition) =>
  listQueries(null, resolveMailboxes(where, account), { decides: () => 'checked' });

/** Returns the same condition in other words: its parts in another order, twice, and negated twice. */
function reworded(where: UserCondition): UserCondition {
  if (where.kind === 'not') return { kind: 'not', of: reworded(where.of) };
  if (below(4) === 0) return { kind: 'not', of: { kind: 'not', of: reworded(where) } };
  if (where.kind !== 'and' && where.kind !== 'or') return where;
  const of = where.of.map(reworded).sort(() => below(3) - 1);
  return { kind: where.kind, of: [...of, pick(of.length > 0 ? of : where.of)] };
}

it('is one query for all equivalent wordings', () => {
  for (let n = 0; n < 1_500; n++) {
    const meant = condition(3);
    const same = reworded(meant);
    expect(queryOf(same), JSON.stringify([meant, same])).toEqual(queryOf(meant));
  }
});

const mail = (n: number) =>
  aMessage(`m${n}`, {
    subject: [pick(WORDS), pick(WORDS)].join(' '),
    isRead: below(2) === 0,
    isStarred: below(2) === 0,
    content: someContent({ text: pick(WORDS) }),
  });

it('splits any mail by a search and its negation', () => {
  const plain = [
    WORDS,
    SIGNS.filter((sign) => !'()"“”„＂'.includes(sign)),
    ['is:unread', 'subject:東京', 'from: ', ' OR ', ' -'],
  ];
  for (let n = 0; n < 2_000; n++) {
    const search = scribble(1 + below(12), plain);
    const [where, not] = [parsed(search), parsed(`-(${search})`)];
    if (where === 'refused' || not === 'refused' || where === null || not === null) continue;
    const message = mail(n);
    const [met, unmet] = [where, not].map((one) => matches(message, resolveMailboxes(one, account)));
    expect(unmet, JSON.stringify(search)).toBe(!met);
  }
});
