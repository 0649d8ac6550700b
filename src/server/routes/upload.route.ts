import type { IncomingMessage } from 'node:http';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRefusal } from '../../accounts/users/authenticator.ts';
import { isMailError, isTransient, type MailError, type MailErrorCode, storeErrorIn } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import { type IncomingFile, type StoredUpload, type Uploads, UploadTooLarge } from '../../mail/upload/uploads.ts';
import { Pace } from '../../platform/pace.ts';
import { ENCODED, isEncoded } from '../http/bad-request.ts';
import { bearer } from '../http/contexts.ts';
import { filenameOf } from './content-disposition.ts';

interface UploadRouteOptions {
  readonly uploads: Pick<Uploads, 'store' | 'discard' | 'maxBytes'>;
  /** Throws an error of `isRefusal` for a token that is not valid. */
  authenticate(token: string, clientAddress: string): Promise<Principal>;
}

/** A client that sends nothing for so long, or falls this far behind the minimum pace, is considered disconnected. */
const IDLE_TIMEOUT_MS = 60_000;
/** In bytes per millisecond. */
const MIN_PACE_BYTES_PER_MS = 1;
/** How long a refused body is still read, so that the client can read the reason. */
const LINGER_TIMEOUT_MS = 5_000;
/** A generous allowance for what multipart adds around a file. */
const WRAPPING_BYTES = 64 * 1024;

type UploadRequest = FastifyRequest<{ Querystring: { filename?: string | string[] } }>;

/** The reason for which an upload is refused, in words for the client. */
class UploadRefusal extends Error {
  override readonly name = 'UploadRefusal';

  constructor(
    readonly status: number,
    readonly code: MailErrorCode,
    message: string,
    /** Figures for programs. */
    readonly figures: Readonly<Record<string, number>> = {},
  ) {
    super(message);
  }
}

/**
 * Mounts POST /upload, which accepts one file, as the body itself or as multipart/form-data, and returns the id with
 * which it can be attached.
 */
export async function mountUpload(http: FastifyInstance, options: UploadRouteOptions): Promise<void> {
  const { uploads, authenticate } = options;
  await http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // The limit lets one byte too many pass, so that the store sees that the file is too large.
    const limits = { files: 1, fields: 20, parts: 21, fieldSize: 4_096, fileSize: uploads.maxBytes + 1 };
    await scope.register(multipart, { limits, throwFileSizeLimit: false });
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));

    scope.post('/upload', { config: { longBody: true } }, async (request: UploadRequest, reply) => {
      try {
        const { userId } = await principalOf(request, authenticate);
        checkHead(request.raw, uploads.maxBytes);
        const stored = request.isMultipart()
          ? await fromForm(request, userId, uploads)
          : await fromBody(request, userId, uploads);
        return reply
          .code(201)
          .header('cache-control', 'no-store')
          .send({ ...stored, expiresAt: stored.expiresAt.toISOString() });
      } catch (error) {
        endConnection(reply, request.raw);
        // If a file cannot be stored, the client is not at fault, whatever has happened to the connection meanwhile.
        if (error instanceof NotKept) throw error.cause;
        if (storeErrorIn(error)) throw error;
        const refusal = refusalOf(error, request, uploads.maxBytes);
        if (!refusal) throw error;
        return refuse(reply, refusal);
      }
    });
  });
}

async function principalOf(
  { headers, ip }: FastifyRequest,
  authenticate: UploadRouteOptions['authenticate'],
): Promise<Principal> {
  const token = bearer(headers.authorization ?? '');
  if (token === '' || token.length > 8_192)
    throw new UploadRefusal(401, 'UNAUTHENTICATED', 'Send the header "Authorization: Bearer <access token>".');
  try {
    return await authenticate(token, ip);
  } catch (error) {
    throw isRefusal(error) ? new UploadRefusal(statusOf(error), error.code, error.message) : error;
  }
}

/** Refuses an upload for reasons that its head alone shows. */
function checkHead(request: IncomingMessage, maxBytes: number): void {
  const { headers } = request;
  const { 'content-type': type = '', 'content-length': length } = headers;
  if (isEncoded(request)) throw new UploadRefusal(415, 'UNSUPPORTED', ENCODED);
  if (/^multipart\//i.test(type) && !/^multipart\/form-data\b/i.test(type))
    throw new UploadRefusal(
      415,
      'UNSUPPORTED',
      'The only multipart type that is supported is multipart/form-data. Or send the file as the body.',
    );
  if ((length ?? '0') === '0' && headers['transfer-encoding'] === undefined)
    throw new UploadRefusal(400, 'BAD_USER_INPUT', 'Send the file as the body of the request.');
  if (Number(length) > maxBytes + (type.startsWith('multipart/') ? WRAPPING_BYTES : 0))
    throw tooLarge(maxBytes, Number(length));
}

async function fromBody(
  request: UploadRequest,
  userId: string,
  uploads: UploadRouteOptions['uploads'],
): Promise<StoredUpload> {
  const { headers, raw } = request;
  const file: IncomingFile = {
    filename: queriedName(request) ?? filenameOf(headers['content-disposition']),
    mimeType: headers['content-type'],
    // The iterator does not destroy the request when the store stops reading: a destroyed request would not be read to
    // its end, nor would the requests after it.
    bytes: whileComing(raw.iterator({ destroyOnReturn: false }), raw),
  };
  return keep(uploads, userId, file);
}

async function fromForm(
  request: UploadRequest,
  userId: string,
  uploads: UploadRouteOptions['uploads'],
): Promise<StoredUpload> {
  let stored: StoredUpload | null = null;
  try {
    for await (const part of request.parts()) {
      if (part.type !== 'file') continue;
      const bytes = whileComing(part.file, request.raw);
      stored = await keep(uploads, userId, {
        filename: queriedName(request) ?? part.filename,
        mimeType: part.mimetype,
        bytes,
      });
    }
  } catch (error) {
    // The form has a second file, or breaks off after the first.
    if (stored) await uploads.discard(stored);
    throw error;
  }
  if (stored) return stored;
  throw new UploadRefusal(400, 'BAD_USER_INPUT', 'There is no file in the form. Give one part a filename.');
}

/**
 * A failure of the store itself, even if the client is still sending or has disconnected. http.ts answers and logs it.
 */
class NotKept extends Error {
  override readonly name = 'NotKept';
}

async function keep(uploads: UploadRouteOptions['uploads'], userId: string, file: IncomingFile): Promise<StoredUpload> {
  let ofClient: unknown;
  try {
    return await uploads.store(userId, {
      ...file,
      bytes: noting(file.bytes, (error) => {
        ofClient = error;
      }),
    });
  } catch (error) {
    const isRefusal = error instanceof UploadTooLarge || (isMailError(error) && !storeErrorIn(error));
    throw isRefusal || error === ofClient ? error : new NotKept('not kept', { cause: error });
  }
}

/** Yields the same bytes and reports an error of their source, to distinguish it from an error of the reader. */
async function* noting(
  source: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    failed(error);
    throw error;
  }
}

const queriedName = ({ query }: UploadRequest): string | undefined =>
  [query.filename].flat().find((name) => name !== undefined && name !== '');

/**
 * Yields the same bytes, and ends the connection if none or hardly any arrive for a while. The time that the store
 * needs is not counted.
 */
async function* whileComing(source: AsyncIterable<Uint8Array>, request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const pace = new Pace(MIN_PACE_BYTES_PER_MS, IDLE_TIMEOUT_MS);
  const hangUp = () => request.destroy();
  let since = Date.now();
  let idle = setTimeout(hangUp, IDLE_TIMEOUT_MS);
  try {
    for await (const piece of source) {
      clearTimeout(idle);
      pace.waited(Date.now() - since, piece.length);
      yield piece;
      since = Date.now();
      idle = setTimeout(hangUp, pace.leftMs);
    }
    // After a parser, a body that broke off ends like a complete one.
    if (request.destroyed && !request.complete) throw brokenOff();
  } finally {
    clearTimeout(idle);
  }
}

const brokenOff = () => new UploadRefusal(400, 'BAD_USER_INPUT', 'The file broke off before its end.');

const tooLarge = (maxBytes: number, sizeBytes?: number): UploadRefusal =>
  new UploadRefusal(
    413,
    'BAD_USER_INPUT',
    `The file ${sizeBytes === undefined ? 'is larger' : `has ${sizeBytes} bytes, more`} than the ${maxBytes} bytes that are allowed.`,
    { maxBytes, ...(sizeBytes !== undefined && { sizeBytes }) },
  );

/** Returns the refusal for an error that the client has caused, and null for any other. */
function refusalOf(error: unknown, { raw }: FastifyRequest, maxBytes: number): UploadRefusal | null {
  if (error instanceof UploadRefusal) return error;
  if (error instanceof UploadTooLarge) return tooLarge(maxBytes);
  if (isMailError(error)) return new UploadRefusal(statusOf(error), error.code, error.message);
  const code = String((error as { code?: unknown }).code ?? '');
  if (code === 'FST_FILES_LIMIT')
    return new UploadRefusal(400, 'BAD_USER_INPUT', 'The form has more than one file: upload them one by one.');
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FIELDS_LIMIT')
    return new UploadRefusal(400, 'BAD_USER_INPUT', 'The form has more parts than an upload needs.');
  if ((raw.destroyed && !raw.complete) || code.startsWith('FST_MP_')) return brokenOff();
  // The parser of the form reports these for a body that is not a form.
  if (code.startsWith('FST_') || /multipart|boundary/i.test((error as Error).message))
    return new UploadRefusal(400, 'BAD_USER_INPUT', 'The body is not well-formed multipart/form-data.');
  return null;
}

function statusOf(error: MailError): number {
  if (error.code === 'RATE_LIMITED') return 429;
  if (error.code === 'UNAUTHENTICATED') return 401;
  if (error.code === 'FORBIDDEN') return 403;
  return isTransient(error) ? 503 : 400;
}

/** Ends the connection without waiting for the rest of the body. */
function endConnection(reply: FastifyReply, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  reply.header('connection', 'close');
  request.unpipe();
  request.resume();
  const enough = setTimeout(() => request.destroy(), LINGER_TIMEOUT_MS);
  request.once('close', () => clearTimeout(enough));
}

/** Sends a refusal in the form that GraphQL clients read. */
function refuse(reply: FastifyReply, { status, code, message, figures }: UploadRefusal): FastifyReply {
  if (status === 415) reply.header('accept-encoding', 'identity');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .type('application/json')
    .send({ errors: [{ message, extensions: { code, ...figures } }] });
}
