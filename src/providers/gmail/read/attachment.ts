import { ReadableStream as NodeReadableStream } from 'node:stream/web';
import PostalMime from 'postal-mime';
import { MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import { base64Field } from '../wire/base64-field.ts';
import type { GmailClient } from '../wire/client.ts';
import { hasStatus } from '../wire/errors.ts';
import { attachmentParts, type Part } from './body-parts.ts';
import { partIdOf } from './content.ts';
import { getOne } from './messages.ts';

/** Finds the part by its place, then streams it: Gmail's own attachment ids are good for one read only. */
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

type Lists = Map<string, Promise<readonly Part[]>>;
/** By the account, and by the signal of what reads. */
const known = new WeakMap<GmailClient, WeakMap<AbortSignal, Lists>>();

/** The parts of a message are listed once for all of its files that are read in one go: a mail of a thousand would be read a thousand times. */
function partsOf(client: GmailClient, messageId: string, call: Call): Promise<readonly Part[]> {
  const bySignal = known.get(client) ?? new WeakMap<AbortSignal, Lists>();
  known.set(client, bySignal);
  const lists = bySignal.get(call.signal) ?? new Map<string, Promise<readonly Part[]>>();
  bySignal.set(call.signal, lists);
  const listed = lists.get(messageId) ?? listParts(client, messageId, call);
  lists.set(messageId, listed);
  listed.catch(() => lists.delete(messageId));
  return listed;
}

async function listParts(client: GmailClient, messageId: string, call: Call): Promise<readonly Part[]> {
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

const isAttachedMessage = (part: Part): boolean => part.mimeType?.toLowerCase() === 'message/rfc822';

/** Gmail lists an attached message that has no file name by its parts alone; the whole of it is only in the raw mail. */
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
  // The parser gives lines back with LF; mail has CRLF.
  return streamOf([Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')]);
}

async function existing<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    if (!hasStatus(error, 404) && !hasStatus(error, 400)) throw error;
    throw new MailError('NOT_FOUND', 'There is no such message.', { cause: error });
  }
}

const asChunks = (body: ReadableStream<Uint8Array>) => body as unknown as AsyncIterable<Uint8Array>;

const streamOf = (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): ReadableStream<Uint8Array> =>
  NodeReadableStream.from(chunks) as unknown as ReadableStream<Uint8Array>;
