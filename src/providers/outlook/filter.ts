import type { Condition } from '../../domain/search/condition.ts';
import { categoryName, isId } from './ids.ts';
import { instant, literal } from './url.ts';

/** The `$filter` clause of a condition; null when Graph has none for the whole of it. */
export function toFilter(condition: Condition): string | null {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const clauses = condition.of.map(toFilter);
      return clauses.includes(null) ? null : `(${clauses.join(` ${condition.kind} `)})`;
    }
    case 'not': {
      const folder = condition.of.kind === 'mailbox' && categoryName(condition.of.id) === null ? condition.of.id : null;
      return folder !== null && isId(folder) ? `parentFolderId ne ${literal(folder)}` : null;
    }
    case 'subject':
      return subject(condition.value);
    case 'read':
      return `isRead eq ${condition.value}`;
    case 'starred':
      return `flag/flagStatus ${condition.value ? 'eq' : 'ne'} 'flagged'`;
    case 'important':
      return `importance ${condition.value ? 'eq' : 'ne'} 'high'`;
    case 'hasAttachment':
      return `hasAttachments eq ${condition.value}`;
    case 'receivedAfter':
      return `receivedDateTime ge ${instant(condition.at)}`;
    case 'receivedBefore':
      return `receivedDateTime lt ${instant(condition.at)}`;
    case 'internetMessageId':
      return `internetMessageId eq ${literal(`<${condition.value}>`)}`;
    case 'mailbox':
      return mailbox(condition.id);
    default:
      return null;
  }
}

function mailbox(id: string): string | null {
  const category = categoryName(id);
  if (category !== null) return `categories/any(c:c eq ${literal(category)})`;
  return isId(id) ? `parentFolderId eq ${literal(id)}` : null;
}

function subject(value: string): string | null {
  const words = value.split(/\s+/u).filter(Boolean);
  return words.length === 0 ? null : `(${words.map((word) => `contains(subject,${literal(word)})`).join(' and ')})`;
}
