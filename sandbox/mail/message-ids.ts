/**
 * Returns the Message-IDs of a References, In-Reply-To or Message-ID field in order and without angle brackets (RFC 5322 3.6.4).
 * Comments and quoted phrases are skipped. If nothing is in angle brackets, the words with an at sign are returned.
 */
export function messageIdsOf(field: string): string[] {
  const found: string[] = [];
  let bare = '';
  for (let at = 0; at < field.length; ) {
    const character = field[at] as string;
    const end = endOf(field, at);
    if (end < 0) {
      bare += character;
      at++;
      continue;
    }
    const id = character === '<' ? withoutBlanks(field.slice(at + 1, end - 1)) : '';
    if (id !== '') found.push(id);
    bare += ' ';
    at = end;
  }
  return found.length > 0 ? found : bare.split(/[\s,;<>]+/).filter((word) => word.includes('@'));
}

/** Returns where the id, comment or quoted string that begins here ends. Negative: none begins here, or it never ends. */
function endOf(field: string, start: number): number {
  const opening = field[start];
  if (opening === '<') return endOfId(field, start);
  if (opening !== '(' && opening !== '"') return -1;
  let depth = 0;
  for (let at = start; at < Math.min(field.length, start + MAX_COMMENT_LENGTH); at++) {
    if (field[at] === '\\') at++;
    else if (opening === '"' && field[at] === '"' && at > start) return at + 1;
    else if (opening === '(' && field[at] === '(') depth++;
    else if (opening === '(' && field[at] === ')' && --depth === 0) return at + 1;
  }
  return -1;
}

/** The end of a comment is searched for within this length, because an unclosed comment must not cost the length of its field each time. */
const MAX_COMMENT_LENGTH = 2_000;

/** A line has no room for a longer id (RFC 5322 2.1.1). */
const MAX_ID_LENGTH = 1_000;

/** Returns where the id ends: at the first bracket after it. A quoted local part may itself contain a bracket, as in <"a>b"@example.org>. */
function endOfId(field: string, start: number): number {
  const quoted = /^<\s*"(?:[^"\\<]|\\.){0,250}"@[^<>]{0,250}>/.exec(field.slice(start, start + 600));
  if (quoted) return start + quoted[0].length;
  const end = /[<>]/.exec(field.slice(start + 1, start + MAX_ID_LENGTH));
  return end?.[0] === '>' ? start + end.index + 2 : -1;
}

/** Removes the spaces that folding may put anywhere. Spaces within quotes belong to the id. */
const withoutBlanks = (id: string): string =>
  id.includes('"') ? id.replace(/("[^"]*")|\s+/g, (_, quoted?: string) => quoted ?? '') : id.replace(/\s+/g, '');
