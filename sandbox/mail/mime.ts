import { decodeText } from './charset.ts';
import { decodeWords } from './encoded-words.ts';
import { findHeader, parseHeaders } from './header.ts';
import type { MimePart } from './mail.ts';
import { splitMultipart } from './multipart.ts';
import { parseStructured, type StructuredValue } from './parameters.ts';
import { decodeTransfer } from './transfer.ts';

const MAX_DEPTH = 50;
const EMPTY = Buffer.alloc(0);

/**
 * Parses RFC 5322 bytes into a tree. Never throws: broken mail is read as far as possible. A nested message (message/rfc822) is
 * a leaf whose content() is that message, which can be parsed in turn.
 */
export function parseMime(raw: Buffer): MimePart {
  return parsePart(raw, 0, raw.length, 'text/plain', 0);
}

function parsePart(bytes: Buffer, start: number, stop: number, defaultType: string, depth: number): MimePart {
  const { headers, end } = parseHeaders(bytes, start, stop);
  const rawOf = (name: string) => findHeader(headers, name)?.rawValue ?? '';
  const disposition = parseStructured(rawOf('content-disposition'));
  const type = parseStructured(rawOf('content-type'));
  const mimeType = mimeTypeOf(type, defaultType);
  const shared = {
    headers,
    filename: filenameOf(disposition, type),
    disposition: dispositionOf(disposition),
    contentId: contentIdOf(rawOf('content-id')),
  };
  const encoding = rawOf('content-transfer-encoding');

  if (mimeType.startsWith('multipart/') && depth < MAX_DEPTH) {
    const inner = mimeType === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    const ranges = splitMultipart(bytes, end, stop, type.params.boundary ?? null);
    if (ranges.length > 0) {
      const children = ranges.map((range) => parsePart(bytes, range.start, range.stop, inner, depth + 1));
      return { ...shared, mimeType, children, content: () => EMPTY, text: () => '' };
    }
    // Without any delimiter the body is kept as it is with its declared type, rather than lost.
    const lone = leaf(bytes.subarray(end, stop), 'text/plain', encoding, null);
    const blank =
      bytes
        .subarray(end, stop)
        .toString('latin1')
        .replace(/^--.*$/gm, '')
        .trim() === '';
    const children = blank ? [] : [{ ...lone, headers: [], filename: null, disposition: null, contentId: null }];
    return { ...shared, mimeType, children, content: () => EMPTY, text: () => '' };
  }
  return { ...shared, ...leaf(bytes.subarray(end, stop), mimeType, encoding, type.params.charset ?? null) };
}

type Leaf = Pick<MimePart, 'mimeType' | 'children' | 'content' | 'text'>;

function leaf(body: Buffer, mimeType: string, encoding: string, charset: string | null): Leaf {
  const content = () => decodeTransfer(body, encoding);
  const text = () => {
    const bytes = content();
    return decodeText(bytes, charset ?? (mimeType === 'text/html' ? metaCharset(bytes) : null));
  };
  return { mimeType, children: [], content, text };
}

function mimeTypeOf(type: StructuredValue, defaultType: string): string {
  const value = type.value.replace(/\s+/g, '');
  if (/^[\w.+-]+\/[\w.+*-]+$/.test(value)) return value;
  // "text" alone, and types that are no type: RFC 2045 §5.2 reads an unusable one as plain text.
  return value === '' ? defaultType : 'text/plain';
}

function contentIdOf(value: string): string | null {
  return (/<([^<>]*)>/.exec(value)?.[1] ?? value).trim() || null;
}

function dispositionOf({ value }: StructuredValue): MimePart['disposition'] {
  const word = decodeWords(value);
  if (word === 'attachment' || word === 'inline') return word;
  return null;
}

function filenameOf(disposition: StructuredValue, type: StructuredValue): string | null {
  const name = decodeWords(disposition.params.filename || type.params.name || '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being taken out
  return name.replace(/[\x00-\x1f\x7f]+/g, ' ').trim() || null;
}

/** HTML that names its charset only in a meta element, as browsers would find it: within the first kilobyte. */
function metaCharset(bytes: Buffer): string | null {
  const head = bytes.subarray(0, 1024).toString('latin1');
  return /<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(head)?.[1] ?? null;
}
