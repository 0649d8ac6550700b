import { createHash } from 'node:crypto';

/**
 * Makes the entity tag (RFC 9110, section 8.8.3) of a representation. It is weak, because a proxy may compress the bytes. It
 * depends on nothing but its arguments, so that every instance gives an equal answer the same tag.
 */
export function entityTag(parts: readonly string[], body: string | Buffer): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).update('\n').update(body).digest('base64url');
  return `W/"${digest.slice(0, 32)}"`;
}

/** An entity tag, a comma, or blanks. A Latin-1 character above 7F stands for a byte of obs-text. */
const TOKEN = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"|,|[ \t]+/gy;

/**
 * Whether If-None-Match names the tag, by the weak comparison of RFC 9110, section 13.1.2. A header with a wrong syntax is
 * ignored.
 */
export function isNoneMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const opaque = opaqueOf(tag);
  let read = 0;
  let isAfterTag = false;
  let isFound = false;
  for (const [token] of header.matchAll(TOKEN)) {
    read += token.length;
    if (token === ',') isAfterTag = false;
    if (!token.endsWith('"')) continue;
    if (isAfterTag) return false;
    isAfterTag = true;
    isFound ||= opaqueOf(token) === opaque;
  }
  return isFound && read === header.length;
}

const opaqueOf = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);
