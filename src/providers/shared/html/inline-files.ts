import type { Attributes, Inherited } from './hidden.ts';
import { readRenderedHtml } from './rendered-html.ts';

/**
 * Finds the file that a `src` names (RFC 2392), and the files that the HTML shows. Reading, display, quoting and
 * sending share these rules.
 */

/** Maximum length of a Content-ID, because a header line has no room for more (RFC 5322, section 2.1.1). */
const MAX_CONTENT_ID_LENGTH = 998;

interface WithContentId {
  readonly contentId: string | null;
}

/** Removes the angle brackets of a Content-ID from a header or a provider. */
export function contentIdOf(written: string | null | undefined): string | null {
  const bare = (written ?? '').trim().replace(/^<|>$/g, '').replace(/\s+/g, ' ').trim();
  return bare === '' ? null : bare;
}

/** Returns the Content-ID that an image's src names, or null for any other address. */
export function inlineReference(src: string): string | null {
  // A browser removes these characters from any address, and blanks from its ends (URL, section 4.4).
  const address = src.length > 2 * MAX_CONTENT_ID_LENGTH ? '' : src.replace(/[\t\n\r]/g, '').trim();
  return /^cid:/i.test(address) ? decoded(address.slice('cid:'.length)) : null;
}

/**
 * Returns a lookup of files by Content-ID. It compares the id as written, then with the percent signs of its header
 * decoded, then without regard to case, because some mailers spell it differently in the two places. Of several files
 * with one Content-ID, it finds the first.
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

/**
 * Returns the files that an HTML shows, which are the sources of visible images. The HTML is read once, however many
 * files there are.
 */
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
