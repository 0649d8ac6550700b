import type { Condition } from '../../../domain/search/condition.ts';
import { addressIn, spellingsOf } from '../../../domain/search/words.ts';

/** How much of a phrase q contains when the envelope is checked for all of it. A shorter phrase finds more and makes q shorter. */
export interface PhraseLimits {
  /** The maximum number of characters. */
  readonly maxLength: number;
  /** Search the whole message instead of each field that may contain the phrase. */
  readonly isAnywhere: boolean;
}
export const WHOLE: PhraseLimits = { maxLength: Number.POSITIVE_INFINITY, isAnywhere: false };

/** The search term for one part of a condition. True: Gmail has no term for it, so that every message is a candidate. */
export type Term = string | true;

/**
 * Search operators that are equivalent to a label, also inside "or" and "not". category:primary is not: it finds the messages
 * of the inbox's first tab, whether or not they have the label CATEGORY_PERSONAL.
 */
export const LABEL_TERMS: Readonly<Record<string, string>> = {
  INBOX: 'in:inbox',
  SENT: 'in:sent',
  DRAFT: 'in:drafts',
  TRASH: 'in:trash',
  SPAM: 'in:spam',
  STARRED: 'is:starred',
  IMPORTANT: 'is:important',
  CATEGORY_SOCIAL: 'category:social',
  CATEGORY_PROMOTIONS: 'category:promotions',
  CATEGORY_UPDATES: 'category:updates',
  CATEGORY_FORUMS: 'category:forums',
};
/** Ids of users' labels look like Label_12. Ids of Gmail's own labels are in capitals. */
const isOwnLabel = (id: string): boolean => !/^[A-Z][A-Z0-9_]*$/.test(id);

/**
 * A search term that finds every message which matches the condition, and possibly more. The condition is in normal form, with
 * its negations pushed inwards (`normalForm`). Parts that only the index decides are exact, also when they are negated.
 */
export function termOf(condition: Condition, limits: PhraseLimits): Term {
  switch (condition.kind) {
    case 'and':
      return every(condition.of.map((part) => termOf(part, limits)));
    case 'or':
      return some(condition.of.map((part) => termOf(part, limits)));
    case 'not':
      return negated(condition.of);
    case 'subject':
      return field(['subject'], condition.value, limits);
    // A name beside an address is ignored, as `matches` does.
    case 'from':
      return field(['from'], addressIn(condition.value) ?? condition.value, limits);
    case 'to':
      return field(['to', 'cc', 'bcc'], addressIn(condition.value) ?? condition.value, limits);
    case 'text':
      return some(phrases(condition.value, Number.POSITIVE_INFINITY));
    case 'mailbox':
      // A user's label is known by its id, and q accepts names only. "Has any user label" is still less than all mail.
      return LABEL_TERMS[condition.id] ?? (isOwnLabel(condition.id) ? 'has:userlabels' : true);
    case 'read':
      return condition.value ? 'is:read' : 'is:unread';
    case 'starred':
      return condition.value ? 'is:starred' : '-is:starred';
    case 'important':
      return condition.value ? 'is:important' : '-is:important';
    case 'hasAttachment':
      return condition.value ? 'has:attachment' : '-has:attachment';
    // A second wider on both sides: Gmail does not say which of its bounds are inclusive.
    case 'receivedAfter':
      return after(Math.floor(condition.at.getTime() / 1000) - 1);
    case 'receivedBefore':
      return before(Math.ceil(condition.at.getTime() / 1000) + 1);
    case 'internetMessageId':
      return messageId(condition.value);
    // The normal form has no nested `nothing`, and a list of `nothing` sends no request.
    case 'nothing':
      return before(0);
  }
}

/** Gmail may read a number of few digits as a year, and may reject times after 2038. A bound outside these is widened or omitted. */
const MIN_SECOND = 100_000;
const MAX_SECOND = 2 ** 31 - 1;
/** A term that finds every message in the index. */
export const ALL_INDEXED = `before:${MAX_SECOND}`;
const after = (second: number): Term => (second < MIN_SECOND ? true : `after:${Math.min(second, MAX_SECOND)}`);
const before = (second: number): Term => (second > MAX_SECOND ? true : `before:${Math.max(second, MIN_SECOND)}`);

/**
 * The term of a negated condition. A term for a sender or a subject finds too much, so its complement would find too little;
 * then every message is a candidate.
 */
function negated(condition: Condition): Term {
  if (condition.kind === 'mailbox') return minus(LABEL_TERMS[condition.id]);
  if (condition.kind !== 'text') return true;
  return every(phrases(condition.value, Number.POSITIVE_INFINITY).map((phrase) => `-${phrase}`));
}

const minus = (term: string | undefined): Term => (term === undefined ? true : `-${term}`);

function every(terms: readonly Term[]): Term {
  const present = terms.filter((term) => term !== true);
  return present.length === 0 ? true : group(present, ' ');
}

const some = (terms: readonly Term[]): Term => (terms.includes(true) ? true : group(terms, ' OR '));

const group = (terms: readonly Term[], separator: string): Term => {
  const [only, ...more] = [...new Set(terms)];
  return only !== undefined && more.length === 0 ? only : `(${[only, ...more].join(separator)})`;
};

function field(operators: readonly string[], value: string, { maxLength, isAnywhere }: PhraseLimits): Term {
  const quoted = phrases(value, maxLength);
  if (quoted.length === 0) return true;
  // After from: and to:, `me` means the account's own address, quoted or not. In the whole text it is an ordinary word. Many
  // messages contain it, and the scan budget bounds how many are read to check their people.
  if (isAnywhere || quoted.includes('"me"')) return some(quoted);
  return some(operators.flatMap((operator) => quoted.map((phrase) => `${operator}:${phrase}`)));
}

/**
 * The words of a value as quoted phrases. They contain no punctuation, so Gmail finds no operator in them, and in lower case
 * neither OR nor AROUND is an operator. A shorter phrase finds more.
 */
const phrases = (value: string, maxLength: number): string[] =>
  spellingsOf(value, maxLength).map((words) => `"${words}"`);

/**
 * Gmail does not document whether Message-IDs are case-sensitive, so both spellings are searched for. For an id that q cannot
 * contain, every message is a candidate.
 */
function messageId(value: string): Term {
  const id = value.trim().replace(/^<|>$/g, '');
  if (!/^[^\s"(){}|<>\\\p{Cc}]+$/u.test(id)) return true;
  return some([id, id.toLowerCase()].map((one) => `rfc822msgid:${one}`));
}
