import { decodeText } from './charset.ts';

/** A text holds no "=?", with which another word would begin: what never closes is looked through once. */
const WORD = /=\?([^\s?*]{1,80})(?:\*[^\s?]{0,40})?\?([bq])\?((?:[^?=]|\?(?!=)|=(?!\?(?!=)))*)\?=/gi;

/**
 * Decodes encoded words (RFC 2047) and leaves everything else as it is. White space between two words is removed, and adjacent
 * words in one charset are decoded together, because senders split a character of several bytes between two words.
 */
export function decodeWords(text: string): string {
  if (!text.includes('=?')) return text;
  let out = '';
  let end = 0;
  let open: { charset: string; pieces: Piece[] } | null = null;
  const flush = () => {
    if (open) out += lettersOf(open.pieces, open.charset);
    open = null;
  };
  for (const match of text.matchAll(WORD)) {
    const [whole, charset = '', encoding = '', content = ''] = match;
    const between = text.slice(end, match.index);
    const isNext: boolean = open !== null && /^\s*$/.test(between);
    if (!isNext) {
      flush();
      out += between;
    } else if (open?.charset !== charset.toLowerCase()) flush();
    open ??= { charset: charset.toLowerCase(), pieces: [] };
    open.pieces.push(...(encoding.toLowerCase() === 'b' ? ofBase64(content) : unquoted(content)));
    end = match.index + whole.length;
  }
  flush();
  return out + text.slice(end);
}

/** Bytes of the charset, or letters that stood there as they are. */
type Piece = Buffer | string;

/** Bytes that follow each other are decoded together: a letter, or a shift of ISO-2022, goes on from one into the next. */
function lettersOf(pieces: readonly Piece[], charset: string): string {
  let out = '';
  let bytes: Buffer[] = [];
  for (const piece of [...pieces, '']) {
    if (typeof piece !== 'string') bytes.push(piece);
    else {
      if (bytes.length > 0) out += decodeText(Buffer.concat(bytes), charset);
      out += piece;
      bytes = [];
    }
  }
  return out;
}

/** Some senders encode in portions and pad each of them. */
const ofBase64 = (content: string): Piece[] =>
  content.split(/(?<==)(?=[^=])/).map((portion) => Buffer.from(portion, 'base64'));

/** RFC 2047 4.2. Letters that should have been encoded are what they are, whatever the charset of the others. */
const unquoted = (content: string): Piece[] =>
  content
    .replaceAll('_', ' ')
    .split(/([^\p{ASCII}]+)/u)
    .map((piece, at) => (at % 2 === 1 ? piece : bytesOf(piece)));

const bytesOf = (quoted: string): Buffer =>
  Buffer.from(
    quoted.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
