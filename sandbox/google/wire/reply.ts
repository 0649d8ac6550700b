import type { FastifyReply } from 'fastify';
import type { Cut } from './fault.ts';

/** What goes back, and what becomes of its connection. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly cut: Cut | null;
}

/** Writes an answer, or does to the connection what a fault says. */
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
