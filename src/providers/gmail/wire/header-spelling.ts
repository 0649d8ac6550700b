/** The headers of one message, by lower-case name. */
interface ListedHeaders {
  /** The first of that name, unfolded. */
  raw(name: string): string | null;
  /** Whether its addresses are the same should Gmail have decoded its names. */
  certainty(name: string): 'certain' | 'list' | 'odd';
}

/** Of these the first address counts, and a reply goes there: no doubt is left. */
const SINGLE = ['from', 'sender', 'reply-to'];
const LISTS = ['to', 'cc', 'bcc'];
const beyondAscii = (text: string | null): boolean => text !== null && /[^\p{ASCII}]/u.test(text);

/**
 * How Gmail spells the headers that it lists, as far as this account's mail has shown: as they were written, or decoded.
 * Nothing in a listed header proves it, since its sender could have written either; what was compared with the raw mail does.
 */
export class HeaderSpelling {
  /** What was seen once stays so: an encoded word that Gmail cannot decode proves nothing. */
  private isDecoded = false;

  /**
   * Whether the raw mail is to be asked for its header: its addresses depend on how Gmail spells them. An ordinary list of
   * several people is what it looks like until Gmail is seen to decode: only then can one of its entries be a part of a name.
   */
  isDoubtful(headers: ListedHeaders): boolean {
    if (SINGLE.some((name) => headers.certainty(name) !== 'certain')) return true;
    const lists = LISTS.map((name) => headers.certainty(name));
    return lists.includes('odd') || (this.isDecoded && lists.includes('list'));
  }

  /**
   * Letters beyond ASCII are encoded in nearly every mail, so a header that has them was probably decoded, and its raw mail
   * shows it.
   */
  isTelling(headers: ListedHeaders): boolean {
    return !this.isDecoded && ['subject', ...SINGLE, ...LISTS].some((name) => beyondAscii(headers.raw(name)));
  }

  /** Where the header is ASCII its letters are no matter of charset, and any other difference is Gmail's reading of it. */
  learn(listed: ListedHeaders, written: ListedHeaders): void {
    for (const name of ['subject', ...SINGLE, ...LISTS]) {
      const [was, is] = [written.raw(name), listed.raw(name)];
      if (was !== null && is !== null && !beyondAscii(was) && squeezed(was) !== squeezed(is)) this.isDecoded = true;
    }
  }
}

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();
