import { decodeText } from './charset.ts';

/** A text holds no "=?", with which another word would begin: what never closes is looked through once. */
const WORD = /=\?([^\s?*]{1,80})(?:\*[^\s?]{0,40})?\?([bq])\?((?:[^?=]|\?(?!=)|=(?!\?(?!=)))*)\?=/gi;

/**
 * Encoded words as the letters they stand for (RFC 2047); what is none stays as written. Blanks between two words are not
 * shown, and two in one charset are decoded together: senders cut a letter of several bytes in halves.
 */
export function decodeWords(text: string): string {
  if (!text.includes('=?')) return text;
  let out = '';
  let end = 0;
  let open: { charset: string; bytes: Buffer[] } | null = null;
  const flush = () => {
    if (open) out += decodeText(Buffer.concat(open.bytes), open.charset);
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
    open ??= { charset: charset.toLowerCase(), bytes: [] };
    open.bytes.push(encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : unquoted(content));
    end = match.index + whole.length;
  }
  flush();
  return out + text.slice(end);
}

/** RFC 2047 4.2. Letters that should have been encoded are taken for UTF-8. */
function unquoted(content: string): Buffer {
  const bytes = Buffer.from(content.replaceAll('_', ' '), 'utf8').toString('latin1');
  return Buffer.from(
    bytes.replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}
