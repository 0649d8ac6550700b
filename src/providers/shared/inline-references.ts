/** A header line (RFC 5322, section 2.1.1) has no room for a longer Content-ID. */
const REFERENCE = /cid:([^\s"'<>]{1,998})/gi;

/**
 * Which Content-IDs an HTML shows files by. The HTML is read once, at the first question, however many files are asked about:
 * a mail of a thousand files would otherwise be searched two thousand times.
 */
export function referencesIn(html: string | null): (contentId: string | null) => boolean {
  let known: ReadonlySet<string> | null = null;
  return (contentId) => {
    if (html === null || !contentId) return false;
    known ??= read(html);
    return known.has(contentId) || known.has(encodeURIComponent(contentId));
  };
}

function read(html: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, reference = ''] of html.matchAll(REFERENCE)) {
    found.add(reference);
    // Where it stands in url(...), or ends in a quote that is written as an entity.
    for (const end of [')', '&', '?', ';']) {
      const at = reference.indexOf(end);
      if (at > 0) found.add(reference.slice(0, at));
    }
  }
  return found;
}
