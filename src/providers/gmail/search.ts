import { MailError } from '../../domain/error.ts';
import type { Message } from '../../domain/message.ts';
import type { Decision } from '../../domain/search/branches.ts';
import type { Condition } from '../../domain/search/condition.ts';
import type { ListQuery } from '../provider.ts';
import { isMailbox } from './labels.ts';

/** Gmail's labels say all flags, and its index what has a file, which no envelope tells. */
export function decides(condition: Condition): Decision {
  switch (condition.kind) {
    case 'mailbox':
      return condition.id in LABEL_TERMS ? 'exact' : 'checked';
    case 'read':
    case 'starred':
    case 'important':
    case 'nothing':
      return 'exact';
    case 'text':
    case 'hasAttachment':
      return 'indexed';
    default:
      return 'checked';
  }
}

/** A list as Gmail is asked for it. */
export interface GmailQuery {
  /** Null where labels say it all: q reads an index that lags behind the mailbox. */
  readonly q: string | null;
  readonly labelIds: readonly string[];
  readonly includeSpamTrash: boolean;
  readonly rest: Condition | null;
  /** Gmail's dates are whole seconds; what it finds is held against the exact ones. */
  readonly inTime: (message: Message) => boolean;
}

/** The operators that stand for a label by id, where labelIds cannot: inside "or" and "not". */
const LABEL_TERMS: Readonly<Record<string, string>> = {
  INBOX: 'in:inbox',
  SENT: 'in:sent',
  DRAFT: 'in:drafts',
  TRASH: 'in:trash',
  SPAM: 'in:spam',
  STARRED: 'is:starred',
  IMPORTANT: 'is:important',
  CATEGORY_PERSONAL: 'category:primary',
  CATEGORY_SOCIAL: 'category:social',
  CATEGORY_PROMOTIONS: 'category:promotions',
  CATEGORY_UPDATES: 'category:updates',
  CATEGORY_FORUMS: 'category:forums',
};

/** Null: nothing can match, and Gmail need not be asked. NOT_FOUND for a label that is no mailbox, which Gmail would list. */
export function compileQuery({ mailboxId, where }: ListQuery): GmailQuery | null {
  const labelIds = new Set(mailboxId === null ? [] : [mailboxId]);
  const terms: string[] = [];
  const rest: Condition[] = [];
  const times: ((at: number) => boolean)[] = [];
  const conditions = where === null ? [] : conjuncts(outsideTrash(where));
  for (const condition of conditions) {
    if (condition.kind === 'nothing') return null;
    if (condition.kind === 'mailbox') labelIds.add(condition.id);
    else if (condition.kind === 'read' && !condition.value) labelIds.add('UNREAD');
    else if (condition.kind === 'starred' && condition.value) labelIds.add('STARRED');
    else {
      const term = timeTerm(condition) ?? termOf(condition);
      if (term === null) rest.push(condition);
      else terms.push(term);
      if (condition.kind === 'receivedAfter') times.push((at) => at >= condition.at.getTime());
      if (condition.kind === 'receivedBefore') times.push((at) => at < condition.at.getTime());
    }
  }
  const named = [mailboxId, ...conditions.map((condition) => (condition.kind === 'mailbox' ? condition.id : null))];
  if (!named.every((id) => id === null || isMailbox(id))) throw new MailError('NOT_FOUND', 'There is no such mailbox.');
  return {
    q: terms.length > 0 ? terms.join(' ') : null,
    labelIds: [...labelIds].sort(),
    includeSpamTrash: [...labelIds].some(isHidden) || (where !== null && namesHidden(where)),
    rest: rest.length > 1 ? { kind: 'and', of: rest } : (rest[0] ?? null),
    inTime: (message) => times.every((holds) => holds(message.receivedAt.getTime())),
  };
}

/** A second wider on both sides: Gmail does not say which of its bounds are inclusive. */
function timeTerm(condition: Condition): string | null {
  if (condition.kind === 'receivedAfter') return `after:${Math.floor(condition.at.getTime() / 1000) - 1}`;
  if (condition.kind === 'receivedBefore') return `before:${Math.ceil(condition.at.getTime() / 1000) + 1}`;
  return null;
}

/** Null: Gmail has no words for it. */
function termOf(condition: Condition): string | null {
  switch (condition.kind) {
    case 'and':
      return joined(condition.of, ' ');
    case 'or':
      return joined(condition.of, ' OR ');
    case 'not': {
      const term = termOf(condition.of);
      return term === null ? null : `-${term.startsWith('-') ? `(${term})` : term}`;
    }
    case 'from':
    case 'subject': {
      const words = quoted(condition.value);
      return words && `${condition.kind}:${words}`;
    }
    case 'to': {
      const words = quoted(condition.value);
      return words && `(to:${words} OR cc:${words} OR bcc:${words})`;
    }
    case 'text':
      return quoted(condition.value);
    case 'mailbox':
      return LABEL_TERMS[condition.id] ?? null;
    case 'read':
      return condition.value ? 'is:read' : 'is:unread';
    case 'starred':
      return condition.value ? 'is:starred' : '-is:starred';
    case 'important':
      return condition.value ? 'is:important' : '-is:important';
    case 'hasAttachment':
      return condition.value ? 'has:attachment' : '-has:attachment';
    // Inside "or" and "not" a bound that is a second too wide could not be mended afterwards.
    case 'receivedAfter':
    case 'receivedBefore':
      return null;
    case 'internetMessageId':
      return /^[^\s"(){}]+$/.test(condition.value) ? `rfc822msgid:${condition.value}` : null;
    case 'nothing':
      return null;
  }
}

function joined(conditions: readonly Condition[], by: string): string | null {
  const terms = conditions.map(termOf);
  if (terms.length === 0 || terms.includes(null)) return null;
  return terms.length === 1 ? (terms[0] ?? null) : `(${terms.join(by)})`;
}

/** Null without a word to look for: Gmail's index holds words only, and has no escape for a quote inside quotes. */
function quoted(value: string): string | null {
  const words = value
    .replace(/["\\\p{Cc}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /[\p{L}\p{N}]/u.test(words) ? `"${words}"` : null;
}

/** The parts that must all hold; an alternative that can never hold is left out. */
function conjuncts(condition: Condition): Condition[] {
  if (condition.kind === 'and') return condition.of.flatMap(conjuncts);
  if (condition.kind === 'not' && condition.of.kind === 'receivedAfter')
    return [{ ...condition.of, kind: 'receivedBefore' }];
  if (condition.kind === 'not' && condition.of.kind === 'receivedBefore')
    return [{ ...condition.of, kind: 'receivedAfter' }];
  if (condition.kind !== 'or') return [condition];
  const possible = condition.of.filter((branch) => !conjuncts(branch).some((part) => part.kind === 'nothing'));
  if (possible.length === 0) return [{ kind: 'nothing' }];
  const [only] = possible;
  return possible.length === 1 && only ? conjuncts(only) : [{ kind: 'or', of: possible }];
}

const isHidden = (id: string): boolean => id === 'TRASH' || id === 'SPAM';

function namesHidden(condition: Condition): boolean {
  if (condition.kind === 'mailbox') return isHidden(condition.id);
  return (condition.kind === 'and' || condition.kind === 'or') && condition.of.some(namesHidden);
}

/** Where one alternative names trash or spam, Gmail must be asked for both; the other alternatives then leave them out. */
function outsideTrash(condition: Condition): Condition {
  if (condition.kind === 'and') return { kind: 'and', of: condition.of.map(outsideTrash) };
  if (condition.kind !== 'or' || !namesHidden(condition)) return condition;
  const neither: Condition[] = ['TRASH', 'SPAM'].map((id) => ({ kind: 'not', of: { kind: 'mailbox', id } }));
  return {
    kind: 'or',
    of: condition.of.map((branch) =>
      namesHidden(branch) ? outsideTrash(branch) : { kind: 'and', of: [branch, ...neither] },
    ),
  };
}
