import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { contentIdOf } from '../../shared/html/inline-files.ts';
import { HeaderFields } from './headers.ts';

export type MimePart = gmail_v1.Schema$MessagePart;

export const typeOf = (part: MimePart): string => (part.mimeType ?? 'text/plain').toLowerCase();
export const isMultipart = (part: MimePart): boolean => typeOf(part).startsWith('multipart/');

/** The parts of the body. */
export const bodyParts = (root: MimePart): MimePart[] => select(root).bodies;

/** The parts that are listed as attachments, in order. An attached message is one of them, and its own parts are not. */
export const attachmentParts = (root: MimePart): MimePart[] => select(root).listed;

/** Text types that are readable without conversion, or nearly so. They are used where there is no plain text. */
export const ALMOST_PLAIN: ReadonlySet<string> = new Set([
  'text/enriched',
  'text/richtext',
  'text/markdown',
  'text/x-markdown',
  'text/x-web-markdown',
]);
/** Text types for programs, which are listed as attachments. Other text types are read as plain text (RFC 2046 4.1.4). */
const DATA =
  /^text\/(?:(?:x-)?(?:calendar|vcalendar|vcard|directory|csv|comma-separated-values|tab-separated-values|css|javascript|ecmascript|json|xml|sgml|rtf|yaml|amp-html|watch-html)|xml-external-parsed-entity|rfc822-headers)$/;
/** Alternatives for particular mail programs. They are left out, because another alternative is shown. */
const FOR_OTHERS: ReadonlySet<string> = new Set(['text/x-amp-html', 'text/watch-html']);

const isReadable = (type: string): boolean => type.startsWith('text/') && !DATA.test(type);
const isAlternative = (type: string): boolean =>
  type === 'text/plain' || type === 'text/html' || ALMOST_PLAIN.has(type);

interface Selection {
  readonly bodies: MimePart[];
  readonly listed: MimePart[];
}

/**
 * Divides the parts into the body and the attachments (RFC 8621 4.1.4). A text belongs to the body unless its disposition is
 * attachment or it has a file name. A text with a file name still belongs to the body as the whole message, as the first of
 * several parts, as an alternative, and as the only text, because a name alone does not make it a file (RFC 2183 2.3).
 */
function select(root: MimePart): Selection {
  const bodies: MimePart[] = [];
  const listed: MimePart[] = [];
  const named: MimePart[] = [];
  const visit = (part: MimePart, parent: string, isFirst: boolean): void => {
    const type = typeOf(part);
    if (isMultipart(part)) {
      const children = part.parts ?? [];
      const start = type === 'multipart/related' ? rootOf(part, children) : null;
      children.forEach((child, index) => {
        // The root shows the other parts of multipart/related (RFC 2387).
        if (start && child !== start && !isMultipart(child)) listed.push(child);
        else visit(child, type, start ? child === start : index === 0);
      });
    } else if (isAttached(part)) listed.push(part);
    else if (parent === 'multipart/alternative') {
      if (isAlternative(type)) bodies.push(part);
      else if (!FOR_OTHERS.has(type)) listed.push(part);
    } else if (!isReadable(type)) listed.push(part);
    else if (isFirst || !part.filename) bodies.push(part);
    else {
      listed.push(part);
      named.push(part);
    }
  };
  visit(root, '', true);
  const [only] = named;
  if (bodies.length > 0 || named.length !== 1 || !only) return { bodies, listed };
  return { bodies: [only], listed: listed.filter((part) => part !== only) };
}

const isAttached = (part: MimePart): boolean =>
  /^\s*attachment\b/i.test(new HeaderFields(part.headers ?? []).raw('content-disposition') ?? '');

const idOf = (part: MimePart): string | null => new HeaderFields(part.headers ?? []).raw('content-id');

/** The root of multipart/related: the part that `start` names, or else the first readable one, or else the first (RFC 2387 3.2). */
function rootOf(related: MimePart, children: readonly MimePart[]): MimePart | undefined {
  const type = new HeaderFields(related.headers ?? []).raw('content-type') ?? '';
  const [, quoted, token] = /;\s*start\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(type) ?? [];
  const start = contentIdOf(quoted ?? token);
  const named = start && children.find((child) => contentIdOf(idOf(child)) === start);
  return named || children.find((child) => isMultipart(child) || isReadable(typeOf(child))) || children[0];
}
