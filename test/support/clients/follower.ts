import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Document, documentText, type Present } from './document.ts';

type Event<T> = Present<T>[keyof Present<T>] & { cursor: string };

/** Milliseconds between a failure and the next try. */
const RECONNECT_DELAY_MS = 25;

/** The code with which graphql-ws reports a connection that its client has broken off. */
const TERMINATED = 4499;

/**
 * A socket whose errors are heard. graphql-ws stops listening when it breaks one off, and one that was not open yet reports an
 * error after that.
 */
class Socket extends WebSocket {
  constructor(...given: ConstructorParameters<typeof WebSocket>) {
    super(...given);
    this.on('error', () => {});
  }
}

/** A subscriber that behaves like a good front-end: when its socket is closed it subscribes again after the last cursor it received. */
export class Follower<T> {
  readonly events: Event<T>[] = [];
  /** The codes with which its sockets were closed. */
  readonly closed: number[] = [];
  readonly failures: string[] = [];
  /** Resolves when it is connected for the first time. */
  readonly opened: Promise<void>;
  private readonly client: Client;
  private readonly following: Promise<void>;
  private ended = false;

  constructor(
    url: string,
    token: string,
    private readonly subscription: Document<T>,
    private readonly variables: Record<string, unknown>,
  ) {
    let connected = () => {};
    this.opened = new Promise((resolve) => {
      connected = resolve;
    });
    this.client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: Socket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      on: { connected: () => connected(), closed: (event) => this.closed.push((event as { code: number }).code) },
    });
    this.following = this.follow();
  }

  /** Breaks the connection off. The subscriber then connects again. */
  cut(): void {
    this.client.terminate();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.client.dispose();
    await this.following;
  }

  private async follow(): Promise<void> {
    while (!this.ended) {
      try {
        for await (const { data, errors } of this.client.iterate<Record<string, Event<T>>>({
          query: documentText(this.subscription),
          variables: this.variables,
        })) {
          if (errors) this.failures.push(JSON.stringify(errors));
          const [event] = Object.values(data ?? {});
          if (!event) continue;
          this.variables.after = event.cursor;
          this.events.push(event);
        }
      } catch (error) {
        const { code, reason, message } = error as { code?: number; reason?: string; message?: string };
        if (code !== 1001 && code !== TERMINATED)
          this.failures.push(`${code ?? ''} ${reason ?? message ?? JSON.stringify(error)}`);
        // A gateway in the same process could not start again while its followers tried without a pause.
        await delay(RECONNECT_DELAY_MS);
      }
    }
  }
}
