import type { OperationRequest } from '../../../src/graphql/operation/operation.ts';
import { Hopeless } from '../run/polls.ts';
import type { AnswerBody } from './answer.ts';

interface StreamEvent {
  readonly event: string;
  readonly id: string | null;
  /** Null for an event with empty data. */
  readonly data: AnswerBody<Record<string, { readonly cursor?: string }>> | null;
}

interface StreamOptions {
  readonly token?: string | null;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Record<string, string>;
}

/** A client of an event stream, which parses it as a browser does (WHATWG HTML, section 9.2.6). */
export class EventStreamClient {
  readonly events: StreamEvent[] = [];
  comments = 0;
  /** The reconnection time that the stream set, in milliseconds. */
  retryMs: number | null = null;
  /** The id of the latest event, which is sent as Last-Event-ID. */
  lastEventId = '';
  /** Resolves with whether the response was finished, rather than cut off. */
  readonly closed: Promise<boolean>;
  private readonly waiting: (() => void)[] = [];
  private isClosed = false;

  constructor(
    readonly response: Response,
    private readonly leaving: AbortController,
  ) {
    const end = (isFinished: boolean) => {
      this.isClosed = true;
      this.wake();
      return isFinished;
    };
    this.closed = this.read().then(
      () => end(true),
      () => end(false),
    );
  }

  close(): void {
    this.leaving.abort();
  }

  /** Resolves with the first event that is wanted. Rejects when the stream ends without it. */
  async find(wanted: (event: StreamEvent) => boolean): Promise<StreamEvent> {
    for (;;) {
      const found = this.events.find(wanted);
      if (found) return found;
      if (this.isClosed)
        throw new Hopeless(`the stream has ended; its last event was ${JSON.stringify(this.events.at(-1))}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private async read(): Promise<void> {
    let unfinished = '';
    const text = this.response.body?.pipeThrough(new TextDecoderStream());
    for await (const chunk of text ?? []) {
      const blocks = (unfinished + chunk).split('\n\n');
      unfinished = blocks.pop() ?? '';
      for (const block of blocks) this.dispatch(block.split('\n'));
      this.wake();
    }
  }

  private dispatch(lines: readonly string[]): void {
    let event = 'message';
    let data: string | null = null;
    let id: string | null = null;
    for (const line of lines) {
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (field === '') this.comments++;
      if (field === 'event') event = value;
      if (field === 'data') data = data === null ? value : `${data}\n${value}`;
      if (field === 'retry') this.retryMs = Number(value);
      if (field === 'id') id = value;
    }
    if (id !== null) this.lastEventId = id;
    if (data !== null) this.events.push({ event, id, data: data === '' ? null : JSON.parse(data) });
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }
}

/** Sends an operation that is answered with an event stream, and resolves with the head of the response. */
export async function openEventStream(
  { url }: { readonly url: string },
  request: OperationRequest,
  { token = null, method = 'POST', headers = {} }: StreamOptions = {},
): Promise<EventStreamClient> {
  const leaving = new AbortController();
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(request))
    parameters.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  const response = await fetch(`${url}/graphql${method === 'GET' ? `?${parameters}` : ''}`, {
    method,
    signal: leaving.signal,
    headers: {
      accept: 'text/event-stream',
      ...(method === 'POST' && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(method === 'POST' && { body: JSON.stringify(request) }),
  });
  return new EventStreamClient(response, leaving);
}
