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
const MESSAGES = /^\/me(?:\/mailFolders(?:\/[^/]+|\('[^/']*'\)))?\/messages$/i;
const FOLDERS = /^\/me\/mailFolders\/(?:microsoft\.graph\.)?delta(?:\(\))?$/i;
const MAX_PATH = 6_000;

/** Whether a path with its query leads to a list of one's own messages, and nowhere else. */
export const isMessagesPath = (text: string): boolean =>
  text.length <= MAX_PATH && /^[!-~]+$/.test(text) && MESSAGES.test(text.split('?', 1)[0] ?? '');

/**
 * The path under /v1.0 of a link to messages (or folders) of one's own, for our own origin, and the whole of its query as
 * Graph wrote it; null for any other link. Where a link leads must never be for its sender to say.
 */
export function pathOf(link: string, kind: 'messages' | 'folders' = 'messages'): string | null {
  const { pathname, href } = URL.canParse(link) ? new URL(link) : { pathname: '', href: '' };
  const [, under = ''] = /\/v1\.0(\/me\/.*)$/.exec(pathname) ?? [];
  if (!(kind === 'messages' ? MESSAGES : FOLDERS).test(under)) return null;
  const path = under + (/\?[^#]*/.exec(href)?.[0] ?? '');
  return path.length <= MAX_PATH ? path : null;
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
