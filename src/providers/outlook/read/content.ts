import type {
  FileAttachment,
  Attachment as GraphAttachment,
  Message as GraphMessage,
} from '@microsoft/microsoft-graph-types';
import type { Attachment, Header, MessageContent } from '../../../domain/message.ts';
import { toOneLine } from '../../../domain/one-line.ts';
import { evenLines, type LazyText, lazyText } from '../../shared/html/html-text.ts';
import { contentIdOf, shownFiles } from '../../shared/html/inline-files.ts';
import { decodeWords } from '../../shared/mime/encoded-words.ts';
import { messageIdsOf } from '../../shared/mime/message-ids.ts';
import { inReplyTo, references } from './fields.ts';

/** Returns the body, headers and attachments of a message that was read with FULL's fields. */
export function contentOf(from: GraphMessage): MessageContent {
  const headers = (from.internetMessageHeaders ?? []).map(header);
  const { text, html } = bodies(from, headers);
  const files = (from.attachments ?? []).map(toFile);
  const shown = shownFiles(html, files);
  return {
    get text() {
      return text?.read() ?? null;
    },
    isTextTruncated: text?.isTruncated ?? false,
    html,
    attachments: files.map((file) => ({ ...file, isInline: shown.has(file) })),
    headers,
    inReplyTo: messageIdsOf(headerValue(headers, 'in-reply-to') ?? inReplyTo(from) ?? ''),
    references: messageIdsOf(headerValue(headers, 'references') ?? references(from) ?? ''),
  };
}

/**
 * Exchange keeps one body and converts a plain one to HTML on request. The sender did not write such HTML, so it is not
 * returned as the message's HTML.
 */
function bodies(from: GraphMessage, headers: readonly Header[]): { text: LazyText | null; html: string | null } {
  const content = from.body?.content ?? '';
  if (content === '') return { text: null, html: null };
  if (from.body?.contentType !== 'html') {
    return { text: lazyText([{ text: evenLines(content) }]), html: null };
  }
  const sentAs = headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value.toLowerCase() ?? '';
  return { text: lazyText([{ html: content }]), html: sentAs.startsWith('text/plain') ? null : content };
}

function header({ name, value }: { name?: string | null; value?: string | null }): Header {
  const unfolded = (value ?? '').replace(/\r?\n[ \t]+/g, ' ').trim();
  return { name: name ?? '', value: decodeWords(unfolded) };
}

function headerValue(headers: readonly Header[], lowerName: string): string | null {
  const values = headers.filter(({ name }) => name.toLowerCase() === lowerName).map(({ value }) => value);
  return values.length === 0 ? null : values.join(' ');
}

/** A file counts as inline when the HTML shows it, because Graph's isInline is not reliable. */
function toFile(from: GraphAttachment): Omit<Attachment, 'isInline'> {
  return {
    id: from.id ?? '',
    filename: toOneLine(from.name ?? '') || null,
    mimeType: from.contentType || mimeTypeOf(from),
    sizeBytes: from.size ?? null,
    contentId: contentIdOf((from as FileAttachment).contentId),
  };
}

const mimeTypeOf = (from: GraphAttachment): string =>
  (from as { '@odata.type'?: string })['@odata.type'] === '#microsoft.graph.itemAttachment'
    ? 'message/rfc822'
    : 'application/octet-stream';
