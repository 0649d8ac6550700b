import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import type { Address } from '../../../domain/address.ts';
import type { Header } from '../../../domain/message.ts';
import { decodeWords } from '../../shared/mime/encoded-words.ts';
import { messageIdsOf } from '../../shared/mime/message-ids.ts';
import { type Certainty, certaintyOf } from './address-certainty.ts';
import { parseList, parseOne } from './addresses.ts';
import { parseDate } from './header-date.ts';

/** The headers of a message or a part, as Gmail lists them. */
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

  /** The first header of that name, unfolded, with encoded words not decoded. */
  raw(name: string): string | null {
    const value = this.byName.get(name)?.[0];
    return value === undefined ? null : unfold(value);
  }

  text(name: string): string | null {
    const value = this.raw(name);
    return value === null ? null : decodeWords(value).trim();
  }

  /** The addresses of all headers of that name, with groups flattened, as they are written. */
  addresses(name: string): Address[] {
    return this.lists(name).flatMap(parseAddresses);
  }

  /**
   * The addresses as the raw header (`written`) has them. Where both headers name the same people, the listed spelling is used,
   * so that a message has the same spelling whether or not its raw header was read.
   */
  settledAddresses(name: string, written: HeaderFields): Address[] {
    const listed = this.addresses(name);
    if (this.certainty(name) === 'certain') return listed;
    const exact = written.addresses(name);
    return inAscii(listed) === inAscii(exact) ? listed : exact;
  }

  /** The first header of that name, read as a single entry. */
  oneAddress(name: string): Address[] {
    const value = this.raw(name)?.trim();
    return value ? [parseOne(value)] : [];
  }

  /** How certain the addresses are if Gmail has decoded their names. */
  certainty(name: string): Certainty {
    const all = this.lists(name).map((value) => certaintyOf(value));
    return all.find((one) => one === 'odd') ?? all.find((one) => one === 'list') ?? 'certain';
  }

  private lists(name: string): string[] {
    return (this.byName.get(name) ?? []).map(unfold);
  }

  /** The Message-IDs of all headers of that name, without angle brackets, in order. RFC 5322 3.6 allows one header; senders write several. */
  ids(name: string): string[] {
    return this.lists(name).flatMap((value) => messageIdsOf(decodeWords(value)));
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

/** The addresses without non-ASCII letters, because Gmail does not document how it decodes bytes that are not UTF-8. */
const inAscii = (people: readonly Address[]): string => JSON.stringify(people).replace(/[^\p{ASCII}]+|\s+/gu, '');

export const parseAddresses = (list: string): Address[] =>
  parseList(list).map(({ name, address }) => ({ name, address }));
