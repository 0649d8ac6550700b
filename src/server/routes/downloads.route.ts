import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isMailError, type MailErrorCode, storeErrorIn } from '../../domain/error.ts';
import { toOneLine } from '../../domain/one-line.ts';
import type { DescribedDownload, Downloads } from '../../mail/message/download.ts';
import { retryAfterSeconds } from '../../platform/retry-after.ts';

/**
 * How long a client may read nothing of the buffered part of a file. It is longer than for a response: a client that
 * reads 20 kB/s can be distinguished from one that reads nothing only when its kernel has made room. The connection to
 * the provider has its own limits.
 */
const STALL_TIMEOUT_MS = 150_000;

type DownloadRequest = FastifyRequest<{ Params: { token: string } }>;

/**
 * Mounts GET /download/:token, which streams an attachment or a raw message as a file that cannot run in our origin.
 * HEAD returns the same headers and reads nothing from the provider.
 */
export function mountDownloads(http: FastifyInstance, downloads: Pick<Downloads, 'open' | 'describe'>): void {
  http.get('/download/:token', { exposeHeadRoute: false }, async (request: DownloadRequest, reply) => {
    const disconnected = new AbortController();
    reply.raw.once('close', () => disconnected.abort());
    request.slot?.mayStall(STALL_TIMEOUT_MS);
    const cut = () => reply.raw.destroy();
    try {
      const { stream, ...described } = await downloads.open(request.params.token, disconnected.signal, cut);
      reply.headers(headersOf(described));
      return await reply.send(Readable.fromWeb(stream as WebStream<Uint8Array>));
    } catch (error) {
      // The client has disconnected, so an unfinished read from the provider is not an error.
      if (disconnected.signal.aborted) return reply.hijack();
      return refuse(reply, error);
    }
  });

  http.head('/download/:token', async (request: DownloadRequest, reply) => {
    try {
      reply.headers(headersOf(await downloads.describe(request.params.token)));
      // A stream has no Content-Length, for HEAD as for GET.
      return await reply.send(Readable.from([]));
    } catch (error) {
      return refuse(reply, error);
    }
  });
}

function headersOf({ filename, mimeType, expiresAt }: DescribedDownload): Record<string, string> {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1_000));
  return {
    'content-type': inertType(mimeType),
    'content-disposition': `attachment; ${filenameParameters(filename)}`,
    'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
    'cache-control': `private, max-age=${seconds}`,
  };
}

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const refusal = storeErrorIn(error) ?? error;
  if (!isMailError(refusal)) throw error;
  const { code, message, retryAfterMs } = refusal;
  if (retryAfterMs !== undefined) reply.header('retry-after', retryAfterSeconds(retryAfterMs));
  return reply
    .code(STATUS[code] ?? 500)
    .type('text/plain')
    .send(code === 'STORE_UNAVAILABLE' ? `${code}: ${message}\n` : `${message}\n`);
}

const STATUS: Partial<Record<MailErrorCode, number>> = {
  NOT_FOUND: 404,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  RECONNECT_REQUIRED: 403,
  CONSENT_REQUIRED: 403,
  RATE_LIMITED: 429,
  PROVIDER_UNAVAILABLE: 502,
  STORE_UNAVAILABLE: 503,
  TIMEOUT: 504,
};

/** Returns the media type that the sender claims, unless it is malformed or a browser might execute it. */
function inertType(claimed: string): string {
  const type = claimed.toLowerCase();
  if (!/^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/.test(type)) return 'application/octet-stream';
  if (type !== 'image/svg+xml' && /script|html|xml|css|wasm/.test(type)) return 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

/**
 * Writes the filename for today's clients, and in ASCII for older ones (RFC 6266). It has no control characters and no
 * path.
 */
function filenameParameters(name: string): string {
  const safe = toOneLine(name).replace(/[/\\]/g, '_').replace(/^\.+/, '_') || 'file';
  const ascii = safe.replace(/[^\x20-\x7e]|["%]/g, '_');
  const encoded = encodeURIComponent(safe).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
