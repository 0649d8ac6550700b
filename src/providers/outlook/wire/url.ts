/** Returns an encoded path under /v1.0 with its query, for a request of its own or for a part of a $batch. */
export function path(base: string, query: Readonly<Record<string, string | number | null | undefined>> = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string | number)}`);
  return pairs.length === 0 ? base : `${base}?${pairs.join('&')}`;
}

/** Returns an OData string literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Returns an Edm.DateTimeOffset literal. */
export const instant = (at: Date): string => at.toISOString().replace('.000Z', 'Z');

/** The path of the user's own messages or of one folder's: `/me/mailFolders/ID/messages`, or `mailFolders('ID')`. */
const MESSAGES = /^\/me(?:\/mailFolders(?:\/[^/\\]+|\('[^/\\']*'\)))?\/messages$/i;
/**
 * The paths of all lists whose links are followed. No segment may hold a backslash, which URL parsers treat as a slash.
 */
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
 * Returns the path under /v1.0 of a link to one of these lists, with its query as Graph wrote it, to be requested at
 * our configured origin. Returns null for any other link, because a link's sender must never decide where our requests
 * go.
 */
export function pathOf(link: string, kind: LinkKind = 'messages'): string | null {
  const { protocol, pathname, href } = URL.canParse(link) ? new URL(link) : NOWHERE;
  const [, under = ''] = /\/v1\.0(\/.*)$/.exec(pathname) ?? [];
  // The path of a URL with another scheme is parsed by other rules than the request's.
  if (!/^https?:$/.test(protocol) || !LISTS[kind].test(under)) return null;
  const path = under + (/\?[^#]*/.exec(href)?.[0] ?? '');
  return path.length <= MAX_PATH_LENGTH ? path : null;
}

const NOWHERE = { protocol: '', pathname: '', href: '' };

/** Returns one query parameter of a link from Graph, whatever host the link names. */
export function tokenOf(link: string | undefined, name: '$skiptoken' | '$deltatoken'): string | null {
  if (link === undefined) return null;
  const at = link.indexOf('?');
  for (const [key, value] of new URLSearchParams(at < 0 ? '' : link.slice(at + 1))) {
    if (key.toLowerCase() === name) return value;
  }
  return null;
}
