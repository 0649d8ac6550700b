import { compile } from 'html-to-text';
import type { MimePart } from './mail.ts';

const renderText = compile({
  wordwrap: false,
  limits: { maxDepth: 200, maxInputLength: 1 << 20 },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'a', options: { ignoreHref: true } },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
});

/** What a reader is shown, and what hangs on it. Null where the mail has none of that kind. */
export interface Body {
  readonly text: string | null;
  readonly html: string | null;
  /** Every leaf that is not shown as text, in order: files, images the HTML refers to, nested messages, reports. */
  readonly attachments: readonly MimePart[];
}

/** One stretch of a mail that is read from top to bottom; alternatives are two readings of one stretch. */
interface Section {
  text: string | null;
  html: string | null;
}

/** Reads the tree as a mail client would: alternatives once, mixed parts one after another. */
export function readBody(root: MimePart): Body {
  const attachments: MimePart[] = [];
  const sections = read(root, attachments);
  const hasText = sections.some((section) => section.text !== null);
  const hasHtml = sections.some((section) => section.html !== null);
  return {
    text: hasText ? sections.map(({ text, html }) => text ?? htmlToText(html ?? '')).join('\n') : null,
    html: hasHtml ? sections.map(({ text, html }) => html ?? textToHtml(text ?? '')).join('\n') : null,
    attachments,
  };
}

/** An image the HTML shows by cid: rather than a file to save. */
export function isInline(part: MimePart, html: string | null): boolean {
  if (part.contentId === null) return false;
  return (
    html?.includes(`cid:${part.contentId}`) === true ||
    html?.includes(`cid:${encodeURIComponent(part.contentId)}`) === true
  );
}

function read(part: MimePart, attachments: MimePart[]): Section[] {
  if (part.mimeType.startsWith('multipart/')) {
    const sections = part.children.flatMap((child) => read(child, attachments));
    return part.mimeType === 'multipart/alternative' ? merge(sections) : sections;
  }
  const shown = part.disposition !== 'attachment' && part.filename === null;
  if (shown && part.mimeType === 'text/plain') return [{ text: part.text(), html: null }];
  if (shown && part.mimeType === 'text/html') return [{ text: null, html: part.text() }];
  attachments.push(part);
  return [];
}

function merge(sections: readonly Section[]): Section[] {
  if (sections.length === 0) return [];
  const all = (kind: 'text' | 'html') => {
    const found = sections.map((section) => section[kind]).filter((value) => value !== null);
    return found.length > 0 ? found.join('\n') : null;
  };
  return [{ text: all('text'), html: all('html') }];
}

/** The words of it, for a preview and for one stretch of a mixed mail: no links, no images, nothing folded. */
export function htmlToText(html: string): string {
  try {
    return renderText(html);
  } catch {
    // Nested beyond what the converter can follow.
    return '';
  }
}

function textToHtml(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<div style="white-space:pre-wrap">${escaped}</div>`;
}
