import { type Address, bareAddress, isEmptyGroup } from '../../../domain/address.ts';
import { displayName, nameBeside } from '../../../domain/display-name.ts';
import { decodeWords } from '../../shared/mime/encoded-words.ts';
import { anglePairs, type Token, tokensOf } from './address-tokens.ts';

/** An entry of an address list with its position in the text. */
export interface Entry extends Address {
  readonly start: number;
  readonly end: number;
}

interface Angle {
  readonly kind: 'angle';
  readonly raw: string;
  readonly address: string;
  readonly start: number;
  readonly end: number;
}
type EntryPart = Token | Angle;

/**
 * The entries of an address list, with groups flattened. The structure is parsed first, and the encoded words of names are
 * decoded afterwards (RFC 2047 6.2). An empty group has no entry, also when it is quoted or in brackets. When an entry has
 * several angle addresses, the last one is its address and the text before it is the name. An invalid address is kept as written.
 */
export function parseList(list: string): Entry[] {
  return joined(partsOf(list))
    .flatMap((parts) => entriesOf(parts, list))
    .filter(({ address }) => !isEmptyGroup(address));
}

/**
 * Reads the whole text as one entry. The last angle address is the address, and everything before it is the name. A comment at
 * the end is ignored. An address after the last angle brackets takes precedence.
 */
export function parseOne(whole: string): Address {
  const text = withoutLastComments(whole);
  const last = LAST_ADDRESS.exec(text.slice(-MAX_ADDRESS_LENGTH))?.[0];
  if (last !== undefined) return named(decodeWords(text.slice(0, -last.length)), bare(last));
  const close = text.lastIndexOf('>');
  const open = close < 0 ? -1 : text.lastIndexOf('<', close);
  const inside = open < 0 ? '' : bare(text.slice(open + 1, close).replaceAll('>', ''));
  if (inside === '') return { name: null, address: bare(text) };
  return named(decodeWords(`${withoutLastBrackets(text.slice(0, open))} ${text.slice(close + 1)}`), inside);
}

/** Removes brackets at the end: in "Ann <<ann@example.org>>" the first bracket is not part of the name. */
function withoutLastBrackets(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s<]/.test(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** More than the limits of RFC 5321 4.5.3.1 allow. */
const MAX_ADDRESS_LENGTH = 1_000;
const LAST_ADDRESS = /(?:"(?:[^"\\]|\\.)*"|[^\s,;"@<>]+)@(?:\[[^\s[\]]*\]|[^\s,;:"@<>]+)$/s;

/** Searches from the end, because the text before the comment may contain any brackets. */
function withoutLastComments(text: string): string {
  let rest = withoutSeparators(text);
  while (rest.endsWith(')')) {
    const start = startOfLastComment(rest);
    if (start <= 0) return rest;
    rest = withoutSeparators(rest.slice(0, start));
  }
  return rest;
}

/** A loop, because a regular expression would be tried at every blank of a long text. */
function withoutSeparators(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s,;]/.test(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

function startOfLastComment(text: string): number {
  let depth = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const character = text[at];
    if ((character !== '(' && character !== ')') || text[at - 1] === '\\') continue;
    depth += character === ')' ? 1 : -1;
    if (depth <= 0) return at;
  }
  return -1;
}

/** The parts of each entry and whether a comma ended it. */
function partsOf(list: string): { parts: EntryPart[]; comma: boolean }[] {
  const tokens = tokensOf(list);
  const pairs = anglePairs(tokens);
  const entries: { parts: EntryPart[]; comma: boolean }[] = [];
  let parts: EntryPart[] = [];
  let inGroup = false;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as Token;
    const close = pairs.get(index);
    if (close !== undefined) {
      const { end } = tokens[close] as Token;
      parts.push({
        kind: 'angle',
        raw: list.slice(token.start, end),
        address: addressOf(tokens.slice(index + 1, close)),
        start: token.start,
        end,
      });
      index = close;
    } else if (token.kind === 'special' && (token.raw === ',' || token.raw === ';')) {
      entries.push({ parts, comma: token.raw === ',' });
      parts = [];
      inGroup &&= token.raw !== ';';
    } else if (token.raw === ':' && token.kind === 'special' && !inGroup && isPhrase(parts)) {
      inGroup = true;
      parts = [];
    } else parts.push(token);
  }
  entries.push({ parts, comma: false });
  return entries;
}

/** Whether these parts can be the name of a group, before its colon: they have text and no address. */
const isPhrase = (parts: readonly EntryPart[]): boolean =>
  parts.some(({ kind, raw }) => kind !== 'comment' && raw.trim() !== '') &&
  !parts.some(
    (part) => (part.kind === 'angle' && part.address !== '') || (part.kind === 'text' && part.raw.includes('@')),
  );

/** Joins entries that are one name with a comma in it: "Doe, Jane <jane@example.org>". */
function joined(entries: readonly { parts: EntryPart[]; comma: boolean }[]): EntryPart[][] {
  let whole: EntryPart[][] = [];
  let halves: EntryPart[][] = [];
  for (const { parts, comma } of entries) {
    if (comma && isHalf(parts)) {
      halves.push(parts);
      continue;
    }
    if (halves.length === 0) whole.push(parts);
    else if (isNamed(parts)) whole.push([...halves.flat(), ...parts]);
    // Not `push(...halves)`, because a hostile list has more entries than a call can have arguments.
    else whole = whole.concat(halves, [parts]);
    halves = [];
  }
  return whole.concat(halves);
}

const isHalf = (parts: readonly EntryPart[]): boolean =>
  parts.some(({ kind, raw }) => (kind === 'text' || kind === 'word') && raw.trim() !== '') &&
  !parts.some(({ kind, raw }) => kind === 'angle' || (kind === 'text' && raw.includes('@')));

const isNamed = (parts: readonly EntryPart[]): boolean =>
  parts.some(({ kind }) => kind === 'angle') &&
  parts.some(({ kind, raw }) => kind !== 'angle' && kind !== 'comment' && raw.trim() !== '');

function entriesOf(parts: readonly EntryPart[], list: string): Entry[] {
  const [first, last] = [parts.find(isSolid), parts.findLast(isSolid)];
  if (!first || !last || parts.every(isAside)) return [];
  const range = { start: first.start, end: last.end };
  const angle = parts.findLast((part): part is Angle => part.kind === 'angle' && part.address !== '');
  if (angle) return [{ ...named(nameOf(parts, angle, list), angle.address), ...range }];
  return bareEntries(parts, list).map((address) => ({ ...address, ...range }));
}

const isAside = ({ kind, raw }: EntryPart): boolean => kind === 'comment' || (kind === 'text' && raw.trim() === '');
const isSolid = ({ kind, raw }: EntryPart): boolean => kind !== 'text' || raw.trim() !== '';

/** The decoded name of an entry. Comments are part of it only when there is nothing else. */
function nameOf(parts: readonly EntryPart[], angle: EntryPart | null, list: string): string {
  const brackets = angle === null ? null : bracketsAround(parts, parts.indexOf(angle));
  const others = parts.filter((part) => part !== angle && !brackets?.has(part));
  const words = others.filter(({ kind }) => kind !== 'comment');
  const shown = words.some(({ raw }) => /[^\s<>]/.test(raw)) ? words : others.filter(({ kind }) => kind === 'comment');
  let text = '';
  let end = -1;
  for (const part of shown) {
    if (end >= 0 && part.start > end) {
      // The comma inside a name stays. A comment or an angle address that was removed leaves a blank.
      const between = list.slice(end, part.start);
      text += /^[\s,]*$/.test(between) ? between : ' ';
    }
    text += wordOf(part);
    end = part.end;
  }
  const name = decodeWords(text.replace(/\s+/g, ' '));
  return /[^\s<>]/.test(name) ? name : '';
}

/** The extra brackets around an angle address, as in "<<ann@example.org>>". */
function bracketsAround(parts: readonly EntryPart[], angle: number): ReadonlySet<EntryPart> {
  const found = new Set<EntryPart>();
  for (const [step, bracket] of [
    [-1, '<'],
    [1, '>'],
  ] as const) {
    for (let at = angle + step; parts[at]?.raw === bracket || parts[at]?.raw.trim() === ''; at += step)
      if (parts[at]?.raw === bracket) found.add(parts[at] as EntryPart);
  }
  return found;
}

function wordOf({ kind, raw }: EntryPart): string {
  if (kind === 'quoted') return unescaped(raw.slice(1, -1));
  return kind === 'comment' ? unescaped(raw.slice(1, -1)) : raw;
}

const unescaped = (text: string): string => text.replace(/\\(.)/gsu, '$1');

/** An entry without angle brackets. Old mail has the name in a comment after the address. */
function bareEntries(parts: readonly EntryPart[], list: string): Address[] {
  const comment = nameOf(
    parts.filter(({ kind }) => kind === 'comment'),
    null,
    list,
  );
  const address = addressOf(parts);
  if (isSpelled(address)) return [named(comment, address)];
  const pieces = piecesOf(parts);
  const addresses = pieces.filter(isSpelled);
  const [only] = addresses;
  if (only !== undefined && addresses.length > 1) return addresses.map((one) => ({ name: null, address: bare(one) }));
  if (only !== undefined) {
    const rest = pieces.filter((piece) => piece !== only && /[^<>]/.test(piece)).join(' ');
    return [named(decodeWords(rest.replace(/^"(.*)"$/s, '$1')) || comment, bare(only))];
  }
  const written = parts
    .map((part) => (part.kind === 'angle' && part.address === '' ? ' ' : wordOf(part)))
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
  if (written === '' || /^[<>\s]*$/.test(written)) return [];
  // Encoded words are not allowed in an address (RFC 2047 5), so this text is a name even if it looks like an address.
  const hasWords = parts.some(({ kind }) => kind === 'word');
  return [{ name: hasWords ? displayName(decodeWords(written)) : null, address: written }];
}

/** Splits at blanks that are not quoted. */
function piecesOf(parts: readonly EntryPart[]): string[] {
  const pieces: string[] = [''];
  for (const { kind, raw } of parts) {
    if (kind === 'comment' || kind === 'special') pieces.push('');
    else if (kind !== 'text') pieces.push(`${pieces.pop() ?? ''}${raw}`);
    else {
      const [first = '', ...rest] = raw.split(/\s+/);
      pieces.push(`${pieces.pop() ?? ''}${first}`);
      for (const piece of rest) pieces.push(piece);
    }
  }
  return pieces.filter((piece) => piece !== '');
}

/**
 * Whether a text is a local part, an at sign and a host without blanks. Words of the local part may be quoted (RFC 5321 4.1.2,
 * and RFC 5322 4.4 for a."b c").
 */
const isSpelled = (text: string): boolean =>
  /^(?:"(?:[^"\\]|\\.)*"|[^\s"@<>]+)(?:(?<=\.)"(?:[^"\\]|\\.)*"|(?<=")(?=\.)[^\s"@<>]+)*@[^\s"@<>]+$/s.test(text);

/** The address that these parts spell, without comments, route and the blanks around its dots and at sign. */
const addressOf = (parts: readonly EntryPart[]): string =>
  bare(
    parts
      .filter(({ kind }) => kind !== 'comment')
      .map(({ raw }) => raw)
      .join(''),
  );

/** The address without its route, such as "@relay.example:" in "<@relay.example:ada@example.org>" (RFC 5322 4.4). */
function bare(written: string): string {
  const address = bareAddress(written.trim().replace(/^@[^:"]*:/, ''));
  return address.replace(/("[^"]*")|\s+/g, (blanks, quoted: string | undefined, at: number) => {
    if (quoted !== undefined) return quoted;
    const around = `${address[at - 1] ?? ''}${address[at + blanks.length] ?? ''}`;
    return /[.@]/.test(around) ? '' : ' ';
  });
}

const named = (text: string, address: string): Address => ({ name: nameBeside(address, text), address });
