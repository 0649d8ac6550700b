import { badInput } from '../../domain/error.ts';
import type { MailboxRole } from '../../domain/mailbox.ts';
import { momentOf } from '../../domain/moment.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import type { TimeZone } from './time-zone.ts';

/** A word, a quoted phrase, or operator:value. */
export interface Term {
  readonly kind: 'term';
  /** The operator in lower case, or null for plain text. An empty value without quotes means that nothing follows the colon. */
  readonly operator: OperatorName | null;
  readonly value: string;
  readonly quoted: boolean;
}

/** The roles that in: accepts without quotes, besides names and paths. */
export const ROLES: Readonly<Record<string, MailboxRole>> = {
  inbox: 'INBOX',
  archive: 'ARCHIVE',
  draft: 'DRAFTS',
  drafts: 'DRAFTS',
  sent: 'SENT',
  trash: 'TRASH',
  junk: 'JUNK',
  spam: 'JUNK',
  all: 'ALL',
  important: 'IMPORTANT',
  starred: 'STARRED',
};

const STATES: Readonly<Record<string, UserCondition>> = {
  read: { kind: 'read', value: true },
  unread: { kind: 'read', value: false },
  starred: { kind: 'starred', value: true },
  unstarred: { kind: 'starred', value: false },
  important: { kind: 'important', value: true },
  unimportant: { kind: 'important', value: false },
};

/** A hint for pasted text that only looks like an operator. */
export const IN_QUOTES = 'To search for the text itself, put all of it in quotes.';

type Operator = (value: string, quoted: boolean, zone: TimeZone) => UserCondition;

const OPERATORS = {
  from: (value) => ({ kind: 'from', value }),
  to: (value) => ({ kind: 'to', value }),
  subject: (value) => ({ kind: 'subject', value }),
  has: (value) => {
    if (value.toLowerCase() === 'attachment') return { kind: 'hasAttachment', value: true };
    throw badInput(`search does not support has:${value}; the only value is has:attachment. ${IN_QUOTES}`);
  },
  is: (value) => {
    const state = Object.hasOwn(STATES, value.toLowerCase()) && STATES[value.toLowerCase()];
    if (state) return state;
    throw badInput(
      `search does not support is:${value}. Use is: with ${Object.keys(STATES).join(', ')}; for mailboxes use in:, for example in:sent. ${IN_QUOTES}`,
    );
  },
  // A quoted name is never a role: in:"inbox" finds a folder with this name.
  in: (value, quoted) => {
    const word = value.toLowerCase();
    const role = !quoted && Object.hasOwn(ROLES, word) ? ROLES[word] : undefined;
    return role ? { kind: 'role', role } : { kind: 'mailboxName', name: value };
  },
  after: (value, _quoted, zone) => ({ kind: 'receivedAfter', at: dateOf('after', value, zone) }),
  before: (value, _quoted, zone) => ({ kind: 'receivedBefore', at: dateOf('before', value, zone) }),
} satisfies Readonly<Record<string, Operator>>;

export type OperatorName = keyof typeof OPERATORS;
/** Operators whose value is a phrase. White space may follow the colon, as in a pasted header. */
export type Field = 'from' | 'to' | 'subject';

const BY_DATE = 'write after:2026-11-20 or before:2026-11-20';
const BY_NAME = 'words of a file name are found without an operator, for example has:attachment report';
const NO_SIZE = 'messages cannot be searched by size';

/**
 * Operators of Gmail and Outlook, and what to write instead. They are refused because as plain words they would find
 * something else.
 */
const FOREIGN_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['cc', 'to: finds Cc and Bcc as well'],
  ['bcc', 'to: finds Cc and Bcc as well'],
  ['recipients', 'to: finds To, Cc and Bcc'],
  ['deliveredto', 'to: finds To, Cc and Bcc'],
  ['participants', 'write from:ada OR to:ada'],
  ['list', 'write from: or to: with the address of the list'],
  ['label', 'in:"To do" finds the messages with a label or category of that name'],
  ['category', 'in:"To do" finds the messages with a label or category of that name'],
  ['body', 'words without an operator are found in bodies'],
  ['filename', BY_NAME],
  ['attachment', BY_NAME],
  ['attachments', BY_NAME],
  ['hasattachment', 'write has:attachment'],
  ['hasattachments', 'write has:attachment'],
  ...['isread', 'read'].map((name) => [name, 'write is:read or is:unread'] as const),
  ...['isflagged', 'hasflag', 'followupflag'].map((name) => [name, 'write is:starred or is:unstarred'] as const),
  ['importance', 'write is:important or is:unimportant'],
  ['rfc822msgid', 'filter has internetMessageId'],
  ['kind', 'only mail is searched'],
  ...['older_than', 'newer_than', 'older', 'newer', 'received', 'sent'].map((name) => [name, BY_DATE] as const),
  ...['larger', 'smaller', 'size', 'messagesize'].map((name) => [name, NO_SIZE] as const),
]);

export const isOperator = (name: string): name is OperatorName => Object.hasOwn(OPERATORS, name);
export const isField = (name: OperatorName | null): name is Field =>
  name === 'from' || name === 'to' || name === 'subject';

/** Throws BAD_USER_INPUT for an operator of another mail system. */
export function refuseForeign(name: string): void {
  const instead = FOREIGN_OPERATORS.get(name);
  if (instead === undefined) return;
  const all = Object.keys(OPERATORS).map((known) => `${known}:`);
  throw badInput(
    `search does not support the operator "${name}:"; ${instead}. The operators are ${all.join(' ')}. ${IN_QUOTES}`,
  );
}

/** The condition for an operator and its value. Throws BAD_USER_INPUT for an unsupported value. */
export const conditionOfTerm = (operator: OperatorName, { value, quoted }: Term, zone: TimeZone): UserCondition =>
  (OPERATORS[operator] as Operator)(value, quoted, zone);

/** The time of a day (2026-11-20 or 2026/11/20), which begins at midnight in the zone, or of an RFC 3339 timestamp. */
function dateOf(operator: string, value: string, zone: TimeZone): Date {
  const day = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})$/.exec(value);
  const at = day ? zone.startOfDay(Number(day[1]), Number(day[3]), Number(day[4])) : momentOf(value);
  if (at) return at;
  throw badInput(
    `search has ${operator}:${value}, which is not a date; write ${operator}:2026-11-20 or ${operator}:2026-11-20T09:30:00Z. ${IN_QUOTES}`,
  );
}
