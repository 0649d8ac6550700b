import { type Word, wordsOf } from './address.words.ts';
import { decodeWords } from './encoded-words.ts';
import { findHeaders, type Header } from './header.ts';
import type { Person } from './mail.ts';

/**
 * Returns the people in every header with this name. Groups are flattened to their members (an empty group has none). An invalid
 * address is kept as it was written, so that nothing of the sender's is lost.
 */
export function parseAddresses(headers: readonly Header[], name: string): Person[] {
  return findHeaders(headers, name).flatMap((header) => parseAddressList(header.rawValue));
}

/** Does the same for the value of one header. Its encoded words must still be encoded, because they may contain commas. */
export function parseAddressList(rawValue: string): Person[] {
  return entriesOf(wordsOf(rawValue)).flatMap(peopleOf);
}

/**
 * Returns an address field as Gmail lists it by some reports: names are decoded and lose their quotes, and the rest is unchanged.
 * Text of quotes or encoded words can then not be distinguished from the structure around it.
 */
export function decodeAddressField(rawValue: string): string {
  const words = wordsOf(rawValue);
  const shown = words.map((word, index) => {
    const { kind, text, spaced } = word;
    const next = words[index + 1];
    // The quotes of a local part are a part of the address.
    const isLocalPart = next?.kind === 'atom' && next.text.startsWith('@') && !next.spaced;
    const bare = kind === 'quoted' && !isLocalPart ? unescaped(text.slice(1, -1)) : text;
    return `${spaced ? ' ' : ''}${bare}`;
  });
  return decodeWords(shown.join('').trim());
}

interface Entry {
  readonly words: readonly Word[];
  /** What stands in the last angle brackets; null: there are none. */
  readonly angle: readonly Word[] | null;
}

function entriesOf(words: readonly Word[]): Entry[] {
  const entries: Entry[] = [];
  let current: Word[] = [];
  let angle: readonly Word[] | null = null;
  let inGroup = false;
  const flush = () => {
    entries.push({ words: current, angle });
    current = [];
    angle = null;
  };
  const closers = pairs(words);
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    const close = closers.get(at);
    if (close !== undefined) {
      // An earlier pair was a part of the name.
      if (angle) current.push({ kind: 'atom', text: `<${join(angle)}>`, spaced: true });
      angle = words.slice(at + 1, close);
      at = close;
    } else if (word.kind === 'mark' && (word.text === ',' || word.text === ';')) {
      flush();
      inGroup &&= word.text === ',';
    } else if (word.kind === 'mark' && word.text === ':' && !inGroup && !angle && !hasAddress(current)) {
      inGroup = true;
      current = [];
    } else current.push(word);
  }
  flush();
  return entries;
}

/** For each "<" the ">" that closes it. Commas are inside of a route only: <@relay.example,@other.example:ann@example.org>. */
function pairs(words: readonly Word[]): Map<number, number> {
  const found = new Map<number, number>();
  let open = -1;
  let hasComma = false;
  words.forEach(({ kind, text }, at) => {
    if (kind !== 'mark') return;
    if (text === '<') {
      open = at;
      hasComma = false;
    } else if (text === ',' && open >= 0) hasComma = true;
    else if (text === '>' && open >= 0) {
      if (!hasComma || words[open + 1]?.text.startsWith('@')) found.set(open, at);
      open = -1;
    }
  });
  return found;
}

function peopleOf({ words, angle }: Entry): Person[] {
  const said = words.filter(({ kind }) => kind !== 'comment');
  const comments = words.filter(({ kind }) => kind === 'comment');
  const named = said.some(({ kind, text }) => kind !== 'mark' && text !== '') ? said : comments;
  if (angle) {
    const address = bare(angle);
    // Of "Ann <<ann@example.org>>" the outer brackets are no part of the name.
    const name = named.filter(({ kind, text }) => kind !== 'mark' || (text !== '<' && text !== '>'));
    return address === '' ? unaddressed(said) : [{ name: nameOf(name), address }];
  }
  if (said.length === 0) return [];
  const glued = bare(said);
  if (isAddress(glued)) return [{ name: nameOf(comments), address: glued }];
  const chunks = chunksOf(said);
  const addresses = chunks.filter((chunk) => isAddress(bare(chunk)));
  if (addresses.length === 0) return unaddressed(said);
  const rest = chunks.filter((chunk) => !addresses.includes(chunk)).flat();
  const name = addresses.length > 1 ? '' : nameOf(rest.length > 0 ? rest : comments);
  return addresses.map((chunk) => ({ name, address: bare(chunk) }));
}

/** What encoded words say is a name, and makes no address (RFC 2047 5). */
function unaddressed(words: readonly Word[]): Person[] {
  const text = join(words.map((word) => ({ ...word, text: plain(word) })));
  if (/^[<>\s]*$/.test(text)) return [];
  const decoded = nameOf(words);
  return [{ name: decoded === text ? '' : decoded, address: text }];
}

function chunksOf(words: readonly Word[]): Word[][] {
  const chunks: Word[][] = [];
  for (const word of words) {
    const last = chunks.at(-1);
    if (word.kind === 'mark') chunks.push([]);
    else if (last && !word.spaced) last.push(word);
    else chunks.push([word]);
  }
  return chunks.filter((chunk) => chunk.length > 0);
}

const hasAddress = (words: readonly Word[]): boolean =>
  words.some(({ kind, text }) => kind === 'atom' && text.includes('@'));

const isAddress = (text: string): boolean => /^(?:"(?:[^"\\]|\\.)*"|[^\s"@<>]+)@[^\s"@<>]+$/s.test(text);

const unescaped = (text: string): string => text.replace(/\\(.)/gs, '$1');

const plain = ({ kind, text }: Word): string =>
  kind === 'quoted' || kind === 'comment' ? unescaped(text.slice(1, -1)) : text;

const join = (words: readonly Word[]): string =>
  words.map(({ text, spaced }, at) => `${spaced && at > 0 ? ' ' : ''}${text}`).join('');

/** Without comments, the blanks around dots and at signs, and the route of RFC 5322 4.4. */
function bare(words: readonly Word[]): string {
  const text = join(words.filter(({ kind }) => kind !== 'comment')).replace(/^@[^:"]*:/, '');
  return text.replace(
    /("(?:[^"\\]|\\.)*")|\s*([.@])\s*/gs,
    (_, quoted?: string, sign?: string) => quoted ?? sign ?? '',
  );
}

/** "Ann" <ann@…> means Ann; senders also encode the quotes with the name. Exchange keeps single ones. */
function nameOf(words: readonly Word[]): string {
  const text = join(words.map((word) => ({ ...word, text: plain(word) })));
  // Encoded words can hold control characters, a name cannot.
  const decoded = decodeWords(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (/^[<>\s]*$/.test(decoded)) return '';
  return (/^"([^"]*)"$/.exec(decoded)?.[1] ?? decoded).trim();
}
