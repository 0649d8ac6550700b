import addressparser from 'nodemailer/lib/addressparser';
import { decodeWords, findHeaders, type Header } from './header.ts';
import type { Person } from './mail.ts';

/**
 * The people in every header of that name. Groups are flattened to their members (an empty group has none). An
 * address that is none is kept as written: nothing that the sender put there is dropped.
 */
export function parseAddresses(headers: readonly Header[], name: string): Person[] {
  return findHeaders(headers, name).flatMap((header) => parseAddressList(header.rawValue));
}

/** The same for one header's value, its encoded words still encoded: they may hold commas that separate nothing. */
export function parseAddressList(rawValue: string): Person[] {
  const bare = stripComments(rawValue);
  const people = parse(bare);
  if (bare === rawValue) return people;
  // "ann@example.org (Ann)": the old way to write a name. The parser knows it, but trips over nested comments.
  const named = new Map(
    parse(rawValue)
      .reverse()
      .map((person) => [person.address, person]),
  );
  return people.map((person) => (person.name === '' ? (named.get(person.address) ?? person) : person));
}

function parse(value: string): Person[] {
  let parsed: readonly { name: string; address: string }[];
  try {
    parsed = addressparser(value.replace(/[\r\n\t]+/g, ' '), { flatten: true });
  } catch {
    parsed = [{ name: '', address: value.trim() }];
  }
  return parsed
    .map(({ name, address }) => ({ name: decodeName(name), address: decodeWords(address).trim() }))
    .filter((person) => person.name !== '' || person.address !== '')
    .map((person) => (person.address === '' ? { name: '', address: person.name } : person));
}

/** Takes out (comments (nested too)), but not parentheses inside quotes. */
function stripComments(value: string): string {
  if (!value.includes('(')) return value;
  let out = '';
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const char = value[i] as string;
    if (char === '\\') {
      if (depth === 0) out += char + (value[i + 1] ?? '');
      i++;
      continue;
    }
    if (char === '"' && depth === 0) quoted = !quoted;
    if (char === '(' && !quoted) depth++;
    if (depth === 0) out += char;
    if (char === ')' && !quoted && depth > 0) depth--;
  }
  // A comment that never ends is no comment.
  return depth > 0 ? value : out;
}

/** "Ann" <ann@…> and 'Ann' <ann@…> both mean Ann; encoded words hide further quotes from the parser. */
function decodeName(name: string): string {
  const decoded = decodeWords(name).replace(/\s+/g, ' ').trim();
  const bare = /^"(.*)"$|^'(.*)'$/.exec(decoded);
  return (bare?.[1] ?? bare?.[2] ?? decoded).trim();
}
