import { htmlToText } from './html-text.ts';
import type { MimePart } from './mail.ts';

/** What a reader is shown, and what hangs on it. Null where the mail has none of that kind. Made when it is asked for. */
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
 * What the vendors take for an image inside the text, and for no file to save: a part whose Content-ID stands behind "cid:"
 * anywhere in the HTML, be it in a link or in words. The HTML is read once for all of them, when one is asked about.
 */
export function inlineIn(html: string | null): (part: MimePart) => boolean {
  let shown: ReadonlySet<string> | null = null;
  return ({ contentId }) => {
    if (contentId === null || html === null) return false;
    shown ??= new Set([...html.matchAll(/cid:([^\s"'<>&)]{1,998})/gi)].map(([, id = '']) => id));
    return shown.has(contentId) || shown.has(encodeURIComponent(contentId));
  };
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

function textToHtml(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<div style="white-space:pre-wrap">${escaped}</div>`;
}
