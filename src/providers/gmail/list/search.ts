import { MailError } from '../../../domain/error.ts';
import { EVERYTHING, isEverything, NOTHING, normalForm, replaced, worded } from '../../../domain/search/algebra.ts';
import { type Decision, decisions } from '../../../domain/search/branches.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { visibleOnly } from '../../../domain/search/visibility.ts';
import type { Evaluation, ListQuery } from '../../contract/list.ts';
import { HIDDEN_LABELS, isMailbox } from '../read/labels.ts';
import { LABEL_TERMS, type PhraseLimits, type Term, termOf, WHOLE } from './search-terms.ts';

/** Labels represent all flags. The index knows which messages have attachments, and envelopes do not. */
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

/** A list request to Gmail. It finds every message that matches the query; the parts that an envelope decides are checked afterwards. */
export interface GmailQuery {
  /** Null where labels express the whole query. q searches an index that lags behind the mailbox. */
  readonly q: string | null;
  readonly labelIds: readonly string[];
  readonly includeSpamTrash: boolean;
  /** The condition that each message found must match (`matches`): all parts but those that the index decides. */
  readonly check: Condition;
  /** The condition that messages must match which the index does not have yet. Null: such a message cannot match. */
  readonly unindexed: Condition | null;
  /** Absent where there is no condition. */
  readonly evaluation?: Evaluation;
}

/**
 * The maximum length of q in a URL, in bytes. Gmail documents no limit, and servers commonly accept URLs of about 8,000 bytes.
 * Parts that envelopes decide are shortened and then left out of q to stay within it.
 */
const MAX_QUERY_BYTES = 6_000;
/**
 * Limits for phrases in q, the most selective first. A phrase that may occur anywhere takes a third of the length that it takes
 * for To, Cc and Bcc, and it still selects better than a query with half of its parts left out.
 */
const PHRASE_LIMITS: readonly PhraseLimits[] = [
  WHOLE,
  { maxLength: 120, isAnywhere: false },
  { maxLength: 40, isAnywhere: false },
  { maxLength: 40, isAnywhere: true },
  { maxLength: 16, isAnywhere: false },
  { maxLength: 16, isAnywhere: true },
];

/**
 * Compiles a query for Gmail. Null: nothing can match, so no request is needed. Throws NOT_FOUND for a label that is not a
 * mailbox, although Gmail would list it, and BAD_USER_INPUT for words that do not fit into a query.
 */
export function compileQuery({ mailboxId, where }: ListQuery): GmailQuery | null {
  if (mailboxId !== null && !isMailbox(mailboxId)) throw new MailError('NOT_FOUND', 'There is no such mailbox.');
  // `visibleOnly` needs the mailboxes that the user named, so it runs before the condition is simplified.
  const isHiddenOne = mailboxId !== null && HIDDEN_LABELS.has(mailboxId);
  const visible = isHiddenOne ? (where ?? EVERYTHING) : visibleOnly(where ?? EVERYTHING, HIDDEN_LABELS);
  const shown = normalForm(findable(visible));
  if (shown.kind === 'nothing') return null;
  const parts = conjuncts(shown);
  const labelIds = new Set([mailboxId, ...parts.map(labelOf)].filter((id) => id !== null));
  const withoutHidden = [...HIDDEN_LABELS].every((id) => parts.some((part) => isOutside(part, id)));
  const open = parts.filter((part) => labelOf(part) === null && !(withoutHidden && isOutsideHidden(part)));
  return {
    q: queryOf(open),
    labelIds: [...labelIds].sort(),
    includeSpamTrash: !withoutHidden,
    check: { kind: 'and', of: parts.filter((part) => !isIndexed(part)) },
    unindexed: unindexedOf(
      mailboxId === null ? shown : { kind: 'and', of: [{ kind: 'mailbox', id: mailboxId }, shown] },
    ),
    ...(where === null ? {} : { evaluation: evaluationOf(normalForm(findable(where))) }),
  };
}

/** The same list, bounded to messages received before a moment. */
export function before(search: GmailQuery, at: Date | null): GmailQuery {
  if (at === null) return search;
  const bound: Condition = { kind: 'receivedBefore', at };
  const term = termOf(bound, WHOLE);
  const terms = [search.q, term].filter((one) => typeof one === 'string');
  return {
    ...search,
    q: terms.length > 0 ? terms.join(' ') : null,
    check: { kind: 'and', of: [search.check, bound] },
    unindexed: search.unindexed && { kind: 'and', of: [search.unindexed, bound] },
  };
}

/** The condition in which values without a word and labels that are not mailboxes match nothing. */
const findable = (where: Condition): Condition =>
  replaced(where, (one) => (one.kind === 'mailbox' && !isMailbox(one.id) ? NOTHING : worded(one)));

/** The condition that a message must match which the index does not have. Null: it cannot match. */
function unindexedOf(where: Condition): Condition | null {
  const left = normalForm(replaced(where, withoutIndex));
  return left.kind === 'nothing' ? null : left;
}

function withoutIndex(one: Condition): Condition {
  if (decides(one) !== 'indexed') return one;
  return one.kind === 'hasAttachment' && !one.value ? EVERYTHING : NOTHING;
}

const conjuncts = (where: Condition): readonly Condition[] => (where.kind === 'and' ? where.of : [where]);

/** The label that expresses this part exactly. Gmail reads labels from the mailbox itself, which has no lag, unlike the index. */
function labelOf(part: Condition): string | null {
  if (part.kind === 'mailbox') return part.id;
  if (part.kind === 'read' && !part.value) return 'UNREAD';
  if (part.kind === 'starred' && part.value) return 'STARRED';
  return part.kind === 'important' && part.value ? 'IMPORTANT' : null;
}

const isOutside = (part: Condition, id: string): boolean =>
  part.kind === 'not' && part.of.kind === 'mailbox' && part.of.id === id;
const isOutsideHidden = (part: Condition): boolean => [...HIDDEN_LABELS].some((id) => isOutside(part, id));

const isIndexed = (part: Condition): boolean => decisions(part, decides).has('indexed');

function evaluationOf(where: Condition): Evaluation {
  if (isIndexed(where)) return 'INDEXED';
  return conjuncts(where).every(isNative) ? 'NATIVE' : 'FILTERED';
}

/** Labels and flags are exact. Time bounds are exact too, once the messages found have been checked. */
function isNative(part: Condition): boolean {
  if (part.kind === 'mailbox') return true;
  const isTime = ({ kind }: Condition) => kind === 'receivedAfter' || kind === 'receivedBefore';
  return !decisions(part, (one) => (isTime(one) ? 'exact' : decides(one))).has('checked');
}

function queryOf(parts: readonly Condition[]): string | null {
  for (const part of parts) if (isIndexed(part)) requireApart(part);
  const needed = parts.filter(isIndexed).map((part) => termOf(part, WHOLE));
  const left = MAX_QUERY_BYTES - bytesOf(needed);
  if (left < 0) {
    const message = `The words of this search take ${bytesOf(needed)} bytes, and at most ${MAX_QUERY_BYTES} are allowed at Gmail. Search for fewer words.`;
    throw new MailError('BAD_USER_INPUT', message);
  }
  const checked = parts.filter((part) => !isIndexed(part) && !isEverything(part));
  let optional: readonly Term[] = [];
  for (const limits of PHRASE_LIMITS) {
    optional = checked.map((part) => termOf(part, limits));
    if (bytesOf(optional) <= left) break;
  }
  const terms = [...needed, ...fitting(optional, left)].filter((term) => term !== true);
  return terms.length > 0 ? terms.join(' ') : null;
}

/** As many terms as fit, the shorter ones first. Parts that are left out are still checked on each message. */
function fitting(terms: readonly Term[], bytes: number): readonly Term[] {
  const kept = new Set<Term>();
  let left = bytes;
  for (const term of [...terms].sort((a, b) => bytesOf([a]) - bytesOf([b]))) {
    left -= bytesOf([term]);
    if (left < 0) break;
    kept.add(term);
  }
  return terms.filter((term) => kept.has(term));
}

const bytesOf = (terms: readonly Term[]): number =>
  terms.reduce((sum, term) => sum + (term === true ? 0 : encodeURIComponent(term).length + 3), 0);

/**
 * Throws for a part that neither the index nor an envelope decides alone. `branchesOf` leaves such parts only where the
 * condition includes trash and junk.
 */
function requireApart(part: Condition): void {
  if (!decisions(part, decides).has('checked')) return;
  const message =
    'Words combined with people or dates in one alternative cannot be searched for in trash and junk at once. Search these mailboxes one by one.';
  throw new MailError('BAD_USER_INPUT', message);
}
