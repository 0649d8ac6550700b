import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { FastifyInstance } from 'fastify';
import { isMailError, type MailError, type MailErrorCode, storeErrorIn } from '../domain/error.ts';
import { toOneLine } from '../domain/one-line.ts';
import type { Downloads } from '../mail/message/download.ts';

/**
 * For how long a client may take nothing of what we hold of a file. Longer than of an answer: a reader of 20 kB/s is told
 * from one who does not read only when its kernel has made room, and the provider's connection is watched elsewhere.
 */
const STALL_MS = 150_000;

/** GET /download/:token: streams an attachment or a raw message, as a file that cannot run in our origin. */
export function mountDownloads(http: FastifyInstance, downloads: Pick<Downloads, 'open'>): void {
  http.get<{ Params: { token: string } }>('/download/:token', { exposeHeadRoute: false }, async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    request.turn?.mayStall(STALL_MS);
    const cut = () => reply.raw.destroy();
    try {
      const { stream, filename, mimeType, expiresAt } = await downloads.open(request.params.token, gone.signal, cut);
      const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1_000));
      reply.headers({
        'content-type': inertType(mimeType),
        'content-disposition': `attachment; ${filenameParameters(filename)}`,
        'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
        'cache-control': `private, max-age=${seconds}`,
      });
      return await reply.send(Readable.fromWeb(stream as WebStream<Uint8Array>));
    } catch (error) {
      const away = storeErrorIn(error);
      if (!away && !isMailError(error)) throw error;
      return refuse(away ?? (error as MailError));
    }

    function refuse(error: MailError) {
      if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1_000));
      return reply
        .code(STATUS[error.code] ?? 500)
        .type('text/plain')
        .send(error.code === 'STORE_UNAVAILABLE' ? `${error.code}: ${error.message}\n` : `${error.message}\n`);
    }
  });
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

/** What the sender claims, unless a browser might run it, or it is no media type at all. */
function inertType(claimed: string): string {
  const type = claimed.toLowerCase();
  if (!/^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/.test(type)) return 'application/octet-stream';
  if (type !== 'image/svg+xml' && /script|html|xml|css|wasm/.test(type)) return 'application/octet-stream';
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

/** RFC 6266: the name as it is for today's clients, and its ASCII for yesterday's. No control character, no path. */
function filenameParameters(name: string): string {
  const safe = toOneLine(name).replace(/[/\\]/g, '_').replace(/^\.+/, '_') || 'file';
  const ascii = safe.replace(/[^\x20-\x7e]|["%]/g, '_');
  const encoded = encodeURIComponent(safe).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
