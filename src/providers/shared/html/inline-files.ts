import type { Attributes, Inherited } from './hidden.ts';
import { readRenderedHtml } from './rendered-html.ts';

/** Which file of a message a `src` names (RFC 2392), and which are shown: one rule for reading, showing, quoting and sending. */

/** A header line (RFC 5322, section 2.1.1) has no room for a longer Content-ID. */
const MAX_CONTENT_ID_LENGTH = 998;

interface WithContentId {
  readonly contentId: string | null;
}

/** A Content-ID as a header or a provider gives it, without its angle brackets. */
export function contentIdOf(written: string | null | undefined): string | null {
  const bare = (written ?? '').trim().replace(/^<|>$/g, '').replace(/\s+/g, ' ').trim();
  return bare === '' ? null : bare;
}

/** The Content-ID that an image's src names; null where it is another address. */
export function inlineReference(src: string): string | null {
  // A browser takes these out of any address, and blanks from its ends (URL, section 4.4).
  const address = src.length > 2 * MAX_CONTENT_ID_LENGTH ? '' : src.replace(/[\t\n\r]/g, '').trim();
  return /^cid:/i.test(address) ? decoded(address.slice('cid:'.length)) : null;
}

/**
 * The file with a Content-ID. As it is written, then with the percent signs of its header decoded, then in any case: some
 * mailers write it differently in the two places. Of several files with one Content-ID the first.
 */
export function filesByContentId<File extends WithContentId>(
  files: readonly File[],
): (contentId: string) => File | null {
  const spellings = [bare, decoded, (id: string) => decoded(id).toLowerCase()];
  const known = spellings.map((spelling) => {
    const byId = new Map<string, File>();
    for (const file of files) {
      const id = spelling(file.contentId ?? '');
      if (id !== '' && !byId.has(id)) byId.set(id, file);
    }
    return { spelling, byId };
  });
  return (contentId) => {
    for (const { spelling, byId } of known) {
      const file = byId.get(spelling(contentId));
      if (file !== undefined) return file;
    }
    return null;
  };
}

/** The files that an HTML shows: an image that is seen has one of them as its source. The HTML is read once, however many there are. */
export function shownFiles<File extends WithContentId>(html: string | null, files: readonly File[]): ReadonlySet<File> {
  const shown = new Set<File>();
  if (html === null || !/<img/i.test(html) || files.every(({ contentId }) => contentId === null)) return shown;
  const find = filesByContentId(files);
  const begin = (name: string, { src = '' }: Attributes, { isVisible }: Inherited) => {
    const contentId = name === 'img' && isVisible ? inlineReference(src) : null;
    const file = contentId === null ? null : find(contentId);
    if (file !== null) shown.add(file);
    return null;
  };
  readRenderedHtml(html, {}, { begin });
  return shown;
}

const bare = (id: string): string => id.replace(/[<>\s]/g, '');

function decoded(id: string): string {
  try {
    return bare(decodeURIComponent(id));
  } catch {
    return bare(id);
  }
}
