import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { decodeText, decodeUtf8, isWide } from '../../shared/mime/charset.ts';
import { base64Field } from '../wire/base64-field.ts';
import type { GmailClient } from '../wire/client.ts';
import { HeaderFields } from './headers.ts';

/** The maximum size of a header block. The rest of a longer one is not read. */
const MAX_HEADER_BYTES = 2 * 1024 * 1024;
const MAX_AT_ONCE = 8;

type Raw = gmail_v1.Schema$Message;

/**
 * Reads the raw headers of the messages whose addresses are ambiguous in the header that Gmail lists, one request each. Returns
 * them by message id. A message whose raw header could not be read is absent.
 */
export async function headersAsWritten(
  client: GmailClient,
  messages: readonly Raw[],
  call: Call,
): Promise<Map<string, HeaderFields>> {
  const { spelling } = client;
  const written = new Map<string, HeaderFields>();
  const tried = new Set<string>();
  const listed = messages.flatMap(({ id, payload }) =>
    id ? [{ id, headers: new HeaderFields(payload?.headers ?? []) }] : [],
  );
  const read = async (ambiguous: typeof listed) => {
    const waiting = ambiguous.filter(({ id }) => !tried.has(id));
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        tried.add(next.id);
        const header = await rawHeader(client, next.id, call);
        if (!header) continue;
        written.set(next.id, header);
        spelling.learn(next.headers, header);
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_AT_ONCE, waiting.length) }, work));
  };
  const isDoubtful = ({ headers }: (typeof listed)[number]) => spelling.isDoubtful(headers);
  // One message that shows how Gmail spells headers is enough.
  const telling = listed.find(({ headers }) => spelling.isTelling(headers));
  await read(listed.filter((one) => one === telling || isDoubtful(one)));
  // The raw headers may have shown that Gmail decodes names, so that ordinary lists of this page are ambiguous too.
  await read(listed.filter(isDoubtful));
  return written;
}

/** Reads the header of a raw mail and stops there. Null: it could not be read. */
async function rawHeader(client: GmailClient, id: string, call: Call): Promise<HeaderFields | null> {
  try {
    const body = await client.stream('messages.get', call, (users, options) =>
      users.messages.get({ userId: 'me', id, format: 'raw', fields: 'raw' }, options),
    );
    const chunks: Uint8Array[] = [];
    let size = 0;
    // Leaving the loop cancels the stream.
    for await (const chunk of base64Field(body as unknown as AsyncIterable<Uint8Array>, 'raw', 'messages.get')) {
      chunks.push(chunk);
      size += chunk.length;
      const tail = Buffer.concat(chunks.slice(-2)).toString('latin1');
      if (/\r?\n\r?\n/.test(tail) || size > MAX_HEADER_BYTES) break;
    }
    return new HeaderFields(headerLines(Buffer.concat(chunks)));
  } catch (error) {
    if (call.signal.aborted || !isMailError(error)) throw error;
    return null;
  }
}

function headerLines(bytes: Buffer): { name: string; value: string }[] {
  const text = bytes.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const fields = text.slice(0, end).split(/\r?\n(?![ \t])/);
  const type = fields.find((field) => /^content-type[ \t]*:/i.test(field));
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(type ?? '')?.[1] ?? null;
  return fields.flatMap((field) => {
    const [, name, value] = /^([\x21-\x39\x3b-\x7e]+)[ \t]*:([\s\S]*)$/.exec(field) ?? [];
    if (name === undefined || value === undefined) return [];
    return [{ name, value: lettersOf(Buffer.from(value, 'latin1'), charset).trim() }];
  });
}

/**
 * Decodes a header's bytes. RFC 6532 allows UTF-8 in headers. Bytes that are not UTF-8 are mostly in the charset of the message
 * text; where that charset is UTF-8 or does not contain ASCII, they are read as windows-1252.
 */
function lettersOf(bytes: Buffer, charset: string | null): string {
  const text = decodeUtf8(bytes);
  if (text !== null) return text;
  const isOther = charset !== null && !/^utf-?8$/i.test(charset) && !isWide(charset);
  return decodeText(bytes, isOther ? charset : null);
}
