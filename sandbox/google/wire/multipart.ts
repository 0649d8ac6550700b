/** Splits multipart bodies of requests: batches and uploads. Mail is parsed elsewhere. */
export interface WirePart {
  /** The names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Returns null when the body is not well-formed multipart with this boundary. */
export function splitParts(body: Buffer, contentType: string): readonly WirePart[] | null {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const delimiter = Buffer.from(`--${boundary?.[1] ?? boundary?.[2] ?? ''}`);
  if (!boundary) return null;
  const parts: WirePart[] = [];
  let start = -1;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + delimiter.length)) {
    const atLineStart = at === 0 || body[at - 1] === 10;
    if (!atLineStart) continue;
    if (start >= 0) parts.push(readHead(trimLineEnd(body.subarray(start, at))));
    const end = at + delimiter.length;
    if (body[end] === 45 && body[end + 1] === 45) return parts;
    const newline = body.indexOf(10, end);
    if (newline < 0) return null;
    start = newline + 1;
  }
  return null;
}

/** Splits a header block from the rest at the blank line. */
export function readHead(bytes: Buffer): WirePart {
  const headers: Record<string, string> = {};
  let at = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(10, at);
    const next = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(at, next).toString('latin1').trim();
    at = next;
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, body: bytes.subarray(at) };
}

function trimLineEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  if (bytes[end - 1] === 10) end -= 1;
  if (bytes[end - 1] === 13) end -= 1;
  return bytes.subarray(0, end);
}
