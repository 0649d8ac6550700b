import { WebSocket } from 'ws';
import type { TestApp } from '../app/app.ts';
import { Hopeless } from '../run/polls.ts';
import type { AnswerBody, AnswerError } from './answer.ts';

type Served = Pick<TestApp, 'url'>;

/** A message of the graphql-transport-ws protocol. */
interface SocketMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** Returns the answer in a message whose type is "next" or "error". */
export const answerIn = <T>({ type, payload }: SocketMessage): AnswerBody<T> =>
  type === 'error' ? { data: null as T, errors: payload as AnswerError[] } : (payload as AnswerBody<T>);

/** A WebSocket without a client library. It records every message of the protocol, and how the socket was closed. */
export class Socket {
  readonly messages: SocketMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly ws: WebSocket;
  private waiting: (() => void)[] = [];
  private end: { code: number; reason: string } | null = null;

  constructor(app: Served, headers: Record<string, string> = {}) {
    this.ws = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    this.ws.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      for (const wake of this.waiting.splice(0)) wake();
    });
    this.ws.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => {
        this.end = { code, reason: String(reason) };
        resolve(this.end);
        for (const wake of this.waiting.splice(0)) wake();
      });
    });
  }

  async send(...messages: object[]): Promise<void> {
    if (this.ws.readyState === WebSocket.CONNECTING) await new Promise((resolve) => this.ws.once('open', resolve));
    for (const message of messages) this.ws.send(JSON.stringify(message));
  }

  async receive(...types: string[]): Promise<SocketMessage> {
    return this.find((message) => types.includes(message.type));
  }

  close(): void {
    this.ws.close();
  }

  /** Resolves with the first message that is wanted. Rejects when the socket closes without it. */
  async find(wanted: (message: SocketMessage) => boolean): Promise<SocketMessage> {
    for (;;) {
      const found = this.messages.find(wanted);
      if (found) return found;
      if (this.end) {
        const last = JSON.stringify(this.messages.at(-1));
        throw new Hopeless(
          `the socket was closed with ${this.end.code} ${this.end.reason}; its last message was ${last}`,
        );
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}

export const init = (token: string) => ({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
export const subscribe = (query: string, id = '1', more: object = {}) => ({
  id,
  type: 'subscribe',
  payload: { query, ...more },
});

/** Opens a socket that is signed in. */
export async function openSocket(app: Served, token: string): Promise<Socket> {
  const socket = new Socket(app);
  await socket.send(init(token));
  await socket.receive('connection_ack');
  return socket;
}
