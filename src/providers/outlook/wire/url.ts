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

/** A list of messages of one's own, or of one of one's folders: `/me/mailFolders/ID/messages`, or `mailFolders('ID')`. */
const MESSAGES = /^\/me(?:\/mailFolders(?:\/[^/\\]+|\('[^/\\']*'\)))?\/messages$/i;
/** Of every list that is followed. A segment has no backslash, which a URL of http takes for a slash. */
const LISTS = {
  messages: MESSAGES,
  folders: /^\/me\/mailFolders\/(?:microsoft\.graph\.)?delta(?:\(\))?$/i,
  categories: /^\/me\/outlook\/masterCategories$/i,
  attachments: /^\/me\/messages(?:\/[^/\\]+|\('[^/\\']*'\))\/attachments$/i,
  subscriptions: /^\/subscriptions$/i,
};
export type LinkKind = keyof typeof LISTS;
const MAX_PATH_LENGTH = 24_000;

/**
 * The path under /v1.0 of a link to such a list of one's own, for our own origin, and the whole of its query as Graph wrote
 * it; null for any other link. Where a link leads must never be for its sender to say.
 */
export function pathOf(link: string, kind: LinkKind = 'messages'): string | null {
  const { protocol, pathname, href } = URL.canParse(link) ? new URL(link) : NOWHERE;
  const [, under = ''] = /\/v1\.0(\/.*)$/.exec(pathname) ?? [];
  // A path of another scheme is read by other rules than the request's will be.
  if (!/^https?:$/.test(protocol) || !LISTS[kind].test(under)) return null;
  const path = under + (/\?[^#]*/.exec(href)?.[0] ?? '');
  return path.length <= MAX_PATH_LENGTH ? path : null;
}

const NOWHERE = { protocol: '', pathname: '', href: '' };

/** One parameter of a link that Graph gave, whatever host the link names. */
export function tokenOf(link: string | undefined, name: '$skiptoken' | '$deltatoken'): string | null {
  if (link === undefined) return null;
  const at = link.indexOf('?');
  for (const [key, value] of new URLSearchParams(at < 0 ? '' : link.slice(at + 1))) {
    if (key.toLowerCase() === name) return value;
  }
  return null;
}
