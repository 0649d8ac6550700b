/** One request inside a batch. `path` begins with /gmail/v1/ and is already encoded. */
export interface BatchPart {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}
/** One answer inside a batch's answer; `body` is undefined when it was not JSON. */
export interface PartAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
}

/** multipart/mixed of whole HTTP requests, each named by its place so that the answers may come in any order. */
export function encodeBatch(parts: readonly BatchPart[], boundary: string): string {
  const sections = parts.map(({ method, path, body }, index) => {
    const json = body === undefined ? null : JSON.stringify(body);
    return [
      `--${boundary}`,
      'Content-Type: application/http',
      `Content-ID: <item-${index}>`,
      '',
      `${method} ${path} HTTP/1.1`,
      ...(json === null ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(json)}`]),
      '',
      json ?? '',
    ].join('\r\n');
  });
  return `${sections.join('\r\n')}\r\n--${boundary}--\r\n`;
}

/** The answers by the place of their request; a place is missing when the answer was cut or named nothing we asked. */
export function decodeBatch(contentType: string, text: string, count: number): ReadonlyMap<number, PartAnswer> {
  const answers = new Map<number, PartAnswer>();
  const named = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = named?.[1] ?? named?.[2];
  if (!boundary) return answers;
  const sections = `\n${text}`.split(`\n--${boundary}`);
  // What follows the last boundary is the epilogue; when the closing one is missing, half a section.
  sections.slice(1, -1).forEach((section, order) => {
    const outer = splitHead(section.replace(/^[ \t]*\r?\n/, ''));
    const id = /^content-id:.*?response-.*?item-(\d+)/im.exec(outer.head)?.[1];
    const place = id === undefined ? order : Number(id);
    const inner = splitHead(outer.rest);
    const status = /^HTTP\/[\d.]+ (\d{3})/.exec(inner.head)?.[1];
    if (status === undefined || place >= count || answers.has(place)) return;
    const retryAfter = /^retry-after:[ \t]*(.*?)[ \t\r]*$/im.exec(inner.head)?.[1] ?? null;
    answers.set(place, { status: Number(status), retryAfter, body: json(inner.rest) });
  });
  return answers;
}

function splitHead(text: string): { head: string; rest: string } {
  const blank = /\r?\n\r?\n/.exec(text);
  if (!blank) return { head: text, rest: '' };
  return { head: text.slice(0, blank.index), rest: text.slice(blank.index + blank[0].length) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
