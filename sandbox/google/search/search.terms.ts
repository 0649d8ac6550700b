import { findHeaders, parseHeaders } from '../../mail/header.ts';
import type { Account } from '../directory.ts';
import type { StoredMessage } from '../mailbox/message.ts';
import { entryOf, type SearchEntry } from '../mailbox/search.entry.ts';
import { contains, searchText } from '../mailbox/search.words.ts';
import { filenames, TextReader } from './search.text.ts';
import type { Term } from './search.ts';
import { after, age, before, sizeOf } from './search.values.ts';

export type Predicate = (message: StoredMessage) => boolean;

/** Compiles a search to a predicate, once for each request. */
export function compile(term: Term, account: Account, now: Date): Predicate {
  return build(term, { account, now, reader: new TextReader(account.searchIndex) });
}

interface Scope {
  readonly account: Account;
  readonly now: Date;
  readonly reader: TextReader;
}

function build(term: Term, scope: Scope): Predicate {
  if ('not' in term) {
    const inner = build(term.not, scope);
    return (message) => !inner(message);
  }
  if ('all' in term) {
    const inner = term.all.map((each) => build(each, scope));
    return (message) => inner.every((holds) => holds(message));
  }
  if ('any' in term) {
    const inner = term.any.map((each) => build(each, scope));
    return inner.length === 0 ? () => true : (message) => inner.some((holds) => holds(message));
  }
  return FIELDS[term.field]?.(term.value, scope) ?? (() => false);
}

type Field = (value: string, scope: Scope) => Predicate;

/** Matches words in one text of the index. `me` is the account's own address in fields of people. */
const words =
  (pick: (entry: SearchEntry) => string, isPeople = true): Field =>
  (value, { account }) => {
    const { searchIndex } = account;
    const wanted = searchText(isPeople && value.toLowerCase() === 'me' ? account.address : value, searchIndex);
    return (message) => contains(pick(entryOf(message, searchIndex)), wanted);
  };

const header =
  (name: string): Field =>
  (value) => {
    const wanted = searchText(value);
    return ({ mail }) => {
      const raw = mail.raw();
      const { headers } = parseHeaders(raw, 0, raw.length);
      return findHeaders(headers, name).some((each) => contains(searchText(each.value), wanted));
    };
  };

const labelled: Field = (value, { account }) => {
  const slug = (name: string) => name.toLowerCase().replace(/[\s/]+/g, '-');
  const wanted = slug(value === 'draft' || value === 'drafts' ? 'DRAFT' : value);
  const label = account.mailbox.labels.all().find(({ name }) => slug(name) === wanted);
  return label ? ({ labels }) => labels.has(label.id) : () => false;
};

const state: Field = (value, scope) => {
  const word = value.toLowerCase();
  if (word === 'anywhere') return () => true;
  if (word === 'read') return ({ labels }) => !labels.has('UNREAD');
  if (word === 'archive') return ({ labels }) => !NOT_ARCHIVED.some((label) => labels.has(label));
  return labelled(word, scope);
};

const has: Field = (value) => {
  const isUser = (label: string) => label.startsWith('Label_');
  switch (value.toLowerCase()) {
    case 'attachment':
      return ({ entry }) => entry.hasAttachment;
    case 'userlabels':
      return ({ labels }) => [...labels].some(isUser);
    case 'nouserlabels':
      return ({ labels }) => ![...labels].some(isUser);
    case 'yellow-star':
      return ({ labels }) => labels.has('STARRED');
    default:
      return () => false;
  }
};

const received =
  (limit: (value: string, now: Date) => number | null, holds: (at: number, limit: number) => boolean): Field =>
  (value, { now }) => {
    const at = limit(value, now);
    return at === null ? () => false : (message) => holds(message.receivedAt, at);
  };
const since = (at: number, limit: number) => at >= limit;
const until = (at: number, limit: number) => at < limit;

const size =
  (holds: (size: number, limit: number) => boolean): Field =>
  (value) => {
    const limit = sizeOf(value);
    return limit === null ? () => false : ({ mail }) => holds(mail.envelope.size, limit);
  };
const above = size((bytes, limit) => bytes > limit);

const NOT_ARCHIVED = ['INBOX', 'SENT', 'DRAFT', 'SPAM', 'TRASH', 'CHAT'];
const CATEGORIES: Readonly<Record<string, string>> = { primary: 'personal' };

const FIELDS: Readonly<Record<string, Field>> = {
  text: (value, { reader, account }) => {
    const wanted = searchText(value, account.searchIndex);
    return (message) => reader.has(message, wanted);
  },
  from: words(({ from }) => from),
  // Gmail's to: searches all recipients, whichever header has them.
  to: words(({ recipients }) => recipients),
  cc: words(({ cc }) => cc),
  bcc: words(({ bcc }) => bcc),
  subject: words(({ subject }) => subject, false),
  label: labelled,
  in: state,
  is: state,
  has,
  category: (value, scope) => labelled(`CATEGORY_${CATEGORIES[value.toLowerCase()] ?? value}`, scope),
  filename: (value) => {
    const wanted = searchText(value);
    return (message) => filenames(message).some((name) => contains(searchText(name), wanted));
  },
  list: header('list-id'),
  deliveredto: header('delivered-to'),
  before: received(before, until),
  older: received(before, until),
  after: received(after, since),
  newer: received(after, since),
  older_than: received(age, until),
  newer_than: received(age, since),
  rfc822msgid: (value, { account }) => {
    const id = (text: string) => {
      const bare = text.replace(/^<|>$/g, '');
      return account.searchIndex.messageIds === 'exact' ? bare : bare.toLowerCase();
    };
    return ({ entry }) => entry.messageId !== null && id(entry.messageId) === id(value);
  },
  larger: above,
  size: above,
  smaller: size((bytes, limit) => bytes < limit),
};
