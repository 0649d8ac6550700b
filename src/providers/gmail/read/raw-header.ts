import type { gmail_v1 } from '@googleapis/gmail';
import { isMailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { decodeText, decodeUtf8, isWide } from '../../shared/mime/charset.ts';
import { base64Field } from '../wire/base64-field.ts';
import type { GmailClient } from '../wire/client.ts';
import { HeaderFields } from './headers.ts';

/** A longer header block is not read to its end. */
const MAX_HEADER_BYTES = 2 * 1024 * 1024;
const MAX_AT_ONCE = 8;

type Raw = gmail_v1.Schema$Message;

/**
 * By message id the header as it was written, of those messages whose addresses cannot be told from what Gmail lists: one
 * more request for each. Where that fails the message is absent, and its listed header is read with care.
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
  const ask = async (asked: typeof listed) => {
    const waiting = asked.filter(({ id }) => !tried.has(id));
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
  // One that tells is enough.
  const telling = listed.find(({ headers }) => spelling.isTelling(headers));
  await ask(listed.filter((one) => one === telling || isDoubtful(one)));
  // What was read may have raised doubts about ordinary lists, also about those of this page.
  await ask(listed.filter(isDoubtful));
  return written;
}

/** Reads a raw mail up to the end of its header, and no further. Null when it could not be read. */
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
 * RFC 6532 writes UTF-8 into headers; what is none is mostly in the charset of the text below, and in windows-1252 where it
 * cannot be: that charset is UTF-8 itself, or has no ASCII.
 */
function lettersOf(bytes: Buffer, charset: string | null): string {
  const text = decodeUtf8(bytes);
  if (text !== null) return text;
  const isOther = charset !== null && !/^utf-?8$/i.test(charset) && !isWide(charset);
  return decodeText(bytes, isOther ? charset : null);
}
