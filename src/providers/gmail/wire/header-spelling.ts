/** The headers of one message. Names are in lower case. */
interface ListedHeaders {
  /** The first header of that name, unfolded. */
  raw(name: string): string | null;
  /** How certain the addresses are if Gmail has decoded their names. */
  certainty(name: string): 'certain' | 'list' | 'odd';
}

/** Headers with one relevant address, to which a reply goes. It must be certain. */
const SINGLE = ['from', 'sender', 'reply-to'];
const LISTS = ['to', 'cc', 'bcc'];
const beyondAscii = (text: string | null): boolean => text !== null && /[^\p{ASCII}]/u.test(text);

/**
 * What this account's mail has shown about the headers that Gmail lists: whether they are as written, or decoded. A listed header
 * alone proves neither, because its sender could have written both. A comparison with the raw mail does.
 */
export class HeaderSpelling {
  /** It stays true once it was seen, because a header that Gmail does not decode proves nothing. */
  private isDecoded = false;

  /**
   * Whether the addresses are ambiguous, so that the raw header must be read. An ordinary list is unambiguous until Gmail has
   * been seen to decode headers, because only then can one of its entries be a part of a name.
   */
  isDoubtful(headers: ListedHeaders): boolean {
    if (SINGLE.some((name) => headers.certainty(name) !== 'certain')) return true;
    const lists = LISTS.map((name) => headers.certainty(name));
    return lists.includes('odd') || (this.isDecoded && lists.includes('list'));
  }

  /**
   * Whether a comparison of this header with its raw mail probably shows that Gmail decodes headers. Senders encode non-ASCII
   * letters in nearly every mail, so a listed header with such letters was probably decoded.
   */
  isTelling(headers: ListedHeaders): boolean {
    return !this.isDecoded && ['subject', ...SINGLE, ...LISTS].some((name) => beyondAscii(headers.raw(name)));
  }

  /** Compares a listed header with its raw form. If the raw form is ASCII, no charset is involved, and a difference means that Gmail decodes headers. */
  learn(listed: ListedHeaders, written: ListedHeaders): void {
    for (const name of ['subject', ...SINGLE, ...LISTS]) {
      const [was, is] = [written.raw(name), listed.raw(name)];
      if (was !== null && is !== null && !beyondAscii(was) && squeezed(was) !== squeezed(is)) this.isDecoded = true;
    }
  }
}

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();
