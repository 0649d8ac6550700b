import { ReadableStream as NodeReadableStream } from 'node:stream/web';
import PostalMime from 'postal-mime';
import { MailError, noSuchMessage } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { base64Field } from '../wire/base64-field.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { attachmentParts, type MimePart } from './body-parts.ts';
import { partIdOf } from './content.ts';
import { getOne } from './messages.ts';

/** Finds the part by its number and streams it. Gmail's own attachment ids cannot be kept, because each read returns another one. */
export async function readAttachment(
  client: GmailClient,
  messageId: string,
  partId: string,
  call: Call,
): Promise<ReadableStream<Uint8Array>> {
  const parts = await partsOf(client, messageId, call);
  const part = parts.find((candidate) => partIdOf(candidate) === partId);
  if (!part) throw new MailError('NOT_FOUND', 'The message has no such attachment.');
  const { attachmentId: id, data } = part.body ?? {};
  if (id) {
    const body = await client.download('messages.attachments.get', call, (users, options) =>
      users.messages.attachments.get({ userId: 'me', messageId, id, fields: 'data,size' }, options),
    );
    return streamOf(base64Field(asChunks(body), 'data', 'messages.attachments.get'));
  }
  if (!data && isAttachedMessage(part) && part.parts?.length) {
    return attachedMessage(client, messageId, parts.filter(isAttachedMessage).indexOf(part), call);
  }
  return streamOf([Buffer.from(data ?? '', 'base64url')]);
}

type PartLists = Map<string, Promise<readonly MimePart[]>>;
/** Lists of parts by account and by the signal of the request that reads the files. */
const partLists = new WeakMap<GmailClient, WeakMap<AbortSignal, PartLists>>();

/** Lists the parts of a message once for all files that one request reads. Otherwise a message with a thousand files would be read a thousand times. */
function partsOf(client: GmailClient, messageId: string, call: Call): Promise<readonly MimePart[]> {
  const bySignal = partLists.get(client) ?? new WeakMap<AbortSignal, PartLists>();
  partLists.set(client, bySignal);
  const lists = bySignal.get(call.signal) ?? new Map<string, Promise<readonly MimePart[]>>();
  bySignal.set(call.signal, lists);
  const listed = lists.get(messageId) ?? listParts(client, messageId, call);
  lists.set(messageId, listed);
  listed.catch(() => lists.delete(messageId));
  return listed;
}

async function listParts(client: GmailClient, messageId: string, call: Call): Promise<readonly MimePart[]> {
  const { payload } = await existing(getOne(client, messageId, { format: 'full', fields: 'id,payload' }, call));
  return payload ? attachmentParts(payload) : [];
}

export async function readRaw(client: GmailClient, messageId: string, call: Call): Promise<ReadableStream<Uint8Array>> {
  const body = await existing(
    client.download('messages.get', call, (users, options) =>
      users.messages.get({ userId: 'me', id: messageId, format: 'raw', fields: 'raw' }, options),
    ),
  );
  return streamOf(base64Field(asChunks(body), 'raw', 'messages.get'));
}

const isAttachedMessage = (part: MimePart): boolean => part.mimeType?.toLowerCase() === 'message/rfc822';

/** Reads an attached message without a file name. Gmail lists its parts only, so the raw mail is parsed. */
async function attachedMessage(client: GmailClient, messageId: string, index: number, call: Call) {
  const raw = await new Response(await readRaw(client, messageId, call)).arrayBuffer();
  const { attachments } = await PostalMime.parse(raw, {
    forceRfc822Attachments: true,
    attachmentEncoding: 'arraybuffer',
  });
  const found = attachments.filter((attachment) => attachment.mimeType.toLowerCase() === 'message/rfc822')[index];
  if (!found) throw new MailError('NOT_FOUND', 'The message has no such attachment.');
  const { content } = found;
  const bytes = Buffer.from(typeof content === 'string' ? content : new Uint8Array(content));
  // The parser returns lines with LF, and mail has CRLF.
  return streamOf([Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')]);
}

async function existing<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!hasStatus(error, 404) && !hasStatus(error, 400)) throw error;
    throw noSuchMessage({ cause: error });
  }
}

const asChunks = (body: ReadableStream<Uint8Array>) => body as unknown as AsyncIterable<Uint8Array>;

const streamOf = (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): ReadableStream<Uint8Array> =>
  NodeReadableStream.from(chunks) as unknown as ReadableStream<Uint8Array>;
