import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { addressParser, decodeWords } from 'postal-mime';
import type { Address } from '../../domain/address.ts';
import type { Header } from '../../domain/message.ts';
import { parseDate } from './header-date.ts';

/** A message's or part's headers, as Gmail lists them. */
export class HeaderFields {
  private readonly byName = new Map<string, string[]>();

  constructor(private readonly fields: readonly gmail_v1.Schema$MessagePartHeader[]) {
    for (const { name, value } of fields) {
      if (!name) continue;
      const key = name.toLowerCase();
      const values = this.byName.get(key);
      if (values) values.push(value ?? '');
      else this.byName.set(key, [value ?? '']);
    }
  }

  /** The first of that name, unfolded, encoded words as they are. */
  raw(name: string): string | null {
    const value = this.byName.get(name)?.[0];
    return value === undefined ? null : unfold(value);
  }

  text(name: string): string | null {
    const value = this.raw(name);
    return value === null ? null : decodeWords(value).trim();
  }

  /** Addresses of every header of that name, groups flattened. */
  addresses(name: string): Address[] {
    return (this.byName.get(name) ?? []).flatMap((value) => parseAddresses(unfold(value)));
  }

  /** Message-IDs without angle brackets, in order. */
  ids(name: string): string[] {
    const value = this.raw(name) ?? '';
    const bracketed = [...value.matchAll(/<([^<>]+)>/g)].map((match) => (match[1] ?? '').replace(/\s+/g, ''));
    return bracketed.length > 0 ? bracketed : value.split(/\s+/).filter((token) => token.includes('@'));
  }

  date(name: string): Date | null {
    return parseDate(this.raw(name) ?? '');
  }

  all(): Header[] {
    return this.fields.flatMap(({ name, value }) =>
      name ? [{ name, value: decodeWords(unfold(value ?? '')).trim() }] : [],
    );
  }
}

const unfold = (value: string): string => value.replace(/\r?\n[ \t]*/g, ' ');

/**
 * What stands where an address should, and is none, is kept as written: "undisclosed-recipients:;". A bare word before an
 * address is the first half of its name: Gmail decodes names, and the comma in one then stands without quotes.
 */
export function parseAddresses(value: string): Address[] {
  let half = '';
  const entries = addressParser(isPlain(value) ? value : withoutComments(value)).flatMap((entry, index, all) => {
    const next = all[index + 1];
    if (!entry.group && !entry.address && entry.name && next?.address && next.name) {
      half += `${entry.name}, `;
      return [];
    }
    const whole = half === '' || entry.group ? entry : { ...entry, name: half + entry.name };
    half = '';
    return [whole];
  });
  return entries.flatMap((entry): Address[] => {
    if (entry.group) {
      if (entry.group.length === 0) return entry.name ? [{ name: null, address: `${entry.name}:;` }] : [];
      return entry.group.map((member) => toAddress(member.name, member.address ?? ''));
    }
    const { name, address = '' } = entry;
    return name || address ? [toAddress(name, address)] : [];
  });
}

/** Without a comment inside a comment or inside an address, which the parser takes for text: "joe@example.org (Joe)" is plain. */
const isPlain = (value: string): boolean => !/\([^()]*\(|<[^>]*\(|\)[^(]*\)/.test(value);

/** Without the comments of RFC 5322 section 3.2.2, which nest; what is quoted stays. */
function withoutComments(value: string): string {
  let depth = 0;
  let quoted = false;
  let kept = '';
  for (const [piece] of value.matchAll(/\\.|[^\\]/gsu)) {
    if (piece === '"' && depth === 0) quoted = !quoted;
    if (piece === '(' && !quoted) depth++;
    if (depth === 0) kept += piece;
    if (piece === ')' && !quoted && depth > 0) depth--;
  }
  return kept;
}

const toAddress = (name: string, written: string): Address => {
  if (written === '') return { name: null, address: name };
  const address = withoutRoute(written);
  return { name: name === '' || name === address ? null : name, address };
};

/** Without the route of RFC 5322 section 4.4, "<@relay.example:ada@example.org>", and without the spaces around a dot or the at sign. */
const withoutRoute = (address: string): string =>
  address.replace(/^@[^:"]*:/, '').replace(/("[^"]*")|\s*([.@])\s*/g, (_, quoted, sign) => quoted ?? sign);
