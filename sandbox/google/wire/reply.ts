import type { FastifyReply } from 'fastify';
import type { Cut } from './fault.ts';

/** An answer, and what happens to its connection. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly cut: Cut | null;
}

/** Writes an answer, or breaks the connection as a fault requires. */
export function sendAnswer(reply: FastifyReply, answer: WireAnswer): FastifyReply {
  const { status, headers, body, cut } = answer;
  if (cut === null) {
    reply.code(status).headers(headers);
    return body === '' ? reply.send() : reply.send(body);
  }
  reply.hijack();
  if (cut === 'lose') reply.raw.destroy();
  if (cut === 'truncate') {
    const bytes = Buffer.from(body);
    reply.raw.writeHead(status, { ...headers, 'content-length': bytes.length });
    reply.raw.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => reply.raw.destroy());
  }
  return reply;
}
