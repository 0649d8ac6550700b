const LF = 10;
const CR = 13;
const TAB = 9;
const SPACE = 32;
const EQUALS = 61;

/** Decodes a Content-Transfer-Encoding. An unknown one leaves the bytes as they are (RFC 2045 §6.4 forbids guessing). */
export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  switch (normalise(encoding)) {
    case 'base64':
      return decodeBase64(bytes);
    case 'quotedprintable':
      return decodeQuotedPrintable(bytes);
    case 'xuuencode':
    case 'uuencode':
    case 'xuue':
    case 'uue':
      return decodeUuencode(bytes);
    default:
      return bytes;
  }
}

/** Mailers also write "Quoted-Printable; (comment)" and "quoted printable", which mean the same. */
function normalise(encoding: string): string {
  return encoding
    .replace(/\([^()]*\)/g, '')
    .replace(/;.*$/s, '')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** A body may be several padded pieces in a row. Node's decoder would stop at the first padding. */
function decodeBase64(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/[^A-Za-z0-9+/=]/g, '');
  if (!/=[^=]/.test(text)) return Buffer.from(text, 'base64');
  return Buffer.concat(text.split(/=+/).map((piece) => Buffer.from(piece, 'base64')));
}

function decodeQuotedPrintable(bytes: Buffer): Buffer {
  const out = Buffer.alloc(bytes.length);
  let length = 0;
  let at = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(LF, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    const eol = newline < 0 ? next : bytes[newline - 1] === CR && newline > at ? newline - 1 : newline;
    // White space at the end of a line was added on the way (RFC 2045 §6.7 rule 3).
    let end = eol;
    while (end > at && (bytes[end - 1] === SPACE || bytes[end - 1] === TAB)) end--;
    const soft = end > at && bytes[end - 1] === EQUALS;
    if (soft) end--;
    for (let i = at; i < end; i++) {
      const octet = bytes[i] === EQUALS && i + 2 < end ? hexOctet(bytes[i + 1], bytes[i + 2]) : -1;
      if (octet >= 0) i += 2;
      out[length++] = octet >= 0 ? octet : (bytes[i] as number);
    }
    if (!soft) length += bytes.copy(out, length, eol, next);
    at = next;
  }
  return out.subarray(0, length);
}

/** -1 where these are not two hexadecimal digits: the equals sign then stands for itself. */
function hexOctet(high: number | undefined, low: number | undefined): number {
  const digits = String.fromCharCode(high ?? 0, low ?? 0);
  return /^[0-9A-Fa-f]{2}$/.test(digits) ? Number.parseInt(digits, 16) : -1;
}

function decodeUuencode(bytes: Buffer): Buffer {
  const lines = bytes.toString('latin1').split(/\r?\n/);
  const begin = lines.findIndex((line) => /^begin [0-7]{3,4} /.test(line));
  if (begin < 0) return bytes;
  const out: Buffer[] = [];
  for (const line of lines.slice(begin + 1)) {
    if (/^end\s*$/.test(line)) break;
    const count = (line.charCodeAt(0) - 32) & 63;
    if (!line || count === 0) continue;
    const row: number[] = [];
    for (let i = 1; row.length < count && i < line.length; i += 4) {
      const [a, b, c, d] = [0, 1, 2, 3].map((n) => ((line.charCodeAt(i + n) || 32) - 32) & 63) as [
        number,
        number,
        number,
        number,
      ];
      row.push((a << 2) | (b >> 4), ((b & 15) << 4) | (c >> 2), ((c & 3) << 6) | d);
    }
    out.push(Buffer.from(row.slice(0, count)));
  }
  return Buffer.concat(out);
}
