import { textOfEnriched, textOfRichtext } from './enriched-text.ts';
import { findHeader } from './header.ts';
import { htmlToText } from './html-text.ts';
import type { MimePart } from './mail.ts';
import { parseStructured } from './parameters.ts';

/** The bodies that a reader sees, and the attachments. Null: the mail has none of that kind. Computed on demand. */
interface Body {
  readonly text: string | null;
  readonly html: string | null;
  /** Every leaf that is not shown as text, in order: files, images the HTML refers to, nested messages, reports. */
  readonly attachments: readonly MimePart[];
}

/** One section of a mail that is read from top to bottom. Alternatives are two versions of one section. */
interface Section {
  readonly text: string | null;
  readonly html: string | null;
}

/** Reads the tree as a mail client would: alternatives once, mixed parts one after another. */
export function readBody(root: MimePart): Body {
  const { bodies, attachments } = select(root);
  const sections = read(root, bodies);
  const hasText = sections.some((section) => section.text !== null);
  const hasHtml = sections.some((section) => section.html !== null);
  return {
    get text() {
      return hasText ? sections.map(({ text, html }) => text ?? htmlToText(html ?? '')).join('\n') : null;
    },
    get html() {
      return hasHtml ? sections.map(({ text, html }) => html ?? textToHtml(text ?? '')).join('\n') : null;
    },
    attachments,
  };
}

/**
 * Decides which parts the vendors treat as images inside the text and not as files: those whose Content-ID follows "cid:"
 * anywhere in the HTML, in a link or in words. The HTML is read once for all parts, at the first question.
 */
export function inlineIn(html: string | null): (part: MimePart) => boolean {
  let shown: ReadonlySet<string> | null = null;
  return ({ contentId }) => {
    if (contentId === null || html === null) return false;
    shown ??= new Set([...html.matchAll(/cid:([^\s"'<>&)]{1,998})/gi)].map(([, id = '']) => id));
    return shown.has(contentId) || shown.has(encodeURIComponent(contentId));
  };
}

const ALMOST_PLAIN = new Set([
  'text/enriched',
  'text/richtext',
  'text/markdown',
  'text/x-markdown',
  'text/x-web-markdown',
]);
const DATA =
  /^text\/(?:(?:x-)?(?:calendar|vcalendar|vcard|directory|csv|comma-separated-values|tab-separated-values|css|javascript|ecmascript|json|xml|sgml|rtf|yaml|amp-html|watch-html)|xml-external-parsed-entity|rfc822-headers)$/;
/** Types of alternatives that neither vendor stores or lists. */
const LEFT_OUT = new Set(['text/x-amp-html', 'text/watch-html']);

const isReadable = ({ mimeType }: MimePart) => mimeType.startsWith('text/') && !DATA.test(mimeType);
const isMultipart = ({ mimeType }: MimePart) => mimeType.startsWith('multipart/');

/** Sorts the leaves: a text is read unless it is an attachment, or has a name and neither comes first nor is the only one. */
function select(root: MimePart): { bodies: Set<MimePart>; attachments: MimePart[] } {
  const bodies = new Set<MimePart>();
  const attachments: MimePart[] = [];
  const named: MimePart[] = [];
  const visit = (part: MimePart, parent: string, isFirst: boolean) => {
    const { mimeType, children, filename } = part;
    if (isMultipart(part)) {
      const start = mimeType === 'multipart/related' ? rootOf(part) : undefined;
      children.forEach((child, index) => {
        if (start && child !== start && !isMultipart(child)) attachments.push(child);
        else visit(child, mimeType, start ? child === start : index === 0);
      });
    } else if (part.disposition === 'attachment') attachments.push(part);
    else if (parent === 'multipart/alternative') {
      if (mimeType === 'text/plain' || mimeType === 'text/html' || ALMOST_PLAIN.has(mimeType)) bodies.add(part);
      else if (!LEFT_OUT.has(mimeType)) attachments.push(part);
    } else if (isReadable(part) && (isFirst || filename === null)) bodies.add(part);
    else {
      attachments.push(part);
      if (isReadable(part)) named.push(part);
    }
  };
  visit(root, '', true);
  const [only] = named;
  if (bodies.size > 0 || named.length !== 1 || !only) return { bodies, attachments };
  return { bodies: new Set([only]), attachments: attachments.filter((part) => part !== only) };
}

/** Returns the root of multipart/related: the part that `start` names, or the first readable one. */
function rootOf({ headers, children }: MimePart): MimePart | undefined {
  const { start = '' } = parseStructured(findHeader(headers, 'content-type')?.rawValue ?? '').params;
  const id = start.replace(/[<>\s]/g, '');
  const named = id === '' ? undefined : children.find(({ contentId }) => contentId?.replace(/\s/g, '') === id);
  return named ?? children.find((child) => isMultipart(child) || isReadable(child)) ?? children[0];
}

function read(part: MimePart, bodies: ReadonlySet<MimePart>): Section[] {
  if (part.mimeType === 'multipart/alternative') return alternatives(part.children, bodies);
  if (isMultipart(part)) return part.children.flatMap((child) => read(child, bodies));
  if (!bodies.has(part)) return [];
  if (part.mimeType === 'text/html') return [{ text: null, html: part.text() }];
  return [{ text: plainText(part), html: null }];
}

function plainText(part: MimePart): string {
  const even = () => part.text().replace(/\r\n?/g, '\n');
  if (part.mimeType === 'text/enriched') return textOfEnriched(even());
  return part.mimeType === 'text/richtext' ? textOfRichtext(even()) : part.text();
}

/** Returns one of several alternatives: the plain texts, or those with HTML. */
function alternatives(parts: readonly MimePart[], bodies: ReadonlySet<MimePart>): Section[] {
  const branches = parts
    .map((part) => ({ type: part.mimeType, sections: read(part, bodies) }))
    .filter(({ sections }) => sections.length > 0);
  const rich = branches.filter(({ sections }) => sections.some(({ html }) => html !== null));
  const plain = branches.filter((branch) => !rich.includes(branch));
  if (branches.length < 2 || (plain.length === 0 && rich.length < 2)) return branches.flatMap((one) => one.sections);
  const exact = plain.filter(({ type }) => !ALMOST_PLAIN.has(type));
  const texts = (exact.length > 0 ? exact : plain.length > 0 ? plain : rich).flatMap(({ sections }) => sections);
  const htmls = rich.flatMap(({ sections }) => sections.map(({ text, html }) => html ?? textToHtml(text ?? '')));
  return [
    {
      text: texts.every(({ text }) => text !== null) ? texts.map(({ text }) => text).join('\n') : null,
      html: htmls.length > 0 ? htmls.join('\n') : null,
    },
  ];
}

function textToHtml(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<div style="white-space:pre-wrap">${escaped}</div>`;
}
