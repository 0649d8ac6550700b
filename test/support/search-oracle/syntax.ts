import type { Role, Where } from './oracle.ts';
import { words } from './words.ts';

/** Thrown where the definition requires BAD_USER_INPUT. */
class Refused extends Error {}

const ROLES: Readonly<Record<string, Role>> = {
  inbox: 'INBOX',
  archive: 'ARCHIVE',
  drafts: 'DRAFTS',
  sent: 'SENT',
  trash: 'TRASH',
  junk: 'JUNK',
  spam: 'JUNK',
  all: 'ALL',
  important: 'IMPORTANT',
  starred: 'STARRED',
};
const STATES: Readonly<Record<string, Where>> = {
  read: { isRead: true },
  unread: { isRead: false },
  starred: { isStarred: true },
  unstarred: { isStarred: false },
  important: { isImportant: true },
  unimportant: { isImportant: false },
};
const FOREIGN =
  /^(cc|bcc|recipients|deliveredto|participants|list|label|category|body|filename|attachments?|hasattachments?|isread|read|isflagged|hasflag|followupflag|importance|rfc822msgid|kind|older_than|newer_than|older|newer|received|sent|larger|smaller|size|messagesize)$/;

type Token =
  | { readonly kind: 'close' | 'or' | 'and' | 'minus' }
  /** The operator that applies to each word of the group. */
  | { readonly kind: 'open'; readonly field?: string }
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'phrase'; readonly value: string }
  | { readonly kind: 'field'; readonly name: string; readonly value: string; readonly isQuoted: boolean };

/** Null is a part that the definition ignores, such as a symbol beside words. */
type Part = Where | null;
const NOTHING: Where = { any: [] };

/** Parses a search as the definition says. Days begin at midnight in `zone`. Throws Refused. */
export function readSearch(search: string, zone = 'UTC'): Where {
  const tokens = lone(tokenize(search));
  let at = 0;
  const sequence = (isInner: boolean, given: string): Part => {
    const parts: Part[] = [];
    let joins = false;
    while (at < tokens.length) {
      const token = tokens[at] as Token;
      if (token.kind === 'close' && isInner) break;
      at += 1;
      if (token.kind === 'or') joins = true;
      else if (token.kind !== 'and' && token.kind !== 'close') {
        at -= 1;
        const next = term(given);
        const left = joins ? parts.pop() : undefined;
        parts.push(joins ? either(left ?? null, next) : next);
        joins = false;
      }
    }
    const left = parts.filter((part) => part !== null);
    if (left.length === 0) return null;
    return left.length === 1 ? (left[0] as Where) : { all: left };
  };
  const term = (given: string): Part => {
    const token = tokens[at++] as Token;
    if (token.kind === 'minus') {
      const isGroup = tokens[at]?.kind === 'open';
      const inner = term(given);
      // A group of symbols matches nothing, so its negation matches everything. A symbol outside a group is ignored.
      if (inner === null) return isGroup ? { not: NOTHING } : null;
      return { not: inner };
    }
    if (token.kind === 'open') {
      const inner = sequence(true, token.field ?? given);
      at += 1;
      return inner;
    }
    if (token.kind === 'word') return words(token.value).length === 0 ? null : condition(given, token.value, false);
    if (token.kind === 'phrase') return condition(given, token.value, true);
    return token.kind === 'field' ? field(token.name, token.value, token.isQuoted, zone) : null;
  };
  return sequence(false, 'text') ?? NOTHING;
}

const condition = (name: string, value: string, isQuoted: boolean): Where =>
  name === 'in' ? inside(value, isQuoted) : ({ [name]: value } as Where);

/** Joins two alternatives. If one of them is ignored, the other one remains. */
function either(left: Part, right: Part): Part {
  if (left === null || right === null) return left ?? right;
  return { any: [left, right] };
}

function field(name: string, value: string, isQuoted: boolean, zone: string): Where {
  switch (name) {
    case 'from':
      return { from: value };
    case 'to':
      return { to: value };
    case 'subject':
      return { subject: value };
    case 'has':
      if (value.toLowerCase() !== 'attachment') throw new Refused(`has:${value}`);
      return { hasAttachment: true };
    case 'is': {
      const state = STATES[value.toLowerCase()];
      if (!state) throw new Refused(`is:${value}`);
      return state;
    }
    case 'in':
      return inside(value, isQuoted);
    default:
      return name === 'after' ? { after: moment(value, zone) } : { before: moment(value, zone) };
  }
}

function inside(name: string, isQuoted: boolean): Where {
  const role = isQuoted ? undefined : ROLES[name.toLowerCase()];
  return role ? { role } : { box: name };
}

const FIELD = /^(from|to|subject|has|is|in|after|before):(?=[^\s()])/i;

/** Splits a search at white space. A quotation ends at the next quote. A bracket that is never closed is a symbol. */
function tokenize(search: string): Token[] {
  const tokens: Token[] = [];
  let rest = search;
  let depth = 0;
  const skip = (length: number) => {
    rest = rest.slice(length);
  };
  while (rest !== '') {
    const blank = /^\s+/u.exec(rest)?.[0];
    if (blank) {
      skip(blank.length);
      continue;
    }
    const isInWord = /[\p{L}\p{M}\p{N}_]$/u.test(search.slice(0, search.length - rest.length));
    const quoted = isInWord ? null : /^"([^"]*)"/.exec(rest);
    if (quoted) {
      tokens.push({ kind: 'phrase', value: quoted[1] ?? '' });
      skip(quoted[0].length);
      continue;
    }
    if (rest.startsWith('(')) {
      // A parenthesis that is never closed is a symbol.
      if (closes(rest)) {
        tokens.push({ kind: 'open' });
        depth += 1;
      }
      skip(1);
      continue;
    }
    if (rest.startsWith(')')) {
      if (depth > 0) {
        tokens.push({ kind: 'close' });
        depth -= 1;
      }
      skip(1);
      continue;
    }
    if (/^-[^\s)-]/.test(rest) && /(^|[\s(])$/u.test(search.slice(0, search.length - rest.length))) {
      tokens.push({ kind: 'minus' });
      skip(1);
      continue;
    }
    const grouped = /^(from|to|subject|in):\(/i.exec(rest)?.[1]?.toLowerCase();
    if (grouped !== undefined && closes(rest.slice(grouped.length + 1))) {
      tokens.push({ kind: 'open', field: grouped });
      depth += 1;
      skip(grouped.length + 2);
      continue;
    }
    const name = FIELD.exec(rest)?.[1]?.toLowerCase();
    if (name !== undefined) {
      skip(name.length + 1);
      const phrase = /^"([^"]*)"/.exec(rest);
      const value = phrase ? phrase[0] : (/^[^\s()]+/.exec(rest)?.[0] ?? '');
      tokens.push({ kind: 'field', name, value: phrase ? (phrase[1] ?? '') : value, isQuoted: phrase !== null });
      skip(value.length);
      continue;
    }
    const word = /^(?:[^\s()"]*[\p{L}\p{M}\p{N}_]"[^\s()]*|"|[^\s()"]+)/u.exec(rest)?.[0] ?? rest.charAt(0);
    const foreign = /^([a-z\d_]+):(?=[^\s])/i.exec(word)?.[1]?.toLowerCase() ?? '';
    if (FOREIGN.test(foreign)) throw new Refused(`${foreign}:`);
    tokens.push(word === 'OR' ? { kind: 'or' } : word === 'AND' ? { kind: 'and' } : { kind: 'word', value: word });
    skip(word.length);
  }
  return tokens;
}

/** Returns whether the parenthesis at the beginning of the text is closed. */
function closes(text: string): boolean {
  let depth = 0;
  for (const sign of text.replace(/"[^"]*"/g, '')) {
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    if (depth === 0) return true;
  }
  return false;
}

/** Turns an OR or AND without something on both sides into a word. */
function lone(tokens: readonly Token[]): Token[] {
  const begins = (token: Token | undefined) => token !== undefined && !/^(or|and|close)$/.test(token.kind);
  const ends = (token: Token | undefined) => token !== undefined && !/^(or|and|open|minus)$/.test(token.kind);
  return tokens.map((token, at) => {
    if (token.kind !== 'or' && token.kind !== 'and') return token;
    const isBetween = ends(tokens[at - 1]) && begins(tokens[at + 1]);
    return isBetween ? token : { kind: 'word', value: token.kind.toUpperCase() };
  });
}

/** Parses an RFC 3339 time, or a date, which means the beginning of that day in the zone. Throws Refused. */
function moment(value: string, zone: string): number {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(value)) {
    const at = Date.parse(value);
    if (Number.isNaN(at)) throw new Refused(value);
    return at;
  }
  const [, year = '', month = '', day = ''] = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(value) ?? [];
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const noon = Date.parse(`${date}T12:00:00Z`);
  if (Number.isNaN(noon) || new Date(noon).toISOString().slice(0, 10) !== date) throw new Refused(value);
  // A day begins at the first moment when clocks in the zone show it or a later one. That is not midnight where the
  // clock jumps over midnight.
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  let [low, high] = [noon - 36 * 3_600_000, noon + 36 * 3_600_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (format.format(middle) >= date) high = middle;
    else low = middle;
  }
  return high;
}
