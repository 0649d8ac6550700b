import { setImmediate as nextIteration } from 'node:timers/promises';

/** One request in a batch. `path` begins with /gmail/v1/ and is already encoded. */
export interface BatchPart {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}
/** One answer in a batch's answer. `body` is undefined when it was not JSON. */
export interface PartAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
}

/** Encodes a batch as multipart/mixed of HTTP requests. Each has its index as Content-ID, so that the answers may come in any order. */
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

/**
 * Decodes a batch's answer into the answers by the index of their request. An index is missing when the answer was cut off or
 * has an unknown Content-ID. Each part is decoded when it arrives, so that a long answer is not held as text as a whole, and the
 * event loop can do other work between two parts.
 */
export async function decodeBatch(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  count: number,
): Promise<ReadonlyMap<number, PartAnswer>> {
  const answers = new Map<number, PartAnswer>();
  const named = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = named?.[1] ?? named?.[2];
  let order = -1;
  for await (const section of sections(body, boundary ?? null)) {
    // The text before the first boundary is not an answer.
    if (order++ < 0) continue;
    const outer = splitHead(section.replace(/^[ \t]*\r?\n/, ''));
    const id = /^content-id:.*?response-.*?item-(\d+)/im.exec(outer.head)?.[1];
    const index = id === undefined ? order - 1 : Number(id);
    const inner = splitHead(outer.rest);
    const status = /^HTTP\/[\d.]+ (\d{3})/.exec(inner.head)?.[1];
    if (status === undefined || index >= count || answers.has(index)) continue;
    const retryAfter = /^retry-after:[ \t]*(.*?)[ \t\r]*$/im.exec(inner.head)?.[1] ?? null;
    answers.set(index, { status: Number(status), retryAfter, body: json(inner.rest) });
    if (section.length > MAX_SYNCHRONOUS_LENGTH) await nextIteration();
  }
  return answers;
}

/** The length of a part, in characters, after which the event loop gets a turn. */
const MAX_SYNCHRONOUS_LENGTH = 256 * 1024;

/**
 * The sections before each boundary. The text after the last boundary is left out: it is the epilogue, or an incomplete section
 * when the closing boundary is missing. The body is always read to its end.
 */
async function* sections(body: AsyncIterable<Uint8Array>, boundary: string | null): AsyncGenerator<string> {
  const mark = boundary === null ? null : Buffer.from(`\n--${boundary}`);
  let held: Uint8Array[] = [];
  let unsearched: Uint8Array = Buffer.from('\n');
  for await (const chunk of body) {
    if (!mark) continue;
    let data = Buffer.concat([unsearched, chunk]);
    for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark)) {
      held.push(data.subarray(0, at));
      yield Buffer.concat(held).toString('utf8');
      held = [];
      data = data.subarray(at + mark.length);
    }
    const searched = Math.max(0, data.length - mark.length + 1);
    held.push(data.subarray(0, searched));
    unsearched = data.subarray(searched);
  }
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
