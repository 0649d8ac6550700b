import { FOLDERS, LABELS, NEWEST, PEOPLE, VOCABULARY } from './mail.ts';
import type { OracleMail, Role, Where } from './oracle.ts';
import type { Chance } from './random.ts';

const ROLES: readonly Role[] = ['INBOX', 'SENT', 'ARCHIVE', 'DRAFTS', 'TRASH', 'JUNK', 'ALL', 'STARRED', 'IMPORTANT'];
const SIGNS = ['%%', '!', '+', '()', '🚀', '…', '-'];

/** Returns a random condition as a tree. Most of its values are taken from the mail, so that it finds something. */
export function randomWhere(chance: Chance, mails: readonly OracleMail[], depth = 3): Where {
  if (depth > 0 && chance.is(0.45)) {
    if (chance.is(0.35)) return { not: randomWhere(chance, mails, depth - 1) };
    const parts = Array.from({ length: 1 + chance.below(3) }, () => randomWhere(chance, mails, depth - 1));
    return chance.is(0.5) ? { all: parts } : { any: parts };
  }
  return randomLeaf(chance, mails);
}

/** Returns alternatives of several kinds, which a provider may have to answer by several queries. */
export function randomUnion(chance: Chance, mails: readonly OracleMail[]): Where {
  const part = (): Where =>
    chance.is(0.3) ? { all: [randomLeaf(chance, mails), randomLeaf(chance, mails)] } : randomLeaf(chance, mails);
  const any: Where = { any: Array.from({ length: 2 + chance.below(3) }, part) };
  return chance.is(0.4) ? { all: [any, chance.is(0.5) ? { any: [part(), part()] } : part()] } : any;
}

export function randomLeaf(chance: Chance, mails: readonly OracleMail[]): Where {
  const mail = chance.one(mails);
  switch (chance.below(16)) {
    case 0:
    case 1:
      return { from: personWords(chance, mail) };
    case 2:
      return { to: personWords(chance, mail) };
    case 3:
    case 4:
      return { subject: phrase(chance, mail.subject) };
    case 5:
    case 6:
    case 7:
      return { text: phrase(chance, chance.one([mail.subject, mail.text, mail.from.name, ...mail.files])) };
    case 8:
      return { hasAttachment: chance.is(0.6) };
    case 9:
      return { isRead: chance.is(0.5) };
    case 10:
      return chance.is(0.5) ? { isStarred: chance.is(0.5) } : { isImportant: chance.is(0.5) };
    case 11:
      return { after: momentNear(chance, mail) };
    case 12:
      return { before: momentNear(chance, mail) };
    case 13:
      return { role: chance.one(ROLES) };
    case 14:
      return { box: chance.one([...FOLDERS, ...LABELS]) };
    default:
      return { messageId: chance.one([mail.messageId, `<${mail.messageId}>`, mail.messageId.toUpperCase()]) };
  }
}

/** Returns a moment at the time of receipt, near it, or within its second. */
const momentNear = (chance: Chance, { receivedAt }: OracleMail): number =>
  Math.min(
    NEWEST,
    receivedAt + chance.one([0, 1, -1, 999, -1000, -(receivedAt % 1000), 1000 - (receivedAt % 1000), 3_600_000]),
  );

function phrase(chance: Chance, text: string): string {
  if (chance.is(0.05)) return chance.one(SIGNS);
  if (chance.is(0.25)) return chance.one(VOCABULARY);
  const parts = text.split(/[\s,/]+/).filter(Boolean);
  const start = chance.below(Math.max(1, parts.length));
  const words = parts.slice(start, start + 1 + chance.below(2)).join(' ');
  return respelled(chance, words === '' ? chance.one(VOCABULARY) : words);
}

function personWords(chance: Chance, mail: OracleMail): string {
  const { name, address } = chance.is(0.5) ? mail.from : chance.one([...mail.to, ...PEOPLE]);
  const choices = [address, address.toUpperCase(), `<${address}>`, `${name} <${address}>`, name, ...name.split(' ')];
  const parts = [
    address.split('@')[0] ?? '',
    address.split('@')[1] ?? '',
    `@${address.split('@')[1]}`,
    'me',
    'ada',
    'news',
  ];
  const wanted = chance.one([...choices, ...parts]).trim();
  return wanted === '' ? address : wanted;
}

/** Returns the same words in another spelling. */
const respelled = (chance: Chance, text: string): string =>
  chance.one([text, text, text.toUpperCase(), text.toLowerCase(), text.normalize('NFD'), `${text}!`, `(${text}`]);

/** Returns the condition as a filter of the API. `idOf` returns the id of the mailbox with that name. */
export function filterOf(where: Where, idOf: (box: string) => string): Record<string, unknown> {
  if ('all' in where) return { and: where.all.map((each) => filterOf(each, idOf)) };
  if ('any' in where) return { or: where.any.map((each) => filterOf(each, idOf)) };
  if ('not' in where) return { not: filterOf(where.not, idOf) };
  if ('after' in where) return { receivedAfter: new Date(where.after).toISOString() };
  if ('before' in where) return { receivedBefore: new Date(where.before).toISOString() };
  if ('box' in where) return { mailbox: idOf(where.box) };
  if ('messageId' in where) return { internetMessageId: where.messageId };
  return where;
}

/** Returns the condition as a search, or null if the search language cannot express it. */
export function searchOf(where: Where): string | null {
  if ('all' in where || 'any' in where) {
    const isAll = 'all' in where;
    const parts = (isAll ? where.all : where.any).map(searchOf);
    if (parts.length === 0 || parts.some((part) => part === null)) return null;
    return parts.length === 1 ? (parts[0] as string) : `(${parts.join(isAll ? ' ' : ' OR ')})`;
  }
  if ('not' in where) {
    const inner = searchOf(where.not);
    return inner === null || inner.startsWith('-') ? null : `-${inner}`;
  }
  if ('from' in where) return valued('from', where.from);
  if ('to' in where) return valued('to', where.to);
  if ('subject' in where) return valued('subject', where.subject);
  // A search ignores a word of nothing but symbols, also a negated one.
  if ('text' in where) return /"/.test(where.text) || !/[\p{L}\p{N}_]/u.test(where.text) ? null : `"${where.text}"`;
  if ('hasAttachment' in where) return where.hasAttachment ? 'has:attachment' : '-has:attachment';
  if ('isRead' in where) return where.isRead ? 'is:read' : 'is:unread';
  if ('isStarred' in where) return where.isStarred ? 'is:starred' : 'is:unstarred';
  if ('isImportant' in where) return where.isImportant ? 'is:important' : 'is:unimportant';
  if ('after' in where) return `after:${new Date(where.after).toISOString()}`;
  if ('before' in where) return `before:${new Date(where.before).toISOString()}`;
  if ('role' in where) return `in:${where.role.toLowerCase()}`;
  if ('box' in where) return `in:"${where.box}"`;
  return null;
}

const valued = (name: string, value: string): string | null => (/"/.test(value) ? null : `${name}:"${value}"`);
