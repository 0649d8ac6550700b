import type { FastifyReply } from 'fastify';
import type { OperationResult } from '../../graphql/operation/operation-result.ts';
import { resultText } from '../../graphql/operation/operation-result.ts';
import { unreadBytes } from '../operation-queue/unread.ts';
import { EVENT_STREAM } from './accept.ts';

/** How long a client may take to read the last event of a stream that the gateway ends. */
const CLOSE_TIMEOUT_MS = 2_000;

/** A line that is not an event. It shows proxies, and the kernels on both sides, that the connection is in use. */
const COMMENT = ':\n\n';
/** The empty data matters: a browser does not dispatch an event without any. */
const COMPLETE = 'event: complete\ndata:\n\n';

/** What an id may contain: anything else would end its line, or would not fit into a header field. */
const ID = /^[\x21-\x7e]+$/;

/**
 * One response in the form of an event stream, with the events of graphql-sse ("distinct connections mode"): a `next`
 * with each result, and a `complete` after the last. While nothing is sent, a comment is, at regular intervals.
 */
export class EventStream {
  /** Resolves when the response has ended, or its connection has closed. */
  readonly closed: Promise<void>;
  private readonly heartbeat: NodeJS.Timeout;
  /** Resolves the write that waits until the client reads. */
  private written: (() => void) | null = null;
  private isEnded = false;

  constructor(
    private readonly reply: FastifyReply,
    private readonly options: {
      readonly heartbeatIntervalMs: number;
      /** Called when the client has read something. */
      readonly onDrained: () => void;
    },
  ) {
    this.heartbeat = setInterval(() => this.beat(), options.heartbeatIntervalMs).unref();
    this.closed = new Promise((resolve) =>
      reply.raw.once('close', () => {
        this.isEnded = true;
        clearInterval(this.heartbeat);
        this.written?.();
        resolve();
      }),
    );
  }

  /** True once the head has been sent, after which the response can have no other status. */
  get hasBegun(): boolean {
    return this.reply.raw.headersSent;
  }

  /** Sends the head, and a comment, because some browsers and proxies pass a response on only with its first bytes. */
  begin(): void {
    if (this.isEnded || this.hasBegun) return;
    this.sendHead();
    this.reply.raw.write(COMMENT);
  }

  /** Sends a result. Resolves when the kernel has accepted it, so that the next one is not executed before. */
  next(result: OperationResult, id?: string): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    if (!this.hasBegun) this.sendHead();
    return new Promise((resolve) => {
      this.written = () => {
        this.written = null;
        resolve();
        this.options.onDrained();
      };
      this.reply.raw.write(nextOf(result, id), this.written);
    });
  }

  /** Ends the stream after its last result, which may be given here. */
  complete(result?: OperationResult): void {
    this.end(`${result ? nextOf(result) : ''}${COMPLETE}`);
  }

  /** Ends the stream although its operation has not completed, so that the client repeats its request. */
  interrupt(retryAfterMs: number): void {
    this.end(`retry: ${retryAfterMs}\n\n`);
  }

  /** Closes the connection of an ended stream whose client does not read it to its end. */
  cutWhenUnread(): void {
    const cut = setTimeout(() => this.reply.raw.destroy(), CLOSE_TIMEOUT_MS).unref();
    this.reply.raw.once('close', () => clearTimeout(cut));
  }

  private end(text: string): void {
    if (this.isEnded) return;
    if (!this.hasBegun) this.sendHead();
    this.isEnded = true;
    clearInterval(this.heartbeat);
    this.reply.raw.end(text);
  }

  private sendHead(): void {
    // Fastify would take the response for finished when the handler is done.
    this.reply.hijack();
    this.reply.raw.writeHead(200, {
      ...(this.reply.getHeaders() as Record<string, string>),
      'content-type': `${EVENT_STREAM}; charset=utf-8`,
      // A proxy that compresses the stream, or collects it, would hold events back.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
  }

  private beat(): void {
    if (!this.hasBegun) this.begin();
    // What is not read yet shows that the connection is in use, and comments must not accumulate behind it.
    else if (!this.written && unreadBytes(this.reply.request.raw.socket) === 0) this.reply.raw.write(COMMENT);
  }
}

function nextOf(result: OperationResult, id?: string): string {
  const line = id !== undefined && ID.test(id) ? `id: ${id}\n` : '';
  return `event: next\n${line}data: ${resultText(result)}\n\n`;
}
