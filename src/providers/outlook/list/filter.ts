import type { Condition } from '../../../domain/search/condition.ts';
import { addressIn, folded } from '../../../domain/search/words.ts';
import { categoryName, isId } from '../wire/ids.ts';
import { instant, literal } from '../wire/url.ts';

/** A `$filter` clause that accepts every message that meets a condition. */
export interface Filter {
  /** An empty string means no clause. */
  readonly text: string;
  /** True when the clause accepts nothing else, apart from one second at the bounds of dates. */
  readonly isExact: boolean;
  /** True when only a few messages can match: those with one Message-ID, or of one author. */
  readonly isSelective: boolean;
}

const ALL: Filter = { text: '', isExact: false, isSelective: false };
/** Maximum length of a filter. Clauses beyond it are left out and decided by envelopes. */
const MAX_LENGTH = 3_000;

/** Expects a condition in normal form. */
export function toFilter(condition: Condition): Filter {
  switch (condition.kind) {
    case 'and':
      return all(condition.of.map(toFilter));
    case 'or':
      return any(condition.of.map((part) => inParentheses(part, toFilter(part))));
    case 'not': {
      const folder = condition.of.kind === 'mailbox' && categoryName(condition.of.id) === null ? condition.of.id : null;
      return folder !== null && isId(folder) ? exact(`parentFolderId ne ${literal(folder)}`) : ALL;
    }
    case 'from':
      return author(condition.value);
    case 'read':
      return exact(`isRead eq ${condition.value}`);
    case 'starred':
      return exact(`flag/flagStatus ${condition.value ? 'eq' : 'ne'} 'flagged'`);
    case 'important':
      return exact(`importance ${condition.value ? 'eq' : 'ne'} 'high'`);
    case 'hasAttachment':
      return exact(`hasAttachments eq ${condition.value}`);
    case 'receivedAfter':
      return exact(`receivedDateTime ge ${instant(earlier(condition.at))}`);
    case 'receivedBefore':
      return exact(`receivedDateTime lt ${instant(later(condition.at))}`);
    case 'internetMessageId':
      return messageId(condition.value);
    case 'mailbox':
      return mailbox(condition.id);
    default:
      return ALL;
  }
}

const SECOND_MS = 1000;
/**
 * Graph does not document how precisely it compares times, and shows whole seconds, so the filter also accepts messages
 * that are up to a second off.
 */
const earlier = (at: Date): Date => near(Math.floor(at.getTime() / SECOND_MS) * SECOND_MS - SECOND_MS);
export const later = (at: Date): Date => near(Math.ceil(at.getTime() / SECOND_MS) * SECOND_MS + SECOND_MS);

/** Graph refuses years outside 1 to 9999. No mail is near either end. */
const MIN_TIME_MS = Date.UTC(1900, 0, 1);
const MAX_TIME_MS = Date.UTC(9999, 0, 1);
const near = (ms: number): Date => new Date(Math.min(Math.max(ms, MIN_TIME_MS), MAX_TIME_MS));

const exact = (text: string): Filter => ({ text, isExact: true, isSelective: false });

function all(parts: readonly Filter[]): Filter {
  const kept: Filter[] = [];
  let length = 0;
  for (const part of [...parts].sort((a, b) => Number(b.isSelective) - Number(a.isSelective))) {
    if (part.text === '' || length + part.text.length > MAX_LENGTH) continue;
    kept.push(part);
    length += part.text.length;
  }
  return {
    text: kept.map(({ text }) => text).join(' and '),
    isExact: kept.length === parts.length && kept.every((part) => part.isExact),
    isSelective: kept.some((part) => part.isSelective),
  };
}

/** Encloses a conjunction in parentheses so that it can be one of several alternatives. */
const inParentheses = ({ kind }: Condition, filter: Filter): Filter =>
  kind === 'and' && filter.text !== '' ? { ...filter, text: `(${filter.text})` } : filter;

function any(parts: readonly Filter[]): Filter {
  const text = `(${parts.map((part) => part.text).join(' or ')})`;
  if (parts.some((part) => part.text === '') || text.length > MAX_LENGTH) return ALL;
  return {
    text,
    isExact: parts.every((part) => part.isExact),
    isSelective: parts.every((part) => part.isSelective),
  };
}

/**
 * Filters by author when the value is an ASCII address, which has no other spelling. Envelopes decide about any other
 * value.
 */
function author(value: string): Filter {
  const address = addressIn(value);
  if (address === null || !/^[!-~]+$/.test(address)) return ALL;
  const is = `eq ${literal(folded(address))}`;
  const text = `(from/emailAddress/address ${is} or sender/emailAddress/address ${is})`;
  return { text, isExact: false, isSelective: true };
}

/** Exchange compares Message-IDs without regard to case. */
function messageId(value: string): Filter {
  const bare = value.trim().replace(/^<|>$/g, '');
  return { text: `internetMessageId eq ${literal(`<${bare}>`)}`, isExact: true, isSelective: true };
}

function mailbox(id: string): Filter {
  const category = categoryName(id);
  if (category !== null) return exact(`categories/any(c:c eq ${literal(category)})`);
  return isId(id) ? exact(`parentFolderId eq ${literal(id)}`) : ALL;
}
