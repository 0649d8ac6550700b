import { decodeText, decodeUtf8 } from '../../providers/shared/mime/charset.ts';

/**
 * Returns the filename of a Content-Disposition header (RFC 6266) as the client wrote it, so it may be hostile. The
 * package content-disposition does not fit. It reads what the RFC allows, but loses other forms that clients send:
 * unencoded UTF-8 (curl), a Windows path whose backslashes are not escaped, other charsets (which RFC 8187, section
 * 3.2.1 leaves to us) and an extended value in quotes.
 */
export function filenameOf(header: string | undefined): string | undefined {
  if (!header) return undefined;
  const extended = /;\s*filename\*\s*=\s*"?([\w-]+)'[\w-]*'([^;\s"]+)/i.exec(header);
  const [, charset, encoded] = extended ?? [];
  if (charset && encoded) {
    const decoded = decode(charset, encoded);
    if (decoded !== null) return decoded;
  }
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(header) ?? [];
  // A backslash before any other character is part of a Windows path, in which it is not escaped.
  const name = quoted?.replace(/\\(["\\])/g, '$1') ?? token;
  return name === undefined ? undefined : fromBytes(name);
}

/** Decodes an extended value. RFC 8187 requires UTF-8, but older clients use other charsets. */
function decode(charset: string, encoded: string): string | null {
  const bytes = Buffer.from(
    encoded.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  return /^utf-?8$/i.test(charset) ? decodeUtf8(bytes) : decodeText(bytes, charset);
}

/** Decodes a header value. Node reads headers as Latin-1, but clients that send other characters use UTF-8. */
const fromBytes = (name: string): string => decodeUtf8(Buffer.from(name, 'latin1')) ?? name;
