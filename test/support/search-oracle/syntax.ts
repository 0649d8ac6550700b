import type { Role, Where } from './oracle.ts';
import { words } from './words.ts';

/** Thrown where the definition has BAD_USER_INPUT. */
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
  /** `field`: the operator that each word of the group is for. */
  | { readonly kind: 'open'; readonly field?: string }
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'phrase'; readonly value: string }
  | { readonly kind: 'field'; readonly name: string; readonly value: string; readonly isQuoted: boolean };

/** Null: says nothing, as a sign beside others. */
type Part = Where | null;
const NOTHING: Where = { any: [] };

/** A search as the definition reads it. `zone`: where days begin at midnight. Throws Refused. */
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
      // A group of signs matches nothing, and so its negation everything; a sign alone is left out.
      if (inner === null) return isGroup ? { not: NOTHING } : null;
      return { not: inner };
    }
    if (token.kind === 'open') {
      const inner = sequence(true, token.field ?? given);
      at += 1;
      return inner;
    }
    if (token.kind === 'word') return words(token.value).length === 0 ? null : said(given, token.value, false);
    if (token.kind === 'phrase') return said(given, token.value, true);
    return token.kind === 'field' ? field(token.name, token.value, token.isQuoted, zone) : null;
  };
  return sequence(false, 'text') ?? NOTHING;
}

const said = (name: string, value: string, isQuoted: boolean): Where =>
  name === 'in' ? inside(value, isQuoted) : ({ [name]: value } as Where);

/** Alternatives stand side by side, however many an OR joins. */
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

/** White space parts; a quote ends at the next one; what is not closed is a sign. */
function tokenize(search: string): Token[] {
  const tokens: Token[] = [];
  let rest = search;
  let depth = 0;
  const take = (length: number) => {
    rest = rest.slice(length);
  };
  while (rest !== '') {
    const blank = /^\s+/u.exec(rest)?.[0];
    if (blank) {
      take(blank.length);
      continue;
    }
    const isInWord = /[\p{L}\p{M}\p{N}_]$/u.test(search.slice(0, search.length - rest.length));
    const quoted = isInWord ? null : /^"([^"]*)"/.exec(rest);
    if (quoted) {
      tokens.push({ kind: 'phrase', value: quoted[1] ?? '' });
      take(quoted[0].length);
      continue;
    }
    if (rest.startsWith('(')) {
      // One that is never closed is a sign.
      if (closes(rest)) {
        tokens.push({ kind: 'open' });
        depth += 1;
      }
      take(1);
      continue;
    }
    if (rest.startsWith(')')) {
      if (depth > 0) {
        tokens.push({ kind: 'close' });
        depth -= 1;
      }
      take(1);
      continue;
    }
    if (/^-[^\s)-]/.test(rest) && /(^|[\s(])$/u.test(search.slice(0, search.length - rest.length))) {
      tokens.push({ kind: 'minus' });
      take(1);
      continue;
    }
    const grouped = /^(from|to|subject|in):\(/i.exec(rest)?.[1]?.toLowerCase();
    if (grouped !== undefined && closes(rest.slice(grouped.length + 1))) {
      tokens.push({ kind: 'open', field: grouped });
      depth += 1;
      take(grouped.length + 2);
      continue;
    }
    const name = FIELD.exec(rest)?.[1]?.toLowerCase();
    if (name !== undefined) {
      take(name.length + 1);
      const phrase = /^"([^"]*)"/.exec(rest);
      const value = phrase ? phrase[0] : (/^[^\s()]+/.exec(rest)?.[0] ?? '');
      tokens.push({ kind: 'field', name, value: phrase ? (phrase[1] ?? '') : value, isQuoted: phrase !== null });
      take(value.length);
      continue;
    }
    const word = /^(?:[^\s()"]*[\p{L}\p{M}\p{N}_]"[^\s()]*|"|[^\s()"]+)/u.exec(rest)?.[0] ?? rest.charAt(0);
    const foreign = /^([a-z\d_]+):(?=[^\s])/i.exec(word)?.[1]?.toLowerCase() ?? '';
    if (FOREIGN.test(foreign)) throw new Refused(`${foreign}:`);
    tokens.push(word === 'OR' ? { kind: 'or' } : word === 'AND' ? { kind: 'and' } : { kind: 'word', value: word });
    take(word.length);
  }
  return tokens;
}

/** Whether the parenthesis that the text begins with is closed in it. */
function closes(text: string): boolean {
  let depth = 0;
  for (const sign of text.replace(/"[^"]*"/g, '')) {
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    if (depth === 0) return true;
  }
  return false;
}

/** An OR or AND that lacks a neighbour is a word. */
function lone(tokens: readonly Token[]): Token[] {
  const begins = (token: Token | undefined) => token !== undefined && !/^(or|and|close)$/.test(token.kind);
  const ends = (token: Token | undefined) => token !== undefined && !/^(or|and|open|minus)$/.test(token.kind);
  return tokens.map((token, at) => {
    if (token.kind !== 'or' && token.kind !== 'and') return token;
    const isBetween = ends(tokens[at - 1]) && begins(tokens[at + 1]);
    return isBetween ? token : { kind: 'word', value: token.kind.toUpperCase() };
  });
}

/** RFC 3339, or where a day begins in the zone. Throws Refused. */
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
  // The first moment at which clocks there show that day or a later one: midnight, or where the clock jumps over it.
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
