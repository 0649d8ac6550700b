/** Parses Gmail's search syntax into a tree. It refuses nothing: what it does not understand is searched for as words. */
export type Term =
  | { readonly all: readonly Term[] }
  | { readonly any: readonly Term[] }
  | { readonly not: Term }
  /** `field` is the operator before the colon, or 'text'. */
  | { readonly field: string; readonly value: string };

const OPERATORS = new Set([
  'from',
  'to',
  'cc',
  'bcc',
  'subject',
  'label',
  'in',
  'is',
  'has',
  'filename',
  'category',
  'list',
  'deliveredto',
  'before',
  'after',
  'older',
  'newer',
  'older_than',
  'newer_than',
  'rfc822msgid',
  'larger',
  'smaller',
  'size',
]);

export function parseSearch(q: string): Term {
  const tokens = q.match(/"[^"]*"?|[(){}|]|[^\s(){}"|]+/g) ?? [];
  const spaced = positions(q, tokens);
  let at = 0;

  /** Reads terms up to `close`, all or any of which must hold. Bare words are searched for in `field`. */
  const sequence = (close: string | null, mode: 'all' | 'any', field: string): Term => {
    const terms: Term[] = [];
    let or = false;
    while (at < tokens.length) {
      const token = tokens[at] as string;
      if (token === close) {
        at += 1;
        break;
      }
      if (token === 'OR' || token === '|') {
        or = terms.length > 0;
        at += 1;
        continue;
      }
      if (token === 'AND' || token === ')' || token === '}') {
        at += 1;
        continue;
      }
      const next = term(field);
      const last = or ? terms.pop() : undefined;
      terms.push(last ? { any: 'any' in last ? [...last.any, next] : [last, next] } : next);
      or = false;
    }
    return mode === 'any' ? { any: terms } : { all: terms };
  };

  const term = (field: string): Term => {
    const token = tokens[at] as string;
    at += 1;
    if (token === '(') return sequence(')', 'all', field);
    if (token === '{') return sequence('}', 'any', field);
    if (token.startsWith('"')) return { field, value: token.replaceAll('"', '') };
    if (token === '-' && at < tokens.length && !spaced.has(at)) return { not: term(field) };
    if (token.startsWith('-') && token.length > 1) {
      at -= 1;
      tokens[at] = token.slice(1);
      return { not: term(field) };
    }
    const [, operator = '', value = ''] = /^([a-z\d_]+):(.*)$/i.exec(token) ?? [];
    const name = operator.toLowerCase();
    if (!OPERATORS.has(name)) return { field, value: token.replace(/^\+/, '') };
    // A quoted value or a group is a token of its own, directly after the colon.
    if (value === '' && at < tokens.length && !spaced.has(at)) return term(name);
    return { field: name, value };
  };

  return sequence(null, 'all', 'text');
}

/** Returns whether the query names spam or trash, which are excluded otherwise. */
export function namesSpamOrTrash(term: Term): boolean {
  if ('all' in term) return term.all.some(namesSpamOrTrash);
  if ('any' in term) return term.any.some(namesSpamOrTrash);
  if ('not' in term) return false;
  return /^(in|label|is)$/.test(term.field) && /^(anywhere|spam|trash)$/i.test(term.value);
}

/** The tokens that follow white space. */
function positions(q: string, tokens: readonly string[]): ReadonlySet<number> {
  const spaced = new Set<number>();
  let from = 0;
  tokens.forEach((token, index) => {
    const start = q.indexOf(token, from);
    if (start > from || index === 0) spaced.add(index);
    from = start + token.length;
  });
  return spaced;
}
