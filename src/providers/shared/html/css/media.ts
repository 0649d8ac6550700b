/**
 * Width of a mail window on a desktop, in CSS pixels. It is wider than the 600 of the usual newsletter and narrower
 * than any screen.
 */
const WIDTH = 800;
/** Maximum length of a media query that is read. */
const MAX_QUERY_LENGTH = 400;

/**
 * Returns whether a list of media queries applies to a light desktop screen of 800 pixels. Queries for narrower windows
 * do not apply, and neither do those that are not understood.
 */
export function appliesOnScreen(queries: string): boolean {
  if (queries.length > MAX_QUERY_LENGTH) return false;
  const even = queries.replace(/\s+/g, ' ').trim().toLowerCase();
  return even === '' || even.split(',').some(holds);
}

function holds(query: string): boolean {
  const parts = query.trim().split(/ ?\band ?(?=\()/);
  return parts.every(
    (part, index) =>
      (index === 0 && /^(?:(?:only )?(?:screen|all)|not (?:print|speech|tty|tv))$/.test(part)) || featureHolds(part),
  );
}

function featureHolds(feature: string): boolean {
  const width =
    /^\(\s*(min-(?:device-)?width\s*:|width\s*>=?|max-(?:device-)?width\s*:|width\s*<=?)\s*(\d{1,5}(?:\.\d{1,3})?|\.\d{1,3})\s*(px|r?em)\s*\)$/.exec(
      feature,
    );
  if (width) {
    const limit = Number(width[2]) * (width[3] === 'px' ? 1 : 16);
    return /^max|</.test(width[1] as string) ? WIDTH <= limit : limit <= WIDTH;
  }
  return /^\(\s*(?:prefers-color-scheme\s*:\s*light|orientation\s*:\s*landscape|color|hover(?:\s*:\s*hover)?)\s*\)$/.test(
    feature,
  );
}
