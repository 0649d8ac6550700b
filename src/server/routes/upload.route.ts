import type { IncomingMessage } from 'node:http';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { isMailError, isTransient, type MailError, type MailErrorCode, storeErrorIn } from '../../domain/error.ts';
import type { Principal } from '../../graphql/principal.ts';
import { type IncomingFile, type StoredUpload, type Uploads, UploadTooLarge } from '../../mail/upload/uploads.ts';
import { Pace } from '../../platform/pace.ts';
import { ENCODED, isEncoded } from '../http/bad-request.ts';
import { bearer } from '../http/contexts.ts';
import { filenameOf } from './content-disposition.ts';

interface UploadRouteOptions {
  readonly uploads: Pick<Uploads, 'store' | 'discard' | 'maxBytes'>;
  /** Throws GraphQLError UNAUTHENTICATED. */
  authenticate(token: string, clientAddress: string): Promise<Principal>;
}

/** A client that sends nothing for so long has gone, and so has one that falls behind the least pace by as much. */
const IDLE_TIMEOUT_MS = 60_000;
/** In bytes per millisecond. */
const MIN_PACE_BYTES_PER_MS = 1;
/** What of a refused body is still taken, so that the client gets to read why. */
const LINGER_TIMEOUT_MS = 5_000;
/** What multipart puts around a file, generously. */
const WRAPPING_BYTES = 64 * 1024;

type UploadRequest = FastifyRequest<{ Querystring: { filename?: string | string[] } }>;

/** Why an upload is not taken, in words for who sent it. */
class UploadRefusal extends Error {
  override readonly name = 'UploadRefusal';

  constructor(
    readonly status: number,
    readonly code: MailErrorCode,
    message: string,
    /** For programs. */
    readonly figures: Readonly<Record<string, number>> = {},
  ) {
    super(message);
  }
}

/** POST /upload: takes one file, as the body itself or as multipart/form-data, and answers with the id to attach it by. */
export async function mountUpload(http: FastifyInstance, options: UploadRouteOptions): Promise<void> {
  const { uploads, authenticate } = options;
  await http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // One byte too many gets through, and is one too many for the store as well.
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
        // A file that cannot be kept is no fault of who sends it, whatever has become of the connection meanwhile.
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
  return authenticate(token, ip);
}

/** What the head alone gives away. */
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
    // Left alive when the store takes no more: a request that is destroyed is read no further, nor what comes behind it.
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
    // A second file, or a form that breaks off behind the first.
    if (stored) await uploads.discard(stored);
    throw error;
  }
  if (stored) return stored;
  throw new UploadRefusal(400, 'BAD_USER_INPUT', 'There is no file in the form. Give one part a filename.');
}

/** The store's own failure, also while the client is sending on or has hung up: http.ts answers and logs it. */
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

/** The same bytes; an error of their source is told apart from one of who reads them. */
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

/** The same bytes; the connection ends when none come for a while, or hardly any. What the store takes is not the client's time. */
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
    // A body that broke off ends like one that is whole, behind a parser.
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

/** Null for what is no fault of the client's. */
function refusalOf(error: unknown, { raw }: FastifyRequest, maxBytes: number): UploadRefusal | null {
  if (error instanceof UploadRefusal) return error;
  if (error instanceof UploadTooLarge) return tooLarge(maxBytes);
  if (error instanceof GraphQLError) return new UploadRefusal(401, 'UNAUTHENTICATED', error.message);
  if (isMailError(error)) return new UploadRefusal(statusOf(error), error.code, error.message);
  const code = String((error as { code?: unknown }).code ?? '');
  if (code === 'FST_FILES_LIMIT')
    return new UploadRefusal(400, 'BAD_USER_INPUT', 'The form has more than one file: upload them one by one.');
  if (code === 'FST_PARTS_LIMIT' || code === 'FST_FIELDS_LIMIT')
    return new UploadRefusal(400, 'BAD_USER_INPUT', 'The form has more parts than an upload needs.');
  if ((raw.destroyed && !raw.complete) || code.startsWith('FST_MP_')) return brokenOff();
  // What the form's parser says of a form that is none.
  if (code.startsWith('FST_') || /multipart|boundary/i.test((error as Error).message))
    return new UploadRefusal(400, 'BAD_USER_INPUT', 'The body is not well-formed multipart/form-data.');
  return null;
}

function statusOf(error: MailError): number {
  if (error.code === 'RATE_LIMITED') return 429;
  return isTransient(error) ? 503 : 400;
}

/** The rest of the body is not waited for, and nothing else comes over its connection. */
function endConnection(reply: FastifyReply, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  reply.header('connection', 'close');
  request.unpipe();
  request.resume();
  const enough = setTimeout(() => request.destroy(), LINGER_TIMEOUT_MS);
  request.once('close', () => clearTimeout(enough));
}

/** In the shape that GraphQL clients read. */
function refuse(reply: FastifyReply, { status, code, message, figures }: UploadRefusal): FastifyReply {
  if (status === 415) reply.header('accept-encoding', 'identity');
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .type('application/json')
    .send({ errors: [{ message, extensions: { code, ...figures } }] });
}
