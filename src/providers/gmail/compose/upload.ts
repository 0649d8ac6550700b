import { setTimeout as sleep } from 'node:timers/promises';
import { isProviderAway, MailError } from '../../../domain/error.ts';
import type { Call } from '../../contract/call.ts';
import type { GmailClient } from '../wire/client.ts';
import { answerError, GmailError, gmailError, hasStatus } from '../wire/errors.ts';
import { UNITS } from '../wire/quota.ts';

/** The size of a piece, which must be a multiple of 256 KiB. One piece is kept in memory so that it can be sent again. */
const PIECE_BYTES = 4 * 256 * 1024;
const MAX_TRIES = 4;
const FIRST_BACKOFF_MS = 200;

interface Upload {
  readonly operation: 'drafts.create' | 'drafts.update';
  /** The path below /upload, with its query. */
  readonly path: string;
  /** The JSON that is sent with the message. */
  readonly metadata: object;
  readonly message: AsyncIterable<Uint8Array>;
  /** The maximum size of the message. */
  readonly maxBytes: number;
  /** Runs just before the last piece, with which Gmail stores the message. */
  readonly beforeLast: () => Promise<void>;
}

interface UploadSession {
  readonly client: GmailClient;
  readonly operation: Upload['operation'];
  readonly url: string;
  readonly call: Call;
}
/** How many bytes Google has received, or its answer when it has received all. */
type Progress = { readonly received: number } | { readonly answer: unknown };

/**
 * Google's resumable upload: it opens an upload session and sends the message in pieces. After a lost piece it requests how much
 * Google has received. It does so too when the answer to the last piece was lost, so that nothing is stored twice.
 */
export async function uploadInPieces(client: GmailClient, upload: Upload, call: Call): Promise<unknown> {
  const { operation } = upload;
  const cost = { operation, units: UNITS[operation], slots: 1, safe: true };
  const url = await client.exchange(cost, call, (token, signal) => begin(client.origin, upload, token, signal));
  const session = { client, operation, url, call };
  let from = 0;
  for await (const { bytes, isLast } of pieces(upload.message)) {
    if (from + bytes.length > upload.maxBytes)
      throw new MailError('INVALID', 'The message is larger than Gmail accepts.');
    if (isLast) await upload.beforeLast();
    const progress = await sendPiece(session, bytes, from, isLast);
    if ('answer' in progress) return progress.answer;
    from += bytes.length;
  }
  throw lost(operation);
}

async function begin(origin: string, upload: Upload, token: string, signal: AbortSignal): Promise<string> {
  const { operation, path, metadata } = upload;
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'x-upload-content-type': 'message/rfc822' };
  const method = operation === 'drafts.create' ? 'POST' : 'PUT';
  const body = JSON.stringify(metadata);
  const { response } = await ask(operation, `${origin}/upload${path}`, token, { method, headers, body, signal });
  const location = response.headers.get('location') ?? '';
  // Every piece carries the access token, so the session must be at Google or at the configured host.
  if (new URL(location, origin).origin !== new URL(origin).origin && !isGoogle(location)) throw lost(operation);
  return new URL(location, origin).href;
}

async function sendPiece(session: UploadSession, bytes: Buffer, from: number, isLast: boolean): Promise<Progress> {
  const end = from + bytes.length;
  const total = isLast ? end : null;
  let progress: Progress = { received: from };
  for (let tries = 1; 'received' in progress && (isLast || progress.received < end); tries++) {
    const { received } = progress;
    if (received < from || received > end || tries > MAX_TRIES) throw lost(session.operation);
    try {
      progress = await put(session, received < end ? bytes.subarray(received - from) : null, received, total);
    } catch (error) {
      if (tries === MAX_TRIES || !isProviderAway(error) || session.call.signal.aborted)
        throw uploadError(error, session, isLast);
      await sleep(FIRST_BACKOFF_MS * 2 ** tries);
      progress = await put(session, null, 0, total);
    }
  }
  return progress;
}

/** Sends bytes. Null: requests how much Google has received. */
function put(session: UploadSession, bytes: Buffer | null, from: number, total: number | null): Promise<Progress> {
  const { client, operation, url, call } = session;
  const range = bytes === null ? '*' : `${from}-${from + bytes.length - 1}`;
  const headers = { 'content-type': 'message/rfc822', 'content-range': `bytes ${range}/${total ?? '*'}` };
  // Only the request for the progress is safe: after a lost piece the next piece depends on how much has arrived.
  const cost = { operation: `${operation} upload`, units: 0, slots: 1, safe: bytes === null };
  return client.exchange(cost, call, async (token, signal): Promise<Progress> => {
    // The cast avoids a copy. The bytes are never shared memory.
    const body = (bytes ?? '') as BodyInit;
    const { response, answer } = await ask(operation, url, token, { method: 'PUT', headers, body, signal });
    if (response.status !== 308) return { answer };
    const last = /^bytes=0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1];
    return { received: last === undefined ? 0 : Number(last) + 1 };
  });
}

/** Sends one request. 308 means "continue" here and is not a redirect. */
async function ask(operation: string, url: string, token: string, request: RequestInit) {
  try {
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const response = await fetch(url, { ...request, headers, redirect: 'manual' });
    const text = await response.text();
    if (response.ok && text !== '') return { response, answer: JSON.parse(text) as unknown };
    if (response.ok || response.status === 308) return { response, answer: null };
    throw answerError(operation, response.status, parsed(text), response.headers.get('retry-after'));
  } catch (error) {
    throw gmailError(error, operation);
  }
}

/** Splits a message into pieces of one size and a last one with the rest. */
export async function* pieces(
  message: AsyncIterable<Uint8Array>,
  size = PIECE_BYTES,
): AsyncGenerator<{ bytes: Buffer; isLast: boolean }> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of message) {
    held.push(chunk);
    length += chunk.byteLength;
    while (length > size) {
      const bytes = Buffer.concat(held, length);
      yield { bytes: bytes.subarray(0, size), isLast: false };
      // Copied, so that a few bytes do not keep the whole piece alive.
      held = [Buffer.from(bytes.subarray(size))];
      length -= size;
    }
  }
  yield { bytes: Buffer.concat(held, length), isLast: true };
}

/** The error of a piece. Before the last piece, 404 and 410 mean that the upload session no longer exists. */
const uploadError = (error: unknown, { operation }: UploadSession, isLast: boolean): unknown =>
  !isLast && (hasStatus(error, 404) || hasStatus(error, 410)) ? lost(operation) : error;

const isGoogle = (url: string): boolean => /^https:\/\/([\w-]+\.)*googleapis\.com\//.test(url);

const lost = (operation: string): GmailError =>
  new GmailError('PROVIDER_UNAVAILABLE', 'Gmail aborted the upload. Try again.', operation, null, 'upload');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
