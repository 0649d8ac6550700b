import type { gmail_v1 } from '@googleapis/gmail';
import type { Address } from '../../../domain/address.ts';
import type { Header } from '../../../domain/message.ts';
import { decodeWords } from '../../shared/mime/encoded-words.ts';
import { messageIdsOf } from '../../shared/mime/message-ids.ts';
import { type Certainty, certaintyOf } from './address-certainty.ts';
import { parseList, parseOne } from './addresses.ts';
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

  /** Addresses of every header of that name, groups flattened, taken as written. */
  addresses(name: string): Address[] {
    return this.lists(name).flatMap(parseAddresses);
  }

  /**
   * The same by a second reading of the message, its header as it was written, which tells who is named. The letters are the
   * listed ones where both name the same people, so that a message has one spelling whether or not it was read twice.
   */
  settledAddresses(name: string, written: HeaderFields): Address[] {
    const listed = this.addresses(name);
    if (this.certainty(name) === 'certain') return listed;
    const exact = written.addresses(name);
    return inAscii(listed) === inAscii(exact) ? listed : exact;
  }

  /** The first header of that name as one entry, whatever its name contains. */
  oneAddress(name: string): Address[] {
    const value = this.raw(name)?.trim();
    return value ? [parseOne(value)] : [];
  }

  /** Whether its addresses are the same should Gmail have decoded its names. */
  certainty(name: string): Certainty {
    const all = this.lists(name).map((value) => certaintyOf(value));
    return all.find((one) => one === 'odd') ?? all.find((one) => one === 'list') ?? 'certain';
  }

  private lists(name: string): string[] {
    return (this.byName.get(name) ?? []).map(unfold);
  }

  /** Message-IDs of every header of that name (RFC 5322 3.6 has one; senders write several), without angle brackets, in order. */
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

/** Without letters beyond ASCII: in what charset Gmail reads bytes that are no UTF-8, it does not say. */
const inAscii = (people: readonly Address[]): string => JSON.stringify(people).replace(/[^\p{ASCII}]+|\s+/gu, '');

export const parseAddresses = (list: string): Address[] =>
  parseList(list).map(({ name, address }) => ({ name, address }));
