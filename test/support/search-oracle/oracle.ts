import { fullAddress, hasPhrase } from './words.ts';

/** The meaning of a search, as a plain scan over everything that was delivered. */

export interface Person {
  readonly name: string;
  readonly address: string;
}
export type Place = 'inbox' | 'sent' | 'archive' | 'drafts' | 'trash' | 'junk' | { readonly name: string };
export type Role = 'INBOX' | 'SENT' | 'ARCHIVE' | 'DRAFTS' | 'TRASH' | 'JUNK' | 'ALL' | 'STARRED' | 'IMPORTANT';

/** A mail as it was delivered, in terms that both vendors have. */
export interface OracleMail {
  /** The Message-ID without angle brackets, which identifies the mail on both sides. */
  readonly messageId: string;
  readonly thread: string;
  readonly references: readonly string[];
  readonly subject: string;
  readonly from: Person;
  readonly sender: Person | null;
  readonly to: readonly Person[];
  readonly cc: readonly Person[];
  readonly bcc: readonly Person[];
  readonly text: string;
  readonly isHtml: boolean;
  readonly files: readonly string[];
  /** The Date header, which may be wrong. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly place: Place;
  readonly labels: readonly string[];
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isImportant: boolean;
}

export type Where =
  | { readonly all: readonly Where[] }
  | { readonly any: readonly Where[] }
  | { readonly not: Where }
  | { readonly from: string }
  | { readonly to: string }
  | { readonly subject: string }
  | { readonly text: string }
  | { readonly hasAttachment: boolean }
  | { readonly isRead: boolean }
  | { readonly isStarred: boolean }
  | { readonly isImportant: boolean }
  | { readonly after: number }
  | { readonly before: number }
  | { readonly role: Role }
  /** A user's own folder, label or category. */
  | { readonly box: string }
  | { readonly messageId: string };

/** How a vendor represents the mail. */
export interface Manner {
  readonly provider: 'GMAIL' | 'OUTLOOK';
  /** The precision of the time of receipt, in milliseconds. */
  readonly precision: number;
}
export const MANNERS: Readonly<Record<Manner['provider'], Manner>> = {
  GMAIL: { provider: 'GMAIL', precision: 1 },
  OUTLOOK: { provider: 'OUTLOOK', precision: 1000 },
};

const shownAt = ({ receivedAt }: OracleMail, { precision }: Manner): number =>
  Math.floor(receivedAt / precision) * precision;
const isHidden = ({ place }: OracleMail) => place === 'trash' || place === 'junk';
const PLACES: Partial<Record<Role, Place>> = {
  INBOX: 'inbox',
  SENT: 'sent',
  ARCHIVE: 'archive',
  DRAFTS: 'drafts',
  TRASH: 'trash',
  JUNK: 'junk',
};

function hasRole(mail: OracleMail, role: Role, { provider }: Manner): boolean {
  if (role === 'ALL') return !isHidden(mail);
  if (role === 'STARRED') return mail.isStarred;
  if (role === 'IMPORTANT') return mail.isImportant;
  // Gmail has no archive: mail that is in none of these mailboxes is archived.
  if (role === 'ARCHIVE' && provider === 'GMAIL') return mail.place === 'archive' || typeof mail.place === 'object';
  return mail.place === PLACES[role];
}

const isIn = (mail: OracleMail, box: string) =>
  mail.labels.includes(box) || (typeof mail.place === 'object' && mail.place.name === box);

function isOf(people: readonly (Person | null)[], value: string): boolean {
  const address = fullAddress(value);
  const known = people.flatMap((person) => person ?? []);
  if (address !== null) return known.some((person) => person.address.toLowerCase() === address);
  return known.some((person) => hasPhrase(person.name, value) || hasPhrase(person.address, value));
}

function isSaid(mail: OracleMail, value: string): boolean {
  const people = [mail.from, mail.sender, ...mail.to, ...mail.cc, ...mail.bcc].flatMap((person) => person ?? []);
  const texts = [mail.subject, mail.text, ...mail.files, ...people.flatMap(({ name, address }) => [name, address])];
  return texts.some((text) => hasPhrase(text, value));
}

const bare = (messageId: string) => messageId.trim().replace(/^<|>$/g, '').toLowerCase();

/** Returns whether the mail meets the condition, in whatever mailbox it is. */
function holds(where: Where, mail: OracleMail, manner: Manner): boolean {
  if ('all' in where) return where.all.every((each) => holds(each, mail, manner));
  if ('any' in where) return where.any.some((each) => holds(each, mail, manner));
  if ('not' in where) return !holds(where.not, mail, manner);
  if ('from' in where) return isOf([mail.from, mail.sender], where.from);
  if ('to' in where) return isOf([...mail.to, ...mail.cc, ...mail.bcc], where.to);
  if ('subject' in where) return hasPhrase(mail.subject, where.subject);
  if ('text' in where) return isSaid(mail, where.text);
  if ('hasAttachment' in where) return mail.files.length > 0 === where.hasAttachment;
  if ('isRead' in where) return mail.isRead === where.isRead;
  if ('isStarred' in where) return mail.isStarred === where.isStarred;
  if ('isImportant' in where) return mail.isImportant === where.isImportant;
  if ('after' in where) return shownAt(mail, manner) >= where.after;
  if ('before' in where) return shownAt(mail, manner) < where.before;
  if ('role' in where) return hasRole(mail, where.role, manner);
  if ('box' in where) return isIn(mail, where.box);
  return bare(mail.messageId) === bare(where.messageId);
}

/**
 * Returns whether an alternative that the mail meets names, without negation, the trash or junk folder that the mail is
 * in.
 */
function isBroughtIn(where: Where, isNegated: boolean, mail: OracleMail, manner: Manner): boolean {
  if ('not' in where) return isBroughtIn(where.not, !isNegated, mail, manner);
  const parts = 'all' in where ? where.all : 'any' in where ? where.any : null;
  if (parts === null) {
    const isNamed = 'role' in where && (where.role === 'TRASH' || where.role === 'JUNK');
    return !isNegated && isNamed && holds(where, mail, manner);
  }
  const some = parts.some((part) => isBroughtIn(part, isNegated, mail, manner));
  // By De Morgan, a negated `all` is a list of alternatives, and a negated `any` is one alternative with several parts.
  const isOneAlternative = 'all' in where !== isNegated;
  return some && (!isOneAlternative || holds(where, mail, manner) !== isNegated);
}

/** What is listed: the whole account, or one mailbox, whose list includes everything in it. */
export type Scope = 'account' | { readonly role: Role } | { readonly box: string };

function isListed(where: Where, mail: OracleMail, manner: Manner, scope: Scope = 'account'): boolean {
  if (!holds(where, mail, manner)) return false;
  if (scope !== 'account' && !holds(scope, mail, manner)) return false;
  if (scope !== 'account' && 'role' in scope && mail.place === PLACES[scope.role]) return true;
  return !isHidden(mail) || isBroughtIn(where, false, mail, manner);
}

/** Sorts newest first. Mail of one moment has no defined order. */
export function listMessages(
  mails: readonly OracleMail[],
  where: Where,
  manner: Manner,
  scope?: Scope,
): readonly OracleMail[] {
  const listed = mails.filter((mail) => isListed(where, mail, manner, scope));
  return listed.toSorted((a, b) => shownAt(b, manner) - shownAt(a, manner));
}

/** Returns the threads by name, each at the time of its newest message outside trash and junk. */
export function listThreads(
  mails: readonly OracleMail[],
  where: Where,
  manner: Manner,
  scope?: Scope,
): readonly { readonly thread: string; readonly at: number }[] {
  const found = new Set(mails.filter((mail) => isListed(where, mail, manner, scope)).map(({ thread }) => thread));
  return [...found]
    .map((thread) => ({ thread, at: lastMessageAt(mails, thread, manner) }))
    .toSorted((a, b) => b.at - a.at);
}

export function lastMessageAt(mails: readonly OracleMail[], thread: string, manner: Manner): number {
  const own = mails.filter((mail) => mail.thread === thread);
  const visible = own.filter((mail) => !isHidden(mail));
  return Math.max(...(visible.length > 0 ? visible : own).map((mail) => shownAt(mail, manner)));
}
