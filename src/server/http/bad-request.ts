import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** The headers of every response, also for a request that reaches no route. */
export const replyHeaders = (requestId: string): Readonly<Record<string, string>> => ({
  'x-request-id': requestId,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
});

/** No message repeats text of the request, because that would appear as text of the gateway. */
const WHY: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  408: 'The request was not received in time.',
  431: 'The address and the header fields of a request may have at most 64 kB together, and this one has more.',
};
const BAD_URL = 'The address is malformed: a percent sign must begin the two hexadecimal digits of a byte of UTF-8.\n';

/** Refuses a request whose path the router cannot decode. */
export function refuseUrl(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(replyHeaders(request.id)).code(400).type('text/plain').send(BAD_URL);
}

/** Refuses bytes that are not a request. Node's parser calls it with the socket, because there is no reply object. */
export function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  // A second response in the middle of another one would corrupt it.
  const answering = (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage;
  if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent) return void socket.destroy();
  const status = statusOf(error);
  const text = `${WHY[status]}\n`;
  const headers = Object.entries({
    ...replyHeaders(randomUUID()),
    'content-type': 'text/plain',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  });
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${text}`, () => socket.destroy());
}

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
}

/**
 * RFC 9112, section 3.2: an invalid Host header is refused. HTTP/1.0 has no Host header, and the health checks of some
 * load balancers use it.
 */
export function hasBadHost({ raw, hostname, routeOptions }: FastifyRequest): boolean {
  if (raw.headers.host === undefined && raw.httpVersion === '1.0' && routeOptions.url !== '/graphql') return false;
  return !URL.canParse(`http://${hostname}/`);
}

/**
 * Returns whether a body has a Content-Encoding. Bodies are never decoded: they are measured and parsed as they were
 * sent.
 */
export function isEncoded({ headers }: IncomingMessage): boolean {
  const { 'content-encoding': encoding = '', 'content-length': length = '0', 'transfer-encoding': transfer } = headers;
  return (length !== '0' || transfer !== undefined) && !['', 'identity'].includes(encoding.trim().toLowerCase());
}

export const ENCODED = 'Content-Encoding is not supported: send the body unencoded.';
