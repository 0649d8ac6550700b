/** A path under /v1.0 with its query, encoded; what both a request and a $batch part are given. */
export function path(base: string, query: Readonly<Record<string, string | number | null | undefined>> = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string | number)}`);
  return pairs.length === 0 ? base : `${base}?${pairs.join('&')}`;
}

/** A string literal of OData. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An Edm.DateTimeOffset literal. */
export const instant = (at: Date): string => at.toISOString().replace('.000Z', 'Z');

/**
 * The path under /v1.0 and the query of a link to messages of one's own, for our own origin; null for any other link. Where
 * a link leads must never be for its sender to say.
 */
export function pathOf(link: string): string | null {
  const { pathname, search } = URL.canParse(link) ? new URL(link) : { pathname: '', search: '' };
  const [, under = ''] = /\/v1\.0(\/me\/.*)$/.exec(pathname) ?? [];
  return under.endsWith('/messages') ? under + search : null;
}

/** One parameter of a link that Graph gave, whatever host the link names. */
export function tokenOf(link: string | undefined, name: '$skiptoken' | '$deltatoken'): string | null {
  if (link === undefined) return null;
  const at = link.indexOf('?');
  for (const [key, value] of new URLSearchParams(at < 0 ? '' : link.slice(at + 1))) {
    if (key.toLowerCase() === name) return value;
  }
  return null;
}
