import { MailError } from '../../../domain/error.ts';
import { EVERYTHING, isEverything, NOTHING, normalForm, replaced, worded } from '../../../domain/search/algebra.ts';
import { type Decision, decisions } from '../../../domain/search/branches.ts';
import type { Condition } from '../../../domain/search/condition.ts';
import { visibleOnly } from '../../../domain/search/visibility.ts';
import type { Evaluation, ListQuery } from '../../contract/list.ts';
import { HIDDEN_LABELS, isMailbox } from '../read/labels.ts';
import { LABEL_TERMS, type PhraseLimits, type Term, termOf, WHOLE } from './search-terms.ts';

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

/** A list as Gmail is asked for it: it finds everything that meets the query, and what an envelope decides is checked. */
export interface GmailQuery {
  /** Null where labels say it all: q reads an index that lags behind the mailbox. */
  readonly q: string | null;
  readonly labelIds: readonly string[];
  readonly includeSpamTrash: boolean;
  /** What every message found is held against (`matches`): all of the condition but the parts that the index decides. */
  readonly check: Condition;
  /** What a message is held against that the index does not have yet, and nothing indexed is found in; null: none can meet it. */
  readonly unindexed: Condition | null;
  /** Absent where there is no condition. */
  readonly evaluation?: Evaluation;
}

/**
 * Bytes of q as they stand in a URL, which servers read up to some 8,000 of. Gmail documents no limit; what envelopes decide
 * is shortened and then left out of q to keep to this one.
 */
const MAX_QUERY_BYTES = 6_000;
/**
 * In what words phrases are asked for, the narrowest first. A word anywhere takes a third of the room that it takes in To, Cc
 * and Bcc, and finds far less than the half of a query that is left out.
 */
const NARROWINGS: readonly PhraseLimits[] = [
  WHOLE,
  { longest: 120, isAnywhere: false },
  { longest: 40, isAnywhere: false },
  { longest: 40, isAnywhere: true },
  { longest: 16, isAnywhere: false },
  { longest: 16, isAnywhere: true },
];

/**
 * Null: nothing can match, and Gmail need not be asked. Throws NOT_FOUND for a label that is no mailbox, which Gmail would
 * list, and BAD_USER_INPUT for words that do not fit into a query.
 */
export function compileQuery({ mailboxId, where }: ListQuery): GmailQuery | null {
  if (mailboxId !== null && !isMailbox(mailboxId)) throw new MailError('NOT_FOUND', 'There is no such mailbox.');
  // What is visible is told by all that is named, by what comes to nothing and beside what comes to everything too.
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

/** The same list from there on. */
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

/** Values without a word and labels that are no mailboxes are found nowhere, so that all else is asked without them. */
const findable = (where: Condition): Condition =>
  replaced(where, (one) => (one.kind === 'mailbox' && !isMailbox(one.id) ? NOTHING : worded(one)));

/** What is left of a condition for mail that the index has nothing of. */
function unindexedOf(where: Condition): Condition | null {
  const left = normalForm(replaced(where, withoutIndex));
  return left.kind === 'nothing' ? null : left;
}

function withoutIndex(one: Condition): Condition {
  if (decides(one) !== 'indexed') return one;
  return one.kind === 'hasAttachment' && !one.value ? EVERYTHING : NOTHING;
}

const conjuncts = (where: Condition): readonly Condition[] => (where.kind === 'and' ? where.of : [where]);

/** The label that says the same, which the mailbox itself is asked for and not its index. */
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

function evaluationOf(asked: Condition): Evaluation {
  if (isIndexed(asked)) return 'INDEXED';
  return conjuncts(asked).every(isNative) ? 'NATIVE' : 'FILTERED';
}

/** Labels and flags are exact, and so are bounds of time once the times found are held against them. */
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
  let asked: readonly Term[] = [];
  for (const narrowing of NARROWINGS) {
    asked = checked.map((part) => termOf(part, narrowing));
    if (bytesOf(asked) <= left) break;
  }
  const terms = [...needed, ...fitting(asked, left)].filter((term) => term !== true);
  return terms.length > 0 ? terms.join(' ') : null;
}

/** The shorter ones first: what is left out is checked all the same. */
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

/** Such a part can neither be asked of the index exactly nor be checked. `branchesOf` leaves none but of what trash and junk come in by. */
function requireApart(part: Condition): void {
  if (!decisions(part, decides).has('checked')) return;
  const message =
    'Words combined with people or dates in one alternative cannot be searched for in trash and junk at once. Search these mailboxes one by one.';
  throw new MailError('BAD_USER_INPUT', message);
}
