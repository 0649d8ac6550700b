import type { Condition } from '../../../domain/search/condition.ts';
import { addressIn, spellingsOf } from '../../../domain/search/words.ts';

/** How a phrase is asked for where an envelope is held against all of it: less of it finds more, and takes less room. */
export interface PhraseLimits {
  /** How many characters of it. */
  readonly longest: number;
  /** Anywhere in the message, and not in each of the fields that it may stand in. */
  readonly isAnywhere: boolean;
}
export const WHOLE: PhraseLimits = { longest: Number.POSITIVE_INFINITY, isAnywhere: false };

/** What Gmail is asked for one part of a condition. True: it has no words for it, and all mail is looked through. */
export type Term = string | true;

/**
 * The operators that say exactly what a label says, inside "or" and "not" too. category:primary is none of them: it finds
 * what the inbox shows in its first tab, whether or not it carries CATEGORY_PERSONAL.
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
/** The other labels of Gmail's own are in capitals; those of people have ids like Label_12. */
const isOwnLabel = (id: string): boolean => !/^[A-Z][A-Z0-9_]*$/.test(id);

/**
 * A query that finds everything that meets the condition and maybe more, with its negations pushed inwards (`normalForm`).
 * What the index alone decides is asked exactly, negated too.
 */
export function termOf(condition: Condition, narrowing: PhraseLimits): Term {
  switch (condition.kind) {
    case 'and':
      return every(condition.of.map((part) => termOf(part, narrowing)));
    case 'or':
      return some(condition.of.map((part) => termOf(part, narrowing)));
    case 'not':
      return negated(condition.of);
    case 'subject':
      return field(['subject'], condition.value, narrowing);
    // The name beside an address counts for nothing, as in `matches`.
    case 'from':
      return field(['from'], addressIn(condition.value) ?? condition.value, narrowing);
    case 'to':
      return field(['to', 'cc', 'bcc'], addressIn(condition.value) ?? condition.value, narrowing);
    case 'text':
      return some(phrases(condition.value, Number.POSITIVE_INFINITY));
    case 'mailbox':
      // A label of one's own is known by its id only, and q takes names. "Has any" is at least less than all mail.
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
    // The normal form has none left inside; a list of nothing is not asked for.
    case 'nothing':
      return before(0);
  }
}

/** Few digits may be a year to Gmail, and times past 2038 be none: outside of these a bound says less. */
const MIN_SECOND = 100_000;
const MAX_SECOND = 2 ** 31 - 1;
/** Finds everything that the index has. */
export const ALL_INDEXED = `before:${MAX_SECOND}`;
const after = (second: number): Term => (second < MIN_SECOND ? true : `after:${Math.min(second, MAX_SECOND)}`);
const before = (second: number): Term => (second > MAX_SECOND ? true : `before:${Math.max(second, MIN_SECOND)}`);

/** What is found by a sender or a subject is at least what is from there: its complement may be too little, and all is looked through. */
function negated(condition: Condition): Term {
  if (condition.kind === 'mailbox') return minus(LABEL_TERMS[condition.id]);
  if (condition.kind !== 'text') return true;
  return every(phrases(condition.value, Number.POSITIVE_INFINITY).map((phrase) => `-${phrase}`));
}

const minus = (term: string | undefined): Term => (term === undefined ? true : `-${term}`);

function every(terms: readonly Term[]): Term {
  const asked = terms.filter((term) => term !== true);
  return asked.length === 0 ? true : group(asked, ' ');
}

const some = (terms: readonly Term[]): Term => (terms.includes(true) ? true : group(terms, ' OR '));

const group = (terms: readonly Term[], by: string): Term => {
  const [only, ...more] = [...new Set(terms)];
  return only !== undefined && more.length === 0 ? only : `(${[only, ...more].join(by)})`;
};

function field(operators: readonly string[], value: string, { longest, isAnywhere }: PhraseLimits): Term {
  const asked = phrases(value, longest);
  if (asked.length === 0) return true;
  // `me` is the account's own address there, quoted or not, and no other spelling of the word is sure to be found. In the
  // whole text it is a word: many messages have it, and the scan budget bounds how many are read to see who it is said of.
  if (isAnywhere || asked.includes('"me"')) return some(asked);
  return some(operators.flatMap((operator) => asked.map((phrase) => `${operator}:${phrase}`)));
}

/**
 * The words of a value, quoted, which are nothing but words to Gmail: no sign and no operator is left in them, and in lower
 * case neither OR nor AROUND is one. A shorter phrase finds more.
 */
const phrases = (value: string, longest: number): string[] => spellingsOf(value, longest).map((words) => `"${words}"`);

/** Whether Gmail tells the case of Message-IDs apart is not documented. One that q cannot carry is looked for in all mail. */
function messageId(value: string): Term {
  const id = value.trim().replace(/^<|>$/g, '');
  if (!/^[^\s"(){}|<>\\\p{Cc}]+$/u.test(id)) return true;
  return some([id, id.toLowerCase()].map((one) => `rfc822msgid:${one}`));
}
