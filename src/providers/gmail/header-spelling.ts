import type { HeaderFields } from './headers.ts';

/** Of these the first address counts, and a reply goes there: no doubt is left. */
const SINGLE = ['from', 'sender', 'reply-to'];
const LISTS = ['to', 'cc', 'bcc'];
const ENCODED_WORD = /=\?[^\s?]+\?[bq]\?[^\s?]*\?=/i;
const beyondAscii = (text: string | null): boolean => text !== null && /[^\p{ASCII}]/u.test(text);

/**
 * How Gmail spells the headers that it lists, as far as this account's mail has shown: as they were written, or decoded.
 * Nothing in a listed header proves it, since its sender could have written either; what was compared with the raw mail does.
 */
export class HeaderSpelling {
  private known: 'unknown' | 'written' | 'decoded' = 'unknown';

  /**
   * Whether the raw mail is to be asked for its header: its addresses depend on how Gmail spells them. An ordinary list of
   * several people is what it looks like until Gmail is seen to decode: only then can one of its entries be a part of a name.
   */
  isDoubtful(headers: HeaderFields): boolean {
    if (SINGLE.some((name) => headers.certainty(name) !== 'certain')) return true;
    const lists = LISTS.map((name) => headers.certainty(name));
    return lists.includes('odd') || (this.known === 'decoded' && lists.includes('list'));
  }

  /**
   * Letters beyond ASCII are encoded in nearly every mail, so a header that has them was probably decoded, and its raw mail
   * shows it.
   */
  isTelling(headers: HeaderFields): boolean {
    return this.known !== 'decoded' && ['subject', ...SINGLE, ...LISTS].some((name) => beyondAscii(headers.raw(name)));
  }

  learn(listed: HeaderFields, written: HeaderFields): void {
    for (const name of ['subject', ...SINGLE, ...LISTS]) {
      const value = written.raw(name);
      if (value === null || !ENCODED_WORD.test(value)) continue;
      this.known = same(value, listed.raw(name)) ? 'written' : 'decoded';
    }
  }
}

const same = (a: string, b: string | null): boolean => squeezed(a) === squeezed(b ?? '');
const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();
