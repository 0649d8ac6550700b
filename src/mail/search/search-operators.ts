import type { MailboxRole } from '../../domain/mailbox.ts';
import type { UserCondition } from '../../domain/search/condition.ts';
import { badUserInput } from '../../graphql/bad-user-input.ts';
import type { Term } from './search-tokens.ts';

const ROLES: Readonly<Record<string, MailboxRole>> = {
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
};

type Operator = (value: string, quoted: boolean) => UserCondition;

const OPERATORS: Readonly<Record<string, Operator>> = {
  from: (value) => ({ kind: 'from', value }),
  to: (value) => ({ kind: 'to', value }),
  subject: (value) => ({ kind: 'subject', value }),
  has: (value) => {
    if (value.toLowerCase() === 'attachment') return { kind: 'hasAttachment', value: true };
    throw badUserInput(`search does not know has:${value}; has:attachment is what there is.`);
  },
  is: (value) => {
    const state = Object.hasOwn(STATES, value.toLowerCase()) && STATES[value.toLowerCase()];
    if (state) return state;
    throw badUserInput(`search does not know is:${value}; after is: may stand ${Object.keys(STATES).join(', ')}.`);
  },
  // A quoted name is a name: in:"inbox" finds a folder that someone called so.
  in: (value, quoted) => {
    const word = value.toLowerCase();
    const role = !quoted && Object.hasOwn(ROLES, word) ? ROLES[word] : undefined;
    return role ? { kind: 'role', role } : { kind: 'mailboxName', name: value };
  },
  after: (value) => ({ kind: 'receivedAfter', at: dateOf('after', value) }),
  before: (value) => ({ kind: 'receivedBefore', at: dateOf('before', value) }),
};

/** What one term of a search means. Throws BAD_USER_INPUT naming an operator or a value that does not exist. */
export function conditionOf({ operator, value, quoted }: Term): UserCondition {
  if (operator === null) {
    if (value === '') throw badUserInput('search has an empty pair of quotes.');
    return { kind: 'text', value };
  }
  const known = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (!known) {
    const all = Object.keys(OPERATORS)
      .map((name) => `${name}:`)
      .join(' ');
    throw badUserInput(
      `search does not know the operator "${operator}:"; there are ${all}. To search for the text itself, put it in quotes.`,
    );
  }
  if (value === '')
    throw badUserInput(`search has ${operator}: without a value; write it without a space, as in ${operator}:word.`);
  return known(value, quoted);
}

/** A day in UTC (2026-11-20 or 2026/11/20) or an RFC 3339 moment. */
function dateOf(operator: string, value: string): Date {
  const day = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})$/.exec(value);
  if (day) {
    const [year, month, date] = [Number(day[1]), Number(day[3]), Number(day[4])];
    const at = new Date(Date.UTC(year, month - 1, date));
    if (at.getUTCMonth() === month - 1 && at.getUTCDate() === date) return at;
  } else if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(value)) {
    const at = new Date(value);
    if (!Number.isNaN(at.getTime())) return at;
  }
  throw badUserInput(
    `search has ${operator}:${value}, which is no date; write ${operator}:2026-11-20 or ${operator}:2026-11-20T09:30:00Z.`,
  );
}
